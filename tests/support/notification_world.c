/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/notification_world.h"

#include <string.h>

#include "manager/store/registry.h"
#include "tests/support/sender_fake.h"

void notification_tick(Parts *parts, guint seconds)
{
    for (guint i = 0; i < seconds; i++) {
        clock_fake_advance(HL_SECOND);
        mgr_notifications_tick(parts->notifications);
        mgr_record_flush(parts->record);
        parts_commit(parts);
    }
}

void notification_restart(Parts *parts)
{
    parts_commit(parts); /* as the manager's stop does it */
    mgr_notifications_free(parts->notifications);
    parts->notifications = mgr_notifications_new(&(MgrNotificationsOptions){
        parts->dir, &parts->conf, &parts->fleet, parts->record, parts->status, parts->timestamp });
    mgr_notifications_tick(parts->notifications);
    parts_commit(parts);
}

/* Past the calls, which know the part that was there at the beginning. */
void notification_set_rule(Parts *parts, const char *lines)
{
    const MgrRuleView *view = mgr_notifications_rule(parts->notifications, "it");
    uint64_t base = view != NULL ? view->record->version : 0;
    MgrRuleRecord record = { .name = g_strdup("it"),
                             .version = base + 1,
                             .options = g_strdup_printf("to=syslog:\n%s", lines),
                             .secret = g_strdup(""),
                             .changed_at = hl_clock_wall(),
                             .changed_by = g_strdup("admin") };
    HlWriteSet *set = mgr_record_background(parts->record);
    g_auto(MgrRule) rule = { 0 };
    g_autofree char *odd = NULL;

    mgr_rule_parse(record.options, &rule, &odd);
    g_assert_null(odd);
    mgr_write_rule(set, &record, base);
    mgr_notifications_write(parts->notifications, set, &rule, "it");
    mgr_record_flush(parts->record);
    parts_commit(parts);
    mgr_notifications_put(parts->notifications, &record);
}

Parts *notification_make_parts(void)
{
    Parts *parts = parts_new();

    notification_restart(parts);
    notification_set_rule(parts, "kinds=enrolled\ndigest=1m\n");
    return parts;
}

void notification_enrol(Parts *parts, const char *id)
{
    mgr_write_history(mgr_record_background(parts->record), hl_clock_wall(), id, "enrolled", "");
    mgr_record_flush(parts->record);
    parts_commit(parts);
}

char *notification_expect(const char *id, const char *subject)
{
    g_autofree char *text = sender_fake_peek();
    g_auto(GStrv) words = NULL;

    g_assert_nonnull(text);
    words = g_strsplit(text, " ", 3);
    if (id != NULL)
        g_assert_cmpstr(words[1], ==, id);
    g_assert_nonnull(strstr(words[2], subject));
    return g_strdup(words[1]);
}

void notification_expect_nothing(void)
{
    g_autofree char *text = sender_fake_peek();

    g_assert_null(text);
}
