/* SPDX-License-Identifier: Apache-2.0 */
/* endpoint/core: the decisions of the endpoint.  Time is an argument: nothing here waits. */
#include <string.h>

#include "endpoint/core/command.h"
#include "endpoint/core/conf.h"
#include "endpoint/core/link.h"
#include "endpoint/core/privilege.h"
#include "endpoint/core/probation.h"
#include "endpoint/core/refusals.h"
#include "endpoint/core/renewal.h"
#include "endpoint/core/retry.h"
#include "endpoint/core/server_time.h"
#include "endpoint/core/settings_gate.h"
#include "endpoint/core/window.h"

/* ------------------------------------------------------------------------------------------------------------ line */

static void test_session(void)
{
    g_assert_cmpuint(ep_session_next(0, 1000), ==, 1000);
    g_assert_cmpuint(ep_session_next(5000, 1000), ==, 5001); /* the clock went back */
    g_assert_cmpuint(ep_session_next(0, -5), ==, 1);
}

/* The clocks of manager and endpoint may both be wrong; what is near one of them can be true. */
static void test_fence(void)
{
    static const struct {
        EpFenceOrder order;
        HlTime wall;
        EpFence verdict;
    } cases[] = {
        { { 500, 0, 1000 }, 1000, EP_FENCE_NONE },
        { { 499, 9000, 1000 }, 1000, EP_FENCE_NONE }, /* an answer to an older birth */
        { { 501, 9000, 1000 }, 1000, EP_FENCE_NONE },
        { { 500, 9000, 1000 }, 1000, EP_FENCE_PASS },
        { { 500, 1, 1000 }, 1000, EP_FENCE_PASS }, /* down: ours was beyond belief */
        { { 500, 1000 + HL_DAY, 1000 }, -5, EP_FENCE_PASS },
        { { 500, 1001 + HL_DAY, 1000 }, -5, EP_FENCE_ABSURD },
        { { 500, 1001 + HL_DAY, 1000 }, 1001, EP_FENCE_PASS },
        { { 500, ((uint64_t)1 << 62) - 1, 1000 }, 1000, EP_FENCE_ABSURD },
        { { 500, UINT64_MAX, 1000 }, 1000, EP_FENCE_ABSURD },
        { { 500, UINT64_MAX, -7 }, -9, EP_FENCE_ABSURD },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        uint64_t last = 500;

        g_test_message("case %zu", i);
        g_assert_cmpint(ep_session_fence(&last, &cases[i].order, cases[i].wall), ==, cases[i].verdict);
        g_assert_cmpuint(last, ==, cases[i].verdict == EP_FENCE_PASS ? cases[i].order.session : 500);
    }
}

static void test_server_time(void)
{
    EpServerTime time = { 0 };

    g_assert_cmpint(ep_server_time_now(&time, 777, 5), ==, 777);
    ep_server_time_told(&time, 1000, 5);
    g_assert_cmpint(ep_server_time_now(&time, 777, 5), ==, 1000);
    g_assert_cmpint(ep_server_time_now(&time, 0, 105), ==, 1100);
    ep_server_time_told(&time, 50, 200); /* the server's clock was put right */
    g_assert_cmpint(ep_server_time_now(&time, 0, 201), ==, 51);
}

static void test_manager(void)
{
    EpManager manager = { 0 };

    g_assert_false(ep_manager_seen(&manager, true, 3, true));  /* told on subscribing, before our birth */
    g_assert_false(ep_manager_seen(&manager, true, 3, false)); /* the same again */
    g_assert_true(ep_manager_seen(&manager, true, 4, false));  /* started again */
    g_assert_false(ep_manager_seen(&manager, false, 4, false));
    g_assert_true(ep_manager_seen(&manager, true, 4, false)); /* back from offline */
    g_assert_true(ep_manager_seen(&manager, true, 3, false)); /* a registry restored from a backup */
}

static void test_brokers(void)
{
    static const char *const settings[] = { "new:1", "old:2", NULL };
    static const char *const enrolment[] = { "old:1", "old:2", NULL };
    g_auto(GStrv) both = ep_link_brokers(settings, enrolment);
    g_autofree char *text = g_strjoinv(" ", both);
    g_auto(GStrv) alone = ep_link_brokers(NULL, enrolment);

    g_assert_cmpstr(text, ==, "new:1 old:2 old:1");
    g_assert_cmpuint(g_strv_length(alone), ==, 2);
}

