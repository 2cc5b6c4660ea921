/* SPDX-License-Identifier: Apache-2.0 */
/* Status documents of an endpoint that tells hostile texts: whatever they are, the document is JSON that parses again
 * and is about this endpoint, and one that no message takes is refused.  The input is texts that end with a NUL. */
#include <string.h>

#include "lib/base/log.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/manager_parts.h"

/* The next text, as the wire lets it through: UTF-8. */
static char *next_text(const uint8_t **at, const uint8_t *end)
{
    const uint8_t *stop = *at < end ? memchr(*at, '\0', (size_t)(end - *at)) : NULL; /* an empty input is NULL */
    size_t length = (size_t)((stop != NULL ? stop : end) - *at);
    char *text = g_utf8_make_valid(length > 0 ? (const char *)*at : "", (gssize)length);

    *at = stop != NULL ? stop + 1 : end;
    return text;
}

static void check(Parts *parts, MgrEndpoint *endpoint)
{
    g_autoptr(json_t) document = mgr_status_endpoint(parts->status, endpoint);
    g_autoptr(json_t) again = NULL;
    g_autofree char *text = NULL;
    MgrDownOutcome outcome;

    g_assert_nonnull(document);
    text = hl_json_print(document);
    again = hl_json_parse("document", text, strlen(text), NULL);
    g_assert_nonnull(again);
    g_assert_true(json_equal(again, document));
    g_assert_cmpstr(json_string_value(json_object_get(again, "id")), ==, "e-one");
    outcome = mgr_down_send_json(parts->down, HL_TOPIC_STATUS_ENDPOINT, "e-one", document);
    g_assert_cmpint(outcome, ==, strlen(text) <= HL_BUS_MAX_SIZE ? MGR_DOWN_SENT : MGR_DOWN_TOO_LARGE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static Parts *parts = NULL;
    const uint8_t *at = data;
    MgrEndpoint *endpoint;
    MgrEndpointRecord *record;

    hl_log_set_level(HL_LOG_ERROR);
    if (parts == NULL) {
        parts = parts_new();
        parts_add_endpoint(parts, "e-one");
    }
    endpoint = mgr_fleet_endpoint(&parts->fleet, "e-one");
    record = &endpoint->record;
    char **const places[] = { &record->host,          &record->addresses,
                              &record->patterns,      &record->update_result,
                              &record->update_source, &mgr_endpoint_make_seldom(record)->update_error,
                              &record->observed,      &record->observed_by,
                              &record->applied.path };

    for (gsize i = 0; i < G_N_ELEMENTS(places); i++) {
        g_autofree char *text = next_text(&at, data + size);

        mgr_set_text(places[i], text);
    }
    check(parts, endpoint);
    mgr_status_touch(parts->status, endpoint);
    mgr_status_flush(parts->status);
    mgr_status_event(parts->status, endpoint, "status", record->host, record->patterns,
                     mgr_endpoint_seldom(record)->update_error);
    bus_fake_forget(parts->bus);
    return 0;
}
