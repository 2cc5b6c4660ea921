/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/daemon/link/poll.h"

#include "endpoint/daemon/link/direct.h"
#include "lib/base/log.h"
#include "lib/base/unconst.h"

#define MIN_INTERVAL HL_MINUTE /* the least of B13; a shorter one is not believed */

struct EpPoll {
    EpPollOptions has;
    HlTlsContext *context;
    EpDirect *direct;
    int port;    /* wanted by the settings; 0: none */
    char *shown; /* by the listener: the serial of its certificate, and whom it trusts */
    HlTime interval;
    guint timer;
};

static void ask(const EpPoll *poll, const char *occasion)
{
    HlMsgReport report = HOLDLINE__V1__REPORT__INIT;
    HlMsgSettingsPoll body = HOLDLINE__V1__SETTINGS_POLL__INIT;
    g_autoptr(GError) error = NULL;

    body.occasion = hl_unconst(occasion);
    report.body_case = HOLDLINE__V1__REPORT__BODY_POLL;
    report.poll = &body;
    if (ep_spool_add(poll->has.spool, &report, EP_SPOOL_LATEST, occasion, &error))
        ep_spool_pump(poll->has.spool);
    else
        ep_trouble_store_failed(poll->has.trouble, "the request for work", error);
}

static void on_notice(EpDirectNotice notice, gpointer user)
{
    hl_info("direct", "the server dialled: %s", notice == EP_DIRECT_UPDATE_NOW ? "update now" : "settings changed");
    ask(user, "direct");
}

static gboolean on_poll(gpointer user)
{
    ask(user, "poll");
    return G_SOURCE_CONTINUE;
}

void ep_poll_set_interval(EpPoll *poll, HlTime interval)
{
    interval = interval > 0 ? MAX(interval, MIN_INTERVAL) : 0;
    if (interval == poll->interval)
        return;
    g_clear_handle_id(&poll->timer, g_source_remove);
    poll->interval = interval;
    if (interval > 0)
        poll->timer = g_timeout_add_seconds((guint)(interval / HL_SECOND), on_poll, poll);
}

static void close_port(EpPoll *poll)
{
    g_clear_pointer(&poll->direct, ep_direct_free);
    g_clear_pointer(&poll->context, hl_tls_context_free);
}

static bool open_port(EpPoll *poll, const HlCert *cert, GError **error)
{
    const EpIdentity *identity = poll->has.identity;
    g_autoptr(HlKey) key = hl_key_load(identity->pem_path, error);

    poll->context =
        key != NULL ? hl_tls_context_new(HL_TLS_SERVER, hl_trust_at(identity->trust, 0), cert, key, error) : NULL;
    for (guint i = 1; poll->context != NULL && i < hl_trust_count(identity->trust); i++)
        hl_tls_context_trust(poll->context, hl_trust_at(identity->trust, i));
    poll->direct =
        poll->context != NULL ? ep_direct_new(NULL, (uint16_t)poll->port, poll->context, on_notice, poll, error) : NULL;
    return poll->direct != NULL;
}

void ep_poll_refresh(EpPoll *poll)
{
    const HlSettings *values = ep_settings_values(poll->has.settings);
    int port = values->independent ? 0 : (int)values->direct_port;
    const HlCert *cert = poll->has.identity->cert;
    g_autofree char *trusted = hl_trust_ids(poll->has.identity->trust);
    g_autofree char *shown = g_strdup_printf("%s by %s", hl_cert_info(cert)->serial, trusted);
    g_autoptr(GError) error = NULL;

    if (port == poll->port && g_strcmp0(shown, poll->shown) == 0 && (port == 0 || poll->direct != NULL))
        return;
    close_port(poll);
    poll->port = port;
    g_free(poll->shown);
    poll->shown = g_steal_pointer(&shown);
    if (port == 0)
        return;
    if (open_port(poll, cert, &error))
        hl_info("direct", "port %d is open for the server's dial", port);
    else
        hl_log_limited(HL_LOG_WARN, "direct", "open",
                       "port %d cannot be opened, the server's dial will not be answered: %s", port, error->message);
}

int ep_poll_port(const EpPoll *poll)
{
    return poll->direct != NULL ? ep_direct_port(poll->direct) : 0;
}

EpPoll *ep_poll_new(const EpPollOptions *options)
{
    EpPoll *poll = g_new0(EpPoll, 1);

    poll->has = *options;
    return poll;
}

void ep_poll_free(EpPoll *poll)
{
    if (poll == NULL)
        return;
    ep_poll_set_interval(poll, 0);
    close_port(poll);
    g_free(poll->shown);
    g_free(poll);
}