/* A fleet of 10,000 over lists of each length: each address is the first of its share, to within a few per cent; and
 * ids that differ in one letter differ in that too. */
static void test_brokers_first(void)
{
    guint alike = 0;

    g_assert_cmpuint(ep_link_first("e-1", 0), ==, 0);
    for (gsize n = 1; n <= 8; n++) {
        guint first[8] = { 0 };

        for (guint i = 0; i < 10000; i++) {
            g_autofree char *id = g_strdup_printf("e-%08x%04x", i * 2654435761u, i);

            first[ep_link_first(id, n)]++;
        }
        for (gsize i = 0; i < n; i++) {
            g_assert_cmpfloat(first[i], >, 0.95 * 10000 / (double)n);
            g_assert_cmpfloat(first[i], <, 1.05 * 10000 / (double)n);
        }
    }
    for (char last = 'a'; last <= 'z'; last++)
        alike += ep_link_first((const char[]){ 'e', '-', last, '\0' }, 2) == 0;
    g_assert_cmpuint(alike, >, 6);
    g_assert_cmpuint(alike, <, 20);
    g_assert_cmpuint(ep_link_first("e-7k3m9x2qv4tb", 1000), ==, 866); /* a new version sends nobody elsewhere */
}

/* Each once, the first as ever; and those whose first fails spread over the others. */
static void test_brokers_order(void)
{
    g_assert_cmpuint(ep_link_nth("e-1", 1, 0), ==, 0);
    for (gsize n = 2; n <= 8; n++) {
        guint second[8][8] = { 0 };

        for (guint k = 0; k < 20000; k++) {
            g_autofree char *id = g_strdup_printf("e-%08x%04x", k * 2654435761u, k);
            guint seen = 0;

            for (gsize i = 0; i < n; i++)
                seen |= 1u << ep_link_nth(id, n, i);
            g_assert_cmpuint(seen, ==, (1u << n) - 1);
            g_assert_cmpuint(ep_link_nth(id, n, 0), ==, ep_link_first(id, n));
            second[ep_link_nth(id, n, 0)][ep_link_nth(id, n, 1)]++;
        }
        for (gsize a = 0; a < n; a++)
            for (gsize b = 0; b < n; b++)
                if (a != b)
                    g_assert_cmpfloat(second[a][b], >, 0.8 * 20000 / (double)(n * (n - 1)));
    }
}

/* Longer each time, and where the broker knows of a manager; never two endpoints of a fleet at one moment; bounded. */
static void test_patience(void)
{
    g_assert_cmpint(ep_link_patience(false, 0, 0), ==, HL_MINUTE);
    g_assert_cmpint(ep_link_patience(false, 0, 30 * HL_SECOND), ==, 90 * HL_SECOND);
    g_assert_cmpint(ep_link_patience(true, 0, 0), ==, 5 * HL_MINUTE);
    g_assert_cmpint(ep_link_patience(false, 3, 0), ==, 8 * HL_MINUTE);
    g_assert_cmpint(ep_link_patience(false, 4000000000u, 0), ==, 16 * HL_MINUTE);
    g_assert_cmpint(ep_link_patience(true, 4000000000u, UINT64_MAX), <=, 2 * HL_HOUR);
}

static void test_birth_window(void)
{
    g_assert_cmpint(ep_birth_window(15000, 60000, 0), ==, 15000);
    g_assert_cmpint(ep_birth_window(0, 60000, 0), ==, 60000); /* a manager of before births had their own */
    g_assert_cmpint(ep_birth_window(15000, 60000, 5000), ==, 5000);
    g_assert_cmpint(ep_birth_window(15000, 60000, 60000), ==, 15000);
    g_assert_cmpint(ep_birth_window(15000, 60000, 10), ==, 2000);
}

static void test_spread(void)
{
    g_assert_cmpint(ep_spread(0, 77), ==, 0);
    g_assert_cmpint(ep_spread(-5, 77), ==, 0);
    for (uint64_t random = 0; random < 1000; random++)
        g_assert_cmpint(ep_spread(10, random), <=, 10);
}

