/* SPDX-License-Identifier: Apache-2.0 */
/* Keys that the manager before an upgrade wrote: with the id of the session in what was asked.  They live a day. */
#include <string.h>

#include "lib/base/unconst.h"
#include "lib/pki/digest.h"
#include "manager/daemon/calls/once.h"
#include "manager/store/once.h"
#include "tests/support/manager_parts.h"

#define KEY    "8e03978e-40d5-43dd-bc93-6894a57f9324"
#define CALL   "group create"
#define ANSWER "{\"name\":\"sales\"}"

static void write_earlier(Parts *parts)
{
    static const char asked[] = CALL "\0\0s-1"; /* the call, no groups, the session; no arguments */
    g_autofree char *key = hl_sha256_hex(KEY, strlen(KEY));
    g_autofree char *digest = hl_sha256_hex(asked, sizeof asked);
    MgrOnceRecord record = { .account = "admin",
                             .key = key,
                             .digest = digest,
                             .at = hl_clock_wall(),
                             .code = "",
                             .message = "",
                             .answer = ANSWER };
    HlWriteSet *set = hl_write_set_new();

    mgr_write_once(set, &record);
    mgr_write_once_answer(set, &record);
    mgr_record_write(parts->record, set);
    parts_commit(parts);
}

static void test_session(void)
{
    static const struct {
        const char *pass, *name;
        MgrOnceResult result;
    } cases[] = {
        { "s-1", CALL, MGR_ONCE_AGAIN },
        { "s-2", CALL, MGR_ONCE_REFUSED },
        { "t-1", CALL, MGR_ONCE_REFUSED },
        { NULL, CALL, MGR_ONCE_REFUSED },
        { "s-1", "group delete", MGR_ONCE_REFUSED },
    };
    g_autoptr(Parts) parts = parts_new();
    g_autoptr(MgrOnce) once = NULL;
    g_auto(MgrCaller) caller = { 0 };

    write_earlier(parts);
    once = mgr_once_new(&(MgrOnceOptions){ parts->record, &parts->fleet });
    mgr_caller_init(&caller, "admin", MGR_ROLE_OWNER, "");
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(MgrOnceAnswer) answer = { 0 };
        HlMsgCall message = HOLDLINE__V1__CALL__INIT;
        MgrClaim *claim = NULL;

        message.name = hl_unconst(cases[i].name);
        message.once = hl_unconst(KEY);
        g_assert_cmpint(mgr_once_claim(once, &caller, cases[i].pass, &message, hl_clock_wall(), &claim, &answer, NULL),
                        ==, cases[i].result);
        g_assert_cmpstr(answer.json, ==, cases[i].result == MGR_ONCE_AGAIN ? ANSWER : NULL);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/once-earlier/session", test_session);
    return g_test_run();
}
