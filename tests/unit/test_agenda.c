/* SPDX-License-Identifier: Apache-2.0 */
/* manager/core/agenda, and the deadlines that it is given: a tick before one changes nothing, a tick at it does. */
#include "manager/core/agenda.h"

#include <string.h>

#include "manager/core/displayed.h"
#include "manager/core/presence.h"

#define ITEMS  200
#define ROUNDS 20000

typedef struct {
    guint place;
    HlTime at; /* what the agenda must have; MGR_AGENDA_NEVER: not in it */
} Item;

static Item *soonest(Item *items)
{
    Item *found = NULL;

    for (guint i = 0; i < ITEMS; i++)
        if (items[i].at != MGR_AGENDA_NEVER && (found == NULL || items[i].at < found->at))
            found = &items[i];
    return found;
}

static void take_one(MgrAgenda *agenda, Item *items, HlTime now)
{
    const Item *expected = soonest(items);
    Item *taken = mgr_agenda_take(agenda, now);

    if (expected == NULL || expected->at > now) {
        g_assert_null(taken);
        return;
    }
    g_assert_nonnull(taken);
    g_assert_cmpint(taken->at, ==, expected->at); /* of equal ones either may come */
    g_assert_cmpuint(taken->place, ==, 0);
    taken->at = MGR_AGENDA_NEVER;
}

/* Against a search through all. */
static void test_order(void)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(7);
    MgrAgenda agenda = MGR_AGENDA_INIT(Item, place);
    Item items[ITEMS];
    guint n = 0;

    for (guint i = 0; i < ITEMS; i++)
        items[i] = (Item){ .at = MGR_AGENDA_NEVER };
    g_assert_null(mgr_agenda_take(&agenda, G_MAXINT64));
    for (int round = 0; round < ROUNDS; round++) {
        Item *item = &items[g_rand_int_range(random, 0, ITEMS)];
        HlTime at = g_rand_int_range(random, 0, 1000);

        switch (g_rand_int_range(random, 0, 4)) {
        case 0:
            take_one(&agenda, items, at);
            break;
        case 1:
            mgr_agenda_drop(&agenda, item);
            item->at = MGR_AGENDA_NEVER;
            break;
        default:
            mgr_agenda_put(&agenda, item, at);
            item->at = MIN(item->at, at); /* never later */
        }
    }
    for (guint i = 0; i < ITEMS; i++)
        n += items[i].at != MGR_AGENDA_NEVER;
    g_assert_cmpuint(mgr_agenda_size(&agenda), ==, n);
    for (guint i = 0; i <= n; i++)
        take_one(&agenda, items, 1000);
    g_assert_cmpuint(mgr_agenda_size(&agenda), ==, 0);
    mgr_agenda_clear(&agenda);
}

static void test_never(void)
{
    MgrAgenda agenda = MGR_AGENDA_INIT(Item, place);
    Item item = { 0 };

    mgr_agenda_put(&agenda, &item, MGR_AGENDA_NEVER);
    g_assert_cmpuint(mgr_agenda_size(&agenda), ==, 0);
    mgr_agenda_drop(&agenda, &item);
    mgr_agenda_clear(&agenda);
}

/* --------------------------------------------------------------------------------------------------------- presence */

/* Whether a tick then does anything. */
static bool presence_moves(const MgrPresence *presence, HlTime mono)
{
    MgrPresence copy;
    MgrPresenceEffects effects;
    MgrPresenceEvent tick = { .kind = MGR_PRESENCE_TICK };

    memcpy(&copy, presence, sizeof copy);
    effects = mgr_presence_step(&copy, &mgr_presence_policy, &tick, (MgrNow){ mono, mono });
    return effects.changed || effects.probe || memcmp(&copy, presence, sizeof copy) != 0;
}

static void check_presence(const MgrPresence *presence, HlTime now, GRand *random)
{
    HlTime deadline = mgr_presence_deadline(presence, &mgr_presence_policy);

    if (deadline == G_MAXINT64) {
        g_assert_false(presence_moves(presence, now + HL_DAY));
        return;
    }
    g_assert_true(presence_moves(presence, MAX(deadline, now)));
    if (deadline <= now)
        return;
    g_assert_false(presence_moves(presence, deadline - 1));
    g_assert_false(presence_moves(presence, now + (HlTime)(g_rand_double(random) * (double)(deadline - now))));
}