/* ---------------------------------------------------------------------------------------------------------- window */

static guint send_all(EpWindow *window, HlTime now)
{
    guint n = 0;

    for (uint64_t seq; ep_window_next(window, &seq); n++)
        ep_window_sent(window, seq, now);
    return n;
}

static void test_window(void)
{
    EpWindow window = { .last = 100 };
    uint64_t seq;

    g_assert_false(ep_window_next(&window, &seq)); /* the line is down */
    ep_window_open(&window, 1000);
    g_assert_cmpuint(send_all(&window, 1000), ==, EP_WINDOW_SIZE);
    g_assert_cmpint(ep_window_ack(&window, 10, 1100), ==, EP_ACK_FORGET);
    g_assert_cmpuint(send_all(&window, 1100), ==, 10);
    g_assert_cmpint(ep_window_ack(&window, 9, 1200), ==, EP_ACK_IGNORED); /* overtaken */
    g_assert_cmpint(ep_window_ack(&window, 101, 1200), ==, EP_ACK_STRANGE);
    ep_window_close(&window);
    g_assert_false(ep_window_next(&window, &seq));
    ep_window_open(&window, 2000);
    g_assert_true(ep_window_next(&window, &seq));
    g_assert_cmpuint(seq, ==, 11);                                         /* the one after the acknowledged */
    g_assert_cmpint(ep_window_ack(&window, 100, 2100), ==, EP_ACK_FORGET); /* committed on the last line */
    g_assert_false(ep_window_next(&window, &seq));
}

/* A manager that misses one acknowledges the same number for each later one: the endpoint goes back once. */
static void test_window_gap(void)
{
    EpWindow window = { .last = 50 };
    guint rewinds = 0;

    ep_window_open(&window, 1000);
    send_all(&window, 1000);
    g_assert_cmpint(ep_window_ack(&window, 5, 1000), ==, EP_ACK_FORGET);
    for (guint i = 0; i < 44; i++) {
        if (ep_window_ack(&window, 5, 1001) == EP_ACK_REWOUND) {
            rewinds++;
            g_assert_cmpuint(send_all(&window, 1001), ==, 45);
        }
    }
    g_assert_cmpuint(rewinds, ==, 1);
    g_assert_cmpint(ep_window_ack(&window, 5, 1001 + EP_WINDOW_DAMPER), ==, EP_ACK_REWOUND); /* lost again */
}

static void test_window_stall(void)
{
    EpWindow window = { .last = 3 };

    ep_window_open(&window, 0);
    g_assert_false(ep_window_stalled(&window, EP_WINDOW_STALL)); /* nothing is under way */
    send_all(&window, 0);
    g_assert_false(ep_window_stalled(&window, EP_WINDOW_STALL - 1));
    g_assert_true(ep_window_stalled(&window, EP_WINDOW_STALL));
    g_assert_cmpuint(send_all(&window, EP_WINDOW_STALL), ==, 3);
    g_assert_false(ep_window_stalled(&window, EP_WINDOW_STALL + 1));
}

/* -------------------------------------------------------------------------------------------------------- settings */

