/* SPDX-License-Identifier: Apache-2.0 */
/* proto/parts: holes in a list, and what the manager is told of it. */
#include "proto/parts.h"
#include "proto/wire.h"

static HlMsgCallReply reply_of(guint part, guint window, bool more)
{
    HlMsgCallReply reply = HOLDLINE__V1__CALL_REPLY__INIT;

    reply.part = part;
    reply.window = window;
    reply.more = more;
    return reply;
}

static void test_holes(void)
{
    static const struct {
        guint numbers[4];
        guint good; /* of them, from the first on */
    } cases[] = {
        { { 1, 2, 3, 4 }, 4 }, { { 0, 0, 0, 0 }, 4 },                                               /* not numbered */
        { { 1, 2, 4, 5 }, 2 }, { { 2, 3, 4, 5 }, 0 }, { { 1, 1, 2, 3 }, 1 }, { { 1, 0, 2, 3 }, 4 }, /* progress */
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        HlParts parts = { 0 };
        guint good = 0;

        for (guint at = 0; at < 4 && good == at; at++) {
            HlMsgCallReply reply = reply_of(cases[i].numbers[at], 0, true);

            good += hl_parts_take(&parts, &reply);
        }
        g_assert_cmpuint(good, ==, cases[i].good);
    }
}

/* The numbers that are told of so many parts, with this time between them, of which the last ends the list. */
static char *told(guint window, guint n, HlTime step)
{
    HlParts parts = { 0 };
    GString *out = g_string_new("");

    for (guint part = 1; part <= n; part++) {
        HlMsgCallReply reply = reply_of(part, window, part < n);
        g_autoptr(GBytes) payload = NULL;
        g_autoptr(HlMsgCall) call = NULL;

        g_assert_true(hl_parts_take(&parts, &reply));
        payload = hl_parts_tell(&parts, &reply, HL_HOUR + part * step);
        if (payload == NULL)
            continue;
        call = hl_wire_decode_bytes(&holdline__v1__call__descriptor, payload, NULL);
        g_string_append_printf(out, "%u ", call->read);
    }
    return g_string_free(out, FALSE);
}

static void test_told(void)
{
    static const struct {
        guint window, n;
        const char *told;
    } cases[] = {
        { 0, 9, "" },     { 1, 4, "1 2 3 " }, { 2, 4, "1 2 3 " }, { 3, 4, "1 2 3 " }, { 4, 9, "2 4 6 8 " },
        { 8, 9, "4 8 " }, { 8, 8, "4 " },     { 128, 64, "" },    { 128, 65, "64 " },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *numbers = told(cases[i].window, cases[i].n, 1);

        g_assert_cmpstr(numbers, ==, cases[i].told);
    }
}

/* On a slow line the manager hears that somebody reads, long before the window is half read. */
static void test_slow(void)
{
    g_autofree char *slow = told(128, 9, 2 * HL_SECOND);
    g_autofree char *slower = told(128, 5, HL_MINUTE);
    g_autofree char *nobody = told(0, 9, HL_MINUTE);

    g_assert_cmpstr(slow, ==, "4 7 ");
    g_assert_cmpstr(slower, ==, "2 3 4 ");
    g_assert_cmpstr(nobody, ==, "");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/parts/holes", test_holes);
    g_test_add_func("/parts/told", test_told);
    g_test_add_func("/parts/slow", test_slow);
    return g_test_run();
}