static void test_presence(void)
{
    static const MgrPresenceEventKind kinds[] = { MGR_PRESENCE_BIRTH,     MGR_PRESENCE_BIRTH, MGR_PRESENCE_HEARTBEAT,
                                                  MGR_PRESENCE_HEARTBEAT, MGR_PRESENCE_ECHO,  MGR_PRESENCE_DOWN,
                                                  MGR_PRESENCE_TICK,      MGR_PRESENCE_TICK,  MGR_PRESENCE_BLIND,
                                                  MGR_PRESENCE_SIGHTED,   MGR_PRESENCE_PROVEN };
    g_autoptr(GRand) random = g_rand_new_with_seed(11);
    MgrPresence presence = { 0 };
    HlTime now = HL_DAY;

    for (uint64_t i = 1; i <= ROUNDS; i++) {
        MgrPresenceEvent event = { .kind = kinds[g_rand_int_range(random, 0, G_N_ELEMENTS(kinds))],
                                   .reason = MGR_REASON_LINE_LOST,
                                   .doubted = g_rand_boolean(random),
                                   .session = presence.session + (uint64_t)g_rand_int_range(random, 0, 2),
                                   .boot = 1,
                                   .sequence = i,
                                   .heartbeat = g_rand_int_range(random, 1000, 100000) };

        now += g_rand_int_range(random, 0, 60) * g_rand_int_range(random, 0, 1500);
        mgr_presence_step(&presence, &mgr_presence_policy, &event, (MgrNow){ now, now });
        check_presence(&presence, now, random);
    }
}

/* -------------------------------------------------------------------------------------------------------- displayed */

static const MgrUnreachable unreachable = { .heartbeat_minutes = 1, .poll_minutes = 2, .offline_minutes = 10 };
static const MgrDisplayPolicy policies[] = { { &unreachable, 0, 0 },
                                             { &unreachable, HL_DAY, 0 },
                                             { &unreachable, HL_DAY, 3 * HL_DAY } };

static bool display_moves(const MgrDisplay *display, const MgrDisplayPolicy *policy, bool line_up, HlTime mono)
{
    MgrDisplay copy;
    MgrDisplayEffects effects;
    MgrDisplayEvent tick = { .kind = MGR_DISPLAY_TICK, .line_up = line_up };

    memcpy(&copy, display, sizeof copy);
    effects = mgr_display_step(&copy, policy, &tick, (MgrNow){ mono, mono });
    return effects.changed || effects.dial || effects.work || memcmp(&copy, display, sizeof copy) != 0;
}

static void check_display(const MgrDisplay *display, const MgrDisplayPolicy *policy, HlTime now, GRand *random)
{
    bool line_up = g_rand_boolean(random);
    HlTime deadline = mgr_display_deadline(display, policy, line_up);

    if (deadline == G_MAXINT64) {
        g_assert_false(display_moves(display, policy, line_up, now + 30 * HL_DAY));
        return;
    }
    g_assert_true(display_moves(display, policy, line_up, MAX(deadline, now)));
    if (deadline > now)
        g_assert_false(display_moves(display, policy, line_up, deadline - 1));
}

static void test_displayed(void)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(13);

    for (gsize p = 0; p < G_N_ELEMENTS(policies); p++) {
        MgrDisplay display = { 0 };
        HlTime now = HL_DAY;

        for (int i = 0; i < ROUNDS; i++) {
            MgrDisplayEvent event = { .kind = g_rand_int_range(random, MGR_DISPLAY_NOTHING, MGR_DISPLAY_N),
                                      .generation = display.generation,
                                      .line_up = g_rand_boolean(random) };

            now += g_rand_int_range(random, 0, 60) * g_rand_int_range(random, 0, (int)HL_HOUR);
            mgr_display_step(&display, &policies[p], &event, (MgrNow){ now, now });
            check_display(&display, &policies[p], now, random);
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/agenda/order", test_order);
    g_test_add_func("/agenda/never", test_never);
    g_test_add_func("/agenda/presence", test_presence);
    g_test_add_func("/agenda/displayed", test_displayed);
    return g_test_run();
}
