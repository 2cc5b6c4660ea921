/* SPDX-License-Identifier: Apache-2.0 */
/* What a stranger's browser can send to the console before it has signed in, a line each: target, Cookie,
 * Authorization, Origin, Accept.  What is taken is plain text within its bounds, and leads to a route or to none. */
#include <string.h>

#include "manager/console/core/credentials.h"
#include "manager/console/core/route.h"
#include "manager/console/core/target.h"
#include "tests/fuzz/fuzz.h"

static void check_text(const char *text)
{
    g_assert_true(g_utf8_validate(text, -1, NULL));
    for (const char *at = text; *at != '\0'; at = g_utf8_next_char(at))
        g_assert_false(g_unichar_iscntrl(g_utf8_get_char(at)));
}

static void try_target(const char *text)
{
    static const char *const methods[] = { "GET", "HEAD", "POST", "PATCH", "DELETE", "", "BREW" };
    g_auto(ConTarget) target = { 0 };
    g_autoptr(GError) error = NULL;
    GHashTableIter iter;
    gpointer name;
    gpointer value;

    if (!con_target_parse(&target, text, &error)) {
        g_assert_true(error != NULL && target.segments == NULL && target.query == NULL);
        return;
    }
    g_assert_cmpuint(g_strv_length(target.segments), <=, CON_MAX_SEGMENTS);
    g_assert_cmpuint(g_hash_table_size(target.query), <=, CON_MAX_PARAMETERS);
    for (char **segment = target.segments; *segment != NULL; segment++)
        check_text(*segment);
    g_hash_table_iter_init(&iter, target.query);
    while (g_hash_table_iter_next(&iter, &name, &value)) {
        check_text(name);
        check_text(value);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(methods); i++) {
        ConMatch match = con_route_find(methods[i], target.segments);

        g_assert_true(match.route == NULL || (match.methods & (1U << match.route->method)) != 0);
    }
}

static void check_session(char *session)
{
    gsize size = session != NULL ? strlen(session) : 1;

    g_assert_true(size >= 1 && size <= CON_MAX_SESSION);
    g_assert_true(session == NULL || strcspn(session, "\r\n; \",=") == size);
    g_free(session);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = fuzz_text(data, size);
    g_auto(GStrv) lines = g_strsplit(text, "\n", 8);

    for (guint i = 0; lines[i] != NULL; i++) {
        g_autoptr(GError) error = NULL;
        bool is_own = con_origin_check(lines[i], NULL, "console.example", &error);

        try_target(lines[i]);
        check_session(con_cookie_session(lines[i]));
        check_session(con_bearer_token(lines[i]));
        g_assert_true(is_own == (g_ascii_strcasecmp(lines[i], "https://console.example") == 0));
        g_assert_true(con_type_is_json(lines[i]) ==
                      (g_ascii_strncasecmp(lines[i], "application/json", 16) == 0 &&
                       (lines[i][16] == '\0' || lines[i][16] == ' ' || lines[i][16] == ';')));
        con_tag_matches(lines[i], "\"1\"");
        con_accepts(lines[i], "gzip");
    }
    return 0;
}