static void test_settings_gate(void)
{
    g_autoptr(GBytes) one = g_bytes_new_static("one", 3);
    g_autoptr(GBytes) two = g_bytes_new_static("two", 3);
    EpSettingsView empty = { .endpoint = "e-1", .now = 1000 };
    EpSettingsView applied = {
        .endpoint = "e-1", .applied = true, .counter = 5, .digest = one, .path = "bundle", .now = 1000
    };
    EpSettingsOffer offer = { .endpoint = "e-1", .counter = 5, .digest = one, .computed = one, .path = "bundle" };

    g_assert_cmpint(ep_settings_judge(&offer, &empty), ==, EP_SETTINGS_TAKE);
    g_assert_cmpint(ep_settings_judge(&offer, &applied), ==, EP_SETTINGS_ALREADY);
    offer.path = "channel";
    g_assert_cmpint(ep_settings_judge(&offer, &applied), ==, EP_SETTINGS_ALREADY_REPORT);
    offer.digest = offer.computed = two; /* another document under the same counter */
    g_assert_cmpint(ep_settings_judge(&offer, &applied), ==, EP_SETTINGS_COLLIDES);
    offer.counter = 4;
    g_assert_cmpint(ep_settings_judge(&offer, &applied), ==, EP_SETTINGS_REPLAYED);
    offer.counter = 6;
    g_assert_cmpint(ep_settings_judge(&offer, &applied), ==, EP_SETTINGS_TAKE);
    offer.expires = 1000;
    g_assert_cmpint(ep_settings_judge(&offer, &applied), ==, EP_SETTINGS_EXPIRED);
    offer.expires = 1001;
    g_assert_cmpint(ep_settings_judge(&offer, &applied), ==, EP_SETTINGS_TAKE);
    offer.computed = one;
    g_assert_cmpint(ep_settings_judge(&offer, &applied), ==, EP_SETTINGS_INVALID);
    offer.endpoint = "e-2";
    g_assert_cmpint(ep_settings_judge(&offer, &applied), ==, EP_SETTINGS_WRONG_ENDPOINT);
    offer.endpoint = ""; /* the bundle's own copy is for nobody's line */
    g_assert_cmpint(ep_settings_judge(&offer, &applied), ==, EP_SETTINGS_WRONG_ENDPOINT);
    offer = (EpSettingsOffer){
        .endpoint = "e-1", .counter = 6, .digest = two, .computed = two, .path = "channel", .independent = true
    };
    applied.independent = true;
    g_assert_cmpint(ep_settings_judge(&offer, &applied), ==, EP_SETTINGS_INDEPENDENT);
    offer.independent = false; /* what ends independent mode is taken */
    g_assert_cmpint(ep_settings_judge(&offer, &applied), ==, EP_SETTINGS_TAKE);
}

/* A counter that the manager's clock gave when it was ten years ahead: only what was signed for this very connection
 * goes past it, and only with a counter that is possible itself. */
static void test_settings_gate_heals(void)
{
    const HlTime day = 400 * HL_DAY, far = day + 3650 * HL_DAY;
    g_autoptr(GBytes) one = g_bytes_new_static("one", 3);
    g_autoptr(GBytes) two = g_bytes_new_static("two", 3);
    const struct {
        HlTime in_force, offered;
        uint64_t signed_for, line;
        HlTime server;
        EpSettingsVerdict verdict;
    } rows[] = {
        { far, day, 9, 9, day, EP_SETTINGS_TAKE },
        { far, day + HL_DAY, 9, 9, day, EP_SETTINGS_TAKE },
        { far, far - 1, 9, 9, day, EP_SETTINGS_REPLAYED }, /* as impossible itself */
        { far, far, 9, 9, day, EP_SETTINGS_COLLIDES },
        { far, day, 8, 9, day, EP_SETTINGS_REPLAYED }, /* of an earlier line: may be as old as it likes */
        { far, day, 0, 9, day, EP_SETTINGS_REPLAYED },
        { far, day, 0, 0, day, EP_SETTINGS_REPLAYED },          /* a bundle's */
        { far, day, 9, 9, 0, EP_SETTINGS_REPLAYED },            /* nobody has said what time it is */
        { day + HL_DAY, day, 9, 9, day, EP_SETTINGS_REPLAYED }, /* what is in force is possible */
        { day + HL_DAY + 1, day, 9, 9, day, EP_SETTINGS_TAKE },
        { far, far + 1, 0, 0, 0, EP_SETTINGS_TAKE }, /* higher is newer, as ever */
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        EpSettingsView view = { .endpoint = "e-1",
                                .applied = true,
                                .counter = (uint64_t)rows[i].in_force,
                                .digest = one,
                                .path = "channel",
                                .session = rows[i].line,
                                .server = rows[i].server,
                                .now = day };
        EpSettingsOffer offer = { .endpoint = "e-1",
                                  .counter = (uint64_t)rows[i].offered,
                                  .session = rows[i].signed_for,
                                  .digest = two,
                                  .computed = two,
                                  .path = "channel" };

        g_test_message("row %u", (unsigned)i);
        g_assert_cmpint(ep_settings_judge(&offer, &view), ==, rows[i].verdict);
    }
}

