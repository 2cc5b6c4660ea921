/* SPDX-License-Identifier: Apache-2.0 */
/* link.h on the loop's own thread, with libmosquitto: for programs that connect, ask and end.  paho's threads sleep
 * 100 ms and more before a connection begins and Nagle's algorithm holds back what follows; here nothing waits but for
 * the other side.  No proxy: libmosquitto speaks SOCKS only. */
#include <poll.h>

#include "lib/base/network.h"
#include "lib/bus/link_mosquitto.h"

#define TICK       HL_SECOND /* keep-alive and time-outs are looked at */
#define CLOSE_WAIT HL_SECOND

struct HlLink {
    HlMq mq;
    GSource *source;
    gpointer fd_tag; /* NULL: no descriptor is watched */
    bool wants_out;  /* it is watched for writing as well */
};

typedef struct {
    GSource base;
    HlLink *link;
} LinkSource;

/* --------------------------------------------------------------------------------------------------- the descriptor */

static void watch_nothing(HlLink *link)
{
    if (link->fd_tag != NULL)
        g_source_remove_unix_fd(link->source, link->fd_tag);
    link->fd_tag = NULL;
}

static gboolean prepare(GSource *base, int *timeout)
{
    HlLink *link = ((LinkSource *)base)->link;
    bool out = link->fd_tag != NULL && hl_mq_wants_write(&link->mq);

    *timeout = -1;
    if (link->fd_tag != NULL && out != link->wants_out) { /* each change wakes the loop: without need it would spin */
        link->wants_out = out;
        g_source_modify_unix_fd(base, link->fd_tag, G_IO_IN | (out ? G_IO_OUT : 0));
    }
    return FALSE;
}

/* false: there may be more to read. */
static bool serve(HlLink *link, GIOCondition ready)
{
    bool drained = true;

    if ((ready & G_IO_OUT) != 0)
        hl_mq_write(&link->mq);
    if ((ready & ~G_IO_OUT) != 0 && link->mq.stage != HL_MQ_OVER)
        drained = hl_mq_read(&link->mq);
    if (drained && link->mq.stage != HL_MQ_OVER && (ready & (G_IO_ERR | G_IO_HUP)) != 0)
        hl_mq_end(&link->mq, "connection lost");
    hl_mq_tick(&link->mq);
    return drained;
}

static gboolean dispatch(GSource *base, GSourceFunc callback G_GNUC_UNUSED, gpointer user G_GNUC_UNUSED)
{
    HlLink *link = ((LinkSource *)base)->link;
    GIOCondition ready = link->fd_tag != NULL ? g_source_query_unix_fd(base, link->fd_tag) : 0;

    g_source_set_ready_time(base, g_source_get_time(base) + TICK * 1000);
    if (link->fd_tag == NULL)
        return G_SOURCE_CONTINUE;
    if (!serve(link, ready))
        g_source_set_ready_time(base, 0);
    if (link->mq.stage == HL_MQ_OVER)
        watch_nothing(link);
    return G_SOURCE_CONTINUE;
}

static GSourceFuncs source_functions = { .prepare = prepare, .dispatch = dispatch };

static void watch(HlLink *link, GMainContext *context)
{
    link->source = g_source_new(&source_functions, sizeof(LinkSource));
    ((LinkSource *)link->source)->link = link;
    link->fd_tag = g_source_add_unix_fd(link->source, hl_mq_descriptor(&link->mq), G_IO_IN | G_IO_OUT);
    link->wants_out = true;
    g_source_set_ready_time(link->source, g_get_monotonic_time() + TICK * 1000);
    g_source_attach(link->source, context);
}

/* --------------------------------------------------------------------------------------------------- the functions */

HlLink *hl_link_new(HlMailbox *events, HlMailbox *messages, const HlBusEntrance *entrance)
{
    HlLink *link = g_new0(HlLink, 1);

    hl_mq_init(&link->mq, link, events, messages, entrance);
    return link;
}

const char *hl_link_connect(HlLink *link, const HlLinkSpec *spec)
{
    g_autofree char *host = NULL;
    uint16_t port = 0;
    const char *problem;

    if (!hl_place_parse(spec->broker, &host, &port))
        return "its address is not of the form host:port or [IPv6]:port";
    if (spec->proxy != NULL)
        return "this program cannot reach a broker through a proxy";
    problem = hl_mq_make(&link->mq, spec);
    if (problem == NULL)
        problem = hl_mq_dial(&link->mq, host, port);
    if (problem == NULL)
        watch(link, spec->context);
    else
        hl_mq_end(&link->mq, problem); /* the bus looks for the cause */
    return NULL;
}

const char *hl_link_subscribe(HlLink *link, char *const *filters, guint n_live, int qos)
{
    return hl_mq_subscribe(&link->mq, filters, n_live, qos);
}

bool hl_link_close(HlLink *link, HlLinkClose how)
{
    if (link->mq.stage != HL_MQ_CONNECTED)
        return false;
    hl_mq_disconnect(&link->mq, how);
    if (link->mq.stage == HL_MQ_OVER)
        watch_nothing(link);
    return true;
}

void hl_link_wait_closed(HlLink *link)
{
    HlTime until = hl_clock_mono() + CLOSE_WAIT;

    while (link->mq.stage != HL_MQ_OVER && hl_clock_mono() < until) {
        struct pollfd fd = { .fd = hl_mq_descriptor(&link->mq), .events = POLLOUT };

        if (poll(&fd, 1, (int)(until - hl_clock_mono())) > 0)
            hl_mq_write(&link->mq);
    }
    if (link->mq.stage == HL_MQ_OVER)
        watch_nothing(link);
}

bool hl_link_send(HlLink *link, const HlBusMessage *message, HlBusPublished done, gpointer user,
                  HlLinkSending **sending)
{
    *sending = NULL;
    if (message->qos > 0) {
        *sending = g_new(HlLinkSending, 1);
        **sending =
            (HlLinkSending){ .link = link, .done = done, .user = user, .request = message->response_topic != NULL };
    }
    if (hl_mq_publish(&link->mq, message, *sending))
        return true;
    g_clear_pointer(sending, g_free);
    return false;
}

void hl_link_shut(HlLink *link)
{
    watch_nothing(link);
    if (link->source != NULL)
        g_source_destroy(link->source);
    g_clear_pointer(&link->source, g_source_unref);
    hl_mq_clear(&link->mq);
}

void hl_link_free(HlLink *link)
{
    if (link == NULL)
        return;
    hl_mq_clear(&link->mq);
    g_free(link);
}
