#include "endpoint/daemon/link/poll.h"

#include "endpoint/daemon/link/direct.h"
#include "endpoint/daemon/work/settings.h"
#include "lib/base/log.h"

#define MIN_POLL_INTERVAL HL_MINUTE /* B13's least; what asks for more is not believed */

struct EpPoll {
    EpDaemon *daemon;
    HlTlsContext *context;
    EpDirect *direct;
    int port;     /* wanted by the settings; 0: none */
    char *serial; /* of the certificate that the listener shows */
    HlTime poll;
    guint poll_timer;
};

static void spool_poll(EpDaemon *daemon, const char *occasion)
{
    HlMsgReport report = HOLDLINE__V1__REPORT__INIT;
    HlMsgSettingsPoll body = HOLDLINE__V1__SETTINGS_POLL__INIT;
    g_autoptr(GError) error = NULL;

    body.occasion = (char *)occasion;
    report.body_case = HOLDLINE__V1__REPORT__BODY_POLL;
    report.poll = &body;
    if (ep_spool_add(daemon->spool, &report, EP_SPOOL_LATEST, occasion, &error))
        ep_spool_pump(daemon->spool);
    else
        ep_trouble_store_failed(daemon->trouble, "the question for work", error);
}

static void on_notice(EpDirectNotice notice, gpointer user)
{
    const EpPoll *self = user;

    hl_info("direct", "the server dialled: %s", notice == EP_DIRECT_UPDATE_NOW ? "update now" : "settings changed");
    spool_poll(self->daemon, "direct");
}

static gboolean on_poll(gpointer user)
{
    const EpPoll *self = user;

    spool_poll(self->daemon, "poll");
    return G_SOURCE_CONTINUE;
}

void ep_poll_set_poll(EpPoll *self, HlTime interval)
{
    interval = interval > 0 ? MAX(interval, MIN_POLL_INTERVAL) : 0;
    if (interval == self->poll)
        return;
    if (self->poll_timer != 0)
        g_source_remove(self->poll_timer);
    self->poll = interval;
    self->poll_timer = interval > 0 ? g_timeout_add_seconds((guint)(interval / HL_SECOND), on_poll, self) : 0;
}

static void close_port(EpPoll *self)
{
    g_clear_pointer(&self->direct, ep_direct_free);
    g_clear_pointer(&self->context, hl_tls_context_free);
}

static bool open_port(EpPoll *self, const HlCert *cert, GError **error)
{
    const EpIdentity *identity = self->daemon->identity;
    g_autoptr(HlCert) ca = hl_cert_load(identity->ca_path, error);
    g_autoptr(HlKey) key = ca != NULL ? hl_key_load(identity->pem_path, error) : NULL;

    self->context = key != NULL ? hl_tls_context_new(HL_TLS_SERVER, ca, cert, key, error) : NULL;
    self->direct =
        self->context != NULL ? ep_direct_new(NULL, (uint16_t)self->port, self->context, on_notice, self, error) : NULL;
    return self->direct != NULL;
}

void ep_poll_refresh(EpPoll *self)
{
    const HlSettings *values = ep_settings_values(self->daemon->settings);
    int port = values->independent ? 0 : (int)values->direct_port;
    g_autoptr(GError) error = NULL;
    g_autoptr(HlCert) cert = hl_cert_load(self->daemon->identity->pem_path, &error);
    const char *serial = cert != NULL ? hl_cert_info(cert)->serial : "";

    /* a port that another program holds is tried again each time */
    if (port == self->port && g_strcmp0(serial, self->serial) == 0 && (port == 0 || self->direct != NULL))
        return;
    close_port(self);
    self->port = port;
    g_free(self->serial);
    self->serial = g_strdup(serial);
    if (port == 0)
        return;
    if (cert != NULL && open_port(self, cert, &error))
        hl_info("direct", "port %d is open for the server's dial", port);
    else
        hl_log_limited(HL_LOG_WARN, "direct", "open",
                       "port %d cannot be opened, the server's dial will not be answered: %s", port, error->message);
}

int ep_poll_port(const EpPoll *self)
{
    return self->direct != NULL ? ep_direct_port(self->direct) : 0;
}

EpPoll *ep_poll_new(EpDaemon *daemon)
{
    EpPoll *self = g_new0(EpPoll, 1);

    self->daemon = daemon;
    ep_poll_refresh(self);
    return self;
}

void ep_poll_free(EpPoll *self)
{
    if (self == NULL)
        return;
    ep_poll_set_poll(self, 0);
    close_port(self);
    g_free(self->serial);
    g_free(self);
}
