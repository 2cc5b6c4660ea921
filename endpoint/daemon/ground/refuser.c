/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/daemon/ground/refuser.h"

#include "lib/base/log.h"
#include "lib/base/unconst.h"

struct EpRefuser {
    EpRefuserOptions has;
    guint timer;
};

static void report_due(EpRefuser *refuser);

static gboolean on_due(gpointer user)
{
    EpRefuser *refuser = user;

    refuser->timer = 0;
    report_due(refuser);
    return G_SOURCE_REMOVE;
}

static void report(EpRefuser *refuser, EpRefused what, EpRefusedReason reason)
{
    EpRefusal *row = &refuser->has.counts->rows[what][reason];
    HlMsgReport message = HOLDLINE__V1__REPORT__INIT;
    HlMsgRefusal refusal = HOLDLINE__V1__REFUSAL__INIT;
    g_autoptr(GError) error = NULL;

    refusal.what = hl_unconst(ep_refused_name(what));
    refusal.code = hl_unconst(ep_refused_reason_name(reason));
    refusal.detail = row->detail;
    refusal.count = row->count;
    refusal.counter = row->counter;
    message.body_case = HOLDLINE__V1__REPORT__BODY_REFUSAL;
    message.refusal = &refusal;
    if (!ep_spool_add(refuser->has.spool, &message, EP_SPOOL_MERGE, "refusal", &error))
        ep_trouble_store_failed(refuser->has.trouble, "a refusal", error);
}

static void report_due(EpRefuser *refuser)
{
    EpRefused what;
    EpRefusedReason reason;

    while (ep_refusals_due(refuser->has.counts, hl_clock_mono(), &what, &reason))
        report(refuser, what, reason);
    ep_spool_pump(refuser->has.spool);
    if (ep_refusals_waiting(refuser->has.counts) && refuser->timer == 0)
        refuser->timer = g_timeout_add((guint)EP_REFUSAL_INTERVAL, on_due, refuser);
}

EpRefuser *ep_refuser_new(const EpRefuserOptions *options)
{
    EpRefuser *refuser = g_new0(EpRefuser, 1);

    refuser->has = *options;
    if (ep_refusals_waiting(options->counts))
        refuser->timer = g_timeout_add((guint)EP_REFUSAL_INTERVAL, on_due, refuser);
    return refuser;
}

void ep_refuser_free(EpRefuser *refuser)
{
    if (refuser == NULL)
        return;
    g_clear_handle_id(&refuser->timer, g_source_remove);
    g_free(refuser);
}

static void note(EpRefuser *refuser, EpRefused what, EpRefusedReason reason, uint64_t counter, const char *detail)
{
    hl_log_limited(HL_LOG_WARN, "refused", ep_refused_name(what), "%s refused (%s): %s", ep_refused_name(what),
                   ep_refused_reason_name(reason), detail);
    ep_refusals_note(refuser->has.counts, what, reason, counter, detail);
    report_due(refuser);
}

void ep_refuse(EpRefuser *refuser, EpRefused what, EpRefusedReason reason, const char *format, ...)
{
    g_autofree char *detail = NULL;
    va_list arguments;

    va_start(arguments, format);
    detail = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    note(refuser, what, reason, 0, detail);
}

void ep_refuse_settings(EpRefuser *refuser, EpRefusedReason reason, uint64_t counter, const char *format, ...)
{
    g_autofree char *detail = NULL;
    va_list arguments;

    va_start(arguments, format);
    detail = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    note(refuser, EP_REFUSED_SETTINGS, reason, counter, detail);
}