/* -------------------------------------------------------------------------------------------------------- commands */

static void test_command_gate(void)
{
    EpCommandOffer offer = { .endpoint = "e-1", .id = "c-1", .kind_known = true, .issued = 900, .expires = 2000 };
    EpCommandView view = { .endpoint = "e-1", .now = 1000 };

    g_assert_cmpint(ep_command_judge(&offer, &view), ==, EP_COMMAND_TAKE);
    view.independent = true;
    g_assert_cmpint(ep_command_judge(&offer, &view), ==, EP_COMMAND_REJECT_INDEPENDENT);
    offer.kind_known = false;
    g_assert_cmpint(ep_command_judge(&offer, &view), ==, EP_COMMAND_REJECT_UNKNOWN);
    view.under_way = EP_COMMAND_MAX_ENTRIES;
    g_assert_cmpint(ep_command_judge(&offer, &view), ==, EP_COMMAND_REFUSE_LIMIT);
    offer.exempt = true;
    g_assert_cmpint(ep_command_judge(&offer, &view), ==, EP_COMMAND_REJECT_UNKNOWN);
    offer.expires = offer.issued + EP_COMMAND_MAX_LIFETIME + 1;
    g_assert_cmpint(ep_command_judge(&offer, &view), ==, EP_COMMAND_REFUSE_INVALID);
    offer.expires = 2000;
    offer.issued = 0;
    g_assert_cmpint(ep_command_judge(&offer, &view), ==, EP_COMMAND_REFUSE_INVALID);
    offer.issued = 900;
    view.forgotten_until = 2000; /* the clock went back behind what was forgotten */
    view.forgotten_issued = 899;
    g_assert_cmpint(ep_command_judge(&offer, &view), ==, EP_COMMAND_REJECT_UNKNOWN); /* issued after all of it */
    view.forgotten_issued = 900;
    g_assert_cmpint(ep_command_judge(&offer, &view), ==, EP_COMMAND_REFUSE_REPLAYED);
    view.forgotten_until = 1999;
    g_assert_cmpint(ep_command_judge(&offer, &view), ==, EP_COMMAND_REJECT_UNKNOWN); /* none of it lived as long */
    view.now = 2000;
    g_assert_cmpint(ep_command_judge(&offer, &view), ==, EP_COMMAND_REFUSE_EXPIRED);
    view.known = true; /* whatever else is wrong by now: it has a result */
    g_assert_cmpint(ep_command_judge(&offer, &view), ==, EP_COMMAND_REPEAT);
    offer.id = "../etc";
    g_assert_cmpint(ep_command_judge(&offer, &view), ==, EP_COMMAND_REFUSE_INVALID);
    offer.endpoint = "e-2";
    g_assert_cmpint(ep_command_judge(&offer, &view), ==, EP_COMMAND_REFUSE_WRONG_ENDPOINT);
}

/* Every state against every event: ends stay ends, nothing jumps over "started" into success. */
static void test_command_life(void)
{
    for (int from = 0; from < EP_COMMAND_N_STATES; from++) {
        for (int event = 0; event < EP_COMMAND_N_EVENTS; event++) {
            EpCommandState state = (EpCommandState)from;
            bool moved = ep_command_step(&state, (EpCommandEvent)event);

            if (!moved)
                g_assert_cmpint(state, ==, from);
            if (ep_command_is_final((EpCommandState)from))
                g_assert_false(moved);
            if (moved && (state == EP_COMMAND_SUCCEEDED || state == EP_COMMAND_FAILED || state == EP_COMMAND_TIMED_OUT))
                g_assert_cmpint(from, ==, EP_COMMAND_STARTED);
            if (moved && (state == EP_COMMAND_CANCELLED || state == EP_COMMAND_EXPIRED || state == EP_COMMAND_REJECTED))
                g_assert_cmpint(from, ==, EP_COMMAND_RECEIVED);
        }
    }
}

/* ------------------------------------------------------------------------------------------------------ privileges */

