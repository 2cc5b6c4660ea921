/* SPDX-License-Identifier: Apache-2.0 */
/* Names of topics, as the broker brings them.  A name that is taken is the one that is made of topic and id. */
#include "lib/base/ident.h"
#include "proto/topics.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *name = fuzz_text(data, size);
    g_autofree char *id = NULL;
    HlTopic topic;

    if (hl_topic_parse(name, &topic, &id)) {
        g_autofree char *made = hl_topic_name(topic, id);

        g_assert_cmpstr(made, ==, name);
        g_assert_true(*id == '\0' || hl_ident_is_valid(id));
    } else {
        g_assert_null(id);
    }
    return 0;
}
