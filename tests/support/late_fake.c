/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/late_fake.h"

#include "lib/base/unconst.h"

struct EpLateAsk {
    int unused;
};

static LateFake last;
static HlMailbox *mailbox;

const LateFake *late_fake(void)
{
    return &last;
}

static void forget(void)
{
    g_clear_pointer(&last.urls, g_strfreev);
    g_clear_pointer(&last.certificate, g_free);
    g_clear_pointer(&last.csr, g_bytes_unref);
    g_clear_pointer(&last.proof, g_bytes_unref);
}

void late_fake_reset(void)
{
    g_assert_false(last.is_open);
    forget();
    last = (LateFake){ 0 };
}

EpLateAsk *ep_late_ask_start(const EpLateSpec *spec, HlMailbox *answers)
{
    g_assert_false(last.is_open);
    forget();
    last.asked++;
    last.is_open = true;
    last.urls = g_strdupv(hl_unconst(spec->urls));
    last.certificate = g_strdup(spec->certificate);
    last.csr = g_bytes_ref(spec->csr);
    last.proof = g_bytes_ref(spec->proof);
    last.ends = spec->ends;
    mailbox = answers;
    return g_new0(EpLateAsk, 1);
}

void ep_late_ask_free(EpLateAsk *ask)
{
    if (ask == NULL)
        return;
    last.is_open = false;
    g_free(ask);
}

void ep_late_answer_free(gpointer answer)
{
    EpLateAnswer *gone = answer;

    g_free(gone->message);
    g_free(gone->code);
    g_free(gone->certificate);
    g_free(gone);
}

void late_fake_answer(EpLateAnswer answer)
{
    EpLateAnswer *copy = g_new0(EpLateAnswer, 1);

    g_assert_true(last.is_open);
    *copy = answer;
    copy->message = g_strdup(answer.message != NULL ? answer.message : "");
    copy->code = g_strdup(answer.code != NULL ? answer.code : "");
    copy->certificate = g_strdup(answer.certificate != NULL ? answer.certificate : "");
    g_assert_cmpint(hl_mailbox_post(mailbox, copy), ==, HL_MAILBOX_POSTED);
    while (last.is_open)
        g_main_context_iteration(NULL, TRUE);
}