static void test_privileges(void)
{
    EpPrivileges none = { 0 };
    EpPrivileges update = { .update_now = true };
    EpWho user = { .caller = 1000 };
    EpWho root = { .caller = 0 };
    EpWho early = { .caller = 0, .is_stranger = true };
    EpWho same = { .caller = 1000, .daemon = 1000 };
    g_autoptr(GError) error = NULL;

    for (int act = EP_ACT_UPDATE_NOW; act <= EP_ACT_STOP; act++) {
        g_assert_false(ep_privilege_check((EpAct)act, &none, user, NULL));
        /* the console decides, not the PC; but root looks into an incident without asking for it */
        g_assert_cmpint(ep_privilege_check((EpAct)act, &none, root, NULL), ==, act == EP_ACT_SCAN);
        g_assert_cmpint(ep_privilege_check((EpAct)act, &update, user, NULL), ==, act == EP_ACT_UPDATE_NOW);
    }
    g_assert_true(ep_privilege_check(EP_ACT_ANYBODY, &none, user, NULL));
    g_assert_false(ep_privilege_check(EP_ACT_ADMINISTER, &update, user, NULL));
    g_assert_true(ep_privilege_check(EP_ACT_ADMINISTER, &none, root, NULL));
    g_assert_true(ep_privilege_check(EP_ACT_ADMINISTER, &none, same, NULL));
    g_assert_false(ep_privilege_check(EP_ACT_UPDATE_NOW, &none, user, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_DENIED);
    g_assert_nonnull(strstr(error->message, "privilege.update-now"));
    g_clear_error(&error);
    g_assert_false(ep_privilege_check(EP_ACT_UPDATE_NOW, &none, early, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_NOT_FOUND);
    g_assert_nonnull(strstr(error->message, "holdline-endpoint enrol BUNDLE"));
}

/* -------------------------------------------------------------------------------------------------------- refusals */

static guint reports_at(EpRefusals *refusals, HlTime now)
{
    EpRefused what;
    EpRefusedReason reason;
    guint n = 0;

    while (ep_refusals_due(refusals, now, &what, &reason))
        n++;
    return n;
}

static void test_refusals(void)
{
    EpRefusals refusals = { 0 };
    g_autofree char *long_text = g_strnfill(500, 'x');

    g_assert_cmpuint(reports_at(&refusals, 1000), ==, 0);
    ep_refusals_note(&refusals, EP_REFUSED_COMMAND, EP_REFUSED_UNTRUSTED, 0, "first");
    g_assert_cmpuint(reports_at(&refusals, 1000), ==, 1);
    for (int i = 0; i < 10000; i++)
        ep_refusals_note(&refusals, EP_REFUSED_COMMAND, EP_REFUSED_UNTRUSTED, 0, "a flood");
    g_assert_cmpuint(reports_at(&refusals, 1001), ==, 0);
    g_assert_true(ep_refusals_waiting(&refusals));
    ep_refusals_note(&refusals, EP_REFUSED_SETTINGS, EP_REFUSED_REPLAYED, 7, long_text); /* another kind: at once */
    g_assert_cmpuint(reports_at(&refusals, 1001), ==, 1);
    g_assert_cmpuint(reports_at(&refusals, 1000 + EP_REFUSAL_INTERVAL), ==, 1);
    g_assert_cmpuint(refusals.rows[EP_REFUSED_COMMAND][EP_REFUSED_UNTRUSTED].count, ==, 10001);
    g_assert_cmpuint(refusals.total, ==, 10002);
    g_assert_cmpuint(strlen(refusals.rows[EP_REFUSED_SETTINGS][EP_REFUSED_REPLAYED].detail), <, 200);
    g_assert_false(ep_refusals_waiting(&refusals));
    long_text[198] = '\xc3'; /* a character of two bytes across the bound is left out whole */
    long_text[199] = '\xa4';
    ep_refusals_note(&refusals, EP_REFUSED_SETTINGS, EP_REFUSED_REPLAYED, 7, long_text);
    g_assert_true(g_utf8_validate(refusals.rows[EP_REFUSED_SETTINGS][EP_REFUSED_REPLAYED].detail, -1, NULL));
}

static void test_renewal(void)
{
    static const struct {
        EpRenewalDates dates;
        HlTime due, interval;
    } cases[] = {
        { { 0, 90 * HL_DAY, 0 }, 60 * HL_DAY, HL_HOUR },
        { { 0, HL_HOUR, 0 }, 40 * HL_MINUTE, 36 * HL_SECOND },
        { { 0, 3 * HL_SECOND, 0 }, 2 * HL_SECOND, HL_SECOND },
        /* a life of one minute that is backdated by five: not at once, and again and again */
        { { 0, 6 * HL_MINUTE, 0 }, 4 * HL_MINUTE, 3600 },
        { { 0, 6 * HL_MINUTE, 5 * HL_MINUTE }, 5 * HL_MINUTE + 40 * HL_SECOND, HL_SECOND },
        /* not believed: outside the certificate's dates */
        { { 0, 90 * HL_DAY, -1 }, 60 * HL_DAY, HL_HOUR },
        { { 0, 90 * HL_DAY, 90 * HL_DAY }, 60 * HL_DAY, HL_HOUR },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_assert_false(ep_renewal_is_due(&cases[i].dates, cases[i].due - 1));
        g_assert_true(ep_renewal_is_due(&cases[i].dates, cases[i].due));
        g_assert_true(ep_renewal_is_due(&cases[i].dates, cases[i].dates.not_after + HL_DAY));
        g_assert_cmpint(ep_renewal_interval(&cases[i].dates), ==, cases[i].interval);
    }
}

static void test_line_proxy(void)
{
    static const char *const good[] = { "", "http://a:1", "http://me:pw@a:3128", "http://me:p@w@[::1]:3128" };
    static const char *const bad[] = { "a:1",         "https://a:1",     "http://a",
                                       "http://a:1/", "http://s3cret@a", "http://me:s3/cret@a" };
    g_auto(EpConf) conf = { 0 };

    hl_options_init(ep_conf_table(), &conf);
    g_assert_cmpstr(conf.line_proxy, ==, "");
    for (gsize i = 0; i < G_N_ELEMENTS(good); i++) {
        g_assert_true(hl_options_set(ep_conf_table(), &conf, "line.proxy", good[i], NULL));
        g_assert_cmpstr(conf.line_proxy, ==, good[i]);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_false(hl_options_set(ep_conf_table(), &conf, "line.proxy", bad[i], &error));
        g_assert_null(strstr(error->message, "s3"));
        g_assert_null(strstr(error->message, "cret"));
    }
}

static void test_conf(void)
{
    g_auto(EpConf) conf = { 0 };
    g_autofree char *socket = NULL;
    g_autoptr(GError) error = NULL;

    hl_options_init(ep_conf_table(), &conf);
    socket = ep_conf_socket(&conf);
    g_assert_cmpstr(socket, ==, "/var/lib/holdline/control");
    g_assert_true(hl_options_set(ep_conf_table(), &conf, "update.program", "/opt/u", NULL)); /* as 0.1.0 called it */
    g_assert_cmpstr(conf.updater, ==, "/opt/u");
    g_assert_false(ep_conf_load(&conf, "/nonexistent/endpoint.conf", &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_NOT_FOUND);
}

/* Three failures in a row soon after a switch; once for each switch; detections and single troubles do not count. */
static void test_probation(void)
{
    EpProbation probation = { 0 };

    for (int i = 0; i < 10; i++) /* no switch, nothing to take back */
        g_assert_false(ep_probation_engine_ended(&probation, EP_ENGINE_FAILED, i));
    ep_probation_begin(&probation, HL_HOUR);
    for (int i = 0; i < 10; i++) {
        g_assert_false(ep_probation_engine_ended(&probation, EP_ENGINE_FAILED, HL_HOUR + i));
        g_assert_false(ep_probation_engine_ended(&probation, EP_ENGINE_FAILED, HL_HOUR + i));
        g_assert_false(ep_probation_engine_ended(&probation, EP_ENGINE_WORKED, HL_HOUR + i));
    }
    g_assert_false(ep_probation_engine_ended(&probation, EP_ENGINE_FAILED, HL_HOUR + 20));
    g_assert_false(ep_probation_engine_ended(&probation, EP_ENGINE_FAILED, HL_HOUR + 21));
    g_assert_true(ep_probation_engine_ended(&probation, EP_ENGINE_FAILED, HL_HOUR + EP_PROBATION_WINDOW));
    for (int i = 0; i < 10; i++) /* once */
        g_assert_false(ep_probation_engine_ended(&probation, EP_ENGINE_FAILED, HL_HOUR + EP_PROBATION_WINDOW));
    ep_probation_begin(&probation, 2 * HL_HOUR);
    for (int i = 1; i < 10; i++) /* long after it: another trouble */
        g_assert_false(ep_probation_engine_ended(&probation, EP_ENGINE_FAILED, 2 * HL_HOUR + EP_PROBATION_WINDOW + i));
    ep_probation_begin(&probation, 4 * HL_HOUR);
    ep_probation_end(&probation); /* the administrator was faster */
    for (int i = 0; i < 10; i++)
        g_assert_false(ep_probation_engine_ended(&probation, EP_ENGINE_FAILED, 4 * HL_HOUR));
}

static void test_retry(void)
{
    static const HlTime waits[] = { 1, 2, 4, 8, 15, 15, 15 };
    EpRetry retry = { 0 };
    HlTime now = HL_HOUR;

    g_assert_false(ep_retry_step(&retry, true, now)); /* nothing failed */
    for (gsize i = 0; i < G_N_ELEMENTS(waits); i++) {
        HlTime wait = waits[i] * HL_MINUTE;

        ep_retry_failed(&retry, now, (uint64_t)wait + 7);
        g_assert_false(ep_retry_step(&retry, true, now + wait + 6));
        g_assert_true(ep_retry_step(&retry, true, now + wait + 7));
        g_assert_false(ep_retry_step(&retry, true, now + HL_DAY)); /* it runs */
        now += wait + 7;
    }
    /* the line that comes up, not the one that is up, brings it forward, and the waits go on where they were */
    ep_retry_failed(&retry, now, 0);
    g_assert_false(ep_retry_step(&retry, false, now + 1));
    g_assert_true(ep_retry_step(&retry, true, now + 2));
    ep_retry_failed(&retry, now, 0);
    g_assert_false(ep_retry_step(&retry, true, now + EP_RETRY_MAX - 1));
    ep_retry_settled(&retry);
    g_assert_false(ep_retry_step(&retry, true, now + HL_DAY));
    ep_retry_failed(&retry, now, 0); /* starts over */
    g_assert_true(ep_retry_step(&retry, true, now + EP_RETRY_FIRST));

    g_assert_true(ep_retry_passes("unavailable") && ep_retry_passes("timeout") && ep_retry_passes("conflict"));
    g_assert_false(ep_retry_passes("untrusted") || ep_retry_passes("invalid") || ep_retry_passes("failed"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/endpoint/session", test_session);
    g_test_add_func("/endpoint/fence", test_fence);
    g_test_add_func("/endpoint/server-time", test_server_time);
    g_test_add_func("/endpoint/manager", test_manager);
    g_test_add_func("/endpoint/brokers", test_brokers);
    g_test_add_func("/endpoint/patience", test_patience);
    g_test_add_func("/endpoint/brokers/first", test_brokers_first);
    g_test_add_func("/endpoint/brokers/order", test_brokers_order);
    g_test_add_func("/endpoint/spread", test_spread);
    g_test_add_func("/endpoint/birth-window", test_birth_window);
    g_test_add_func("/endpoint/window", test_window);
    g_test_add_func("/endpoint/window/gap", test_window_gap);
    g_test_add_func("/endpoint/window/stall", test_window_stall);
    g_test_add_func("/endpoint/settings-gate", test_settings_gate);
    g_test_add_func("/endpoint/settings-gate-heals", test_settings_gate_heals);
    g_test_add_func("/endpoint/command-gate", test_command_gate);
    g_test_add_func("/endpoint/command-life", test_command_life);
    g_test_add_func("/endpoint/privileges", test_privileges);
    g_test_add_func("/endpoint/refusals", test_refusals);
    g_test_add_func("/endpoint/renewal", test_renewal);
    g_test_add_func("/endpoint/conf", test_conf);
    g_test_add_func("/endpoint/line-proxy", test_line_proxy);
    g_test_add_func("/endpoint/probation", test_probation);
    g_test_add_func("/endpoint/retry", test_retry);
    return g_test_run();
}
