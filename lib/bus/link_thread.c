/* SPDX-License-Identifier: Apache-2.0 */
/* link.h on a thread of its own, with libmosquitto: for the manager, which talks to thousands.  The thread takes
 * messages off the socket, and answers the broker's pings, while the loop is busy; name resolution holds up nobody
 * else. Between it and the loop stand the two mailboxes, and a queue of what is to go out, which it is told of once in
 * a turn of the loop.
 *
 * Packets cost less than the records and the system calls that carry them: what goes out in one turn leaves in full
 * records, a read takes what is there (read-ahead of TLS), and turns that follow each other closely, each for a packet
 * or two, are put off for a millisecond.  No proxy: libmosquitto speaks SOCKS only. */
#include <errno.h>
#include <mosquitto.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "lib/base/network.h"
#include "lib/base/unconst.h"
#include "lib/bus/flight.h"
#include "lib/bus/leavers.h"
#include "lib/bus/link_mosquitto.h"
#include "lib/bus/message.h"
#include "lib/bus/outbox.h"
#include "lib/pki/tls.h"

#define TICK       HL_SECOND /* keep-alive and time-outs are looked at */
#define CLOSE_WAIT HL_SECOND
#define HEAP       64 /* publications: the thread begins before the loop's turn is over */
/* Turns that follow each other this closely, so many of them, are close succession (as in lib/base/mailbox.c). */
#define GATHER_US    1000
#define GATHER_TURNS 8

typedef enum { ORDER_PUBLISH, ORDER_SUBSCRIBE, ORDER_CLOSE } OrderKind;

/* What the loop wants of the thread. */
typedef struct {
    OrderKind kind;
    HlBusMessage message;   /* ORDER_PUBLISH: owned */
    HlLinkSending *sending; /* borrowed; NULL: QoS 0 */
    GStrv filters;          /* ORDER_SUBSCRIBE */
    guint n_live;
    int qos;
    HlLinkClose how;
} Order;

struct HlLink {
    HlMq mq; /* the thread's, while there is one */
    char *host;
    uint16_t port;
    int wake;       /* eventfd */
    GSource *turns; /* of the loop */
    bool started;   /* the loop's */
    pthread_t thread;

    bool behind;    /* the thread's, with what follows: what is written waits for the end of the turn */
    bool unsent;    /* and the socket took not all of it */
    gint64 turn_us; /* the last turn */
    guint in_row;   /* of turns in close succession */
    GQueue held;    /* Order *: publications that wait for those under way */
    guint passed;   /* them, of urgent ones: hl_outbox_is_others_turn */
    HlFlight flight;

    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t ended;
    GQueue orders;
    bool told;      /* the thread comes for the orders */
    bool resolving; /* cannot be interrupted, and posts nothing */
    bool shut, over;
    guint owners;
};

static void order_free(gpointer item)
{
    Order *order = item;

    hl_bus_message_clear(&order->message);
    g_strfreev(order->filters);
    g_free(order);
}

static void let_go(HlLink *link)
{
    bool is_last;

    pthread_mutex_lock(&link->lock);
    is_last = --link->owners == 0;
    pthread_mutex_unlock(&link->lock);
    if (!is_last)
        return;
    hl_mq_clear(&link->mq);
    g_queue_clear_full(&link->orders, order_free);
    g_queue_clear_full(&link->held, order_free);
    pthread_mutex_destroy(&link->lock);
    pthread_cond_destroy(&link->ended);
    if (link->wake >= 0)
        close(link->wake);
    g_free(link->host);
    g_free(link);
}

/* ------------------------------------------------------------------------------------------------------- the thread */

static void subscribe(HlLink *link, const Order *order)
{
    const char *problem = hl_mq_subscribe(&link->mq, order->filters, order->n_live, order->qos);

    if (problem != NULL)
        hl_link_post(link->mq.events, link,
                     (HlLinkEvent){ .kind = HL_LINK_FAILED, .text = hl_unconst(problem), .is_final = true });
}

static void publish(HlLink *link, const Order *order)
{
    if (order->sending != NULL)
        hl_flight_add(&link->flight, g_get_monotonic_time());
    if (!hl_mq_publish(&link->mq, &order->message, order->sending) && order->sending != NULL)
        hl_link_post(link->mq.events, link, (HlLinkEvent){ .kind = HL_LINK_SEND_FAILED, .sending = order->sending });
}

static bool has_room(const HlLink *link)
{
    return hl_mq_under_way(&link->mq) < link->flight.most;
}

static void publish_first_held(HlLink *link)
{
    Order *order = g_queue_pop_head(&link->held);

    publish(link, order);
    order_free(order);
}

/* As many of those that wait as may be under way; all of them before the end. */
static void publish_held(HlLink *link, bool all)
{
    hl_flight_note(&link->flight, hl_mq_under_way(&link->mq), !g_queue_is_empty(&link->held), g_get_monotonic_time());
    while (link->mq.stage != HL_MQ_OVER && !g_queue_is_empty(&link->held) && (all || has_room(link)))
        publish_first_held(link);
}

/* true: it waits with others.  What is urgent does not, but it passes them only in its turns. */
static bool hold(HlLink *link, Order *order)
{
    bool waits = !g_queue_is_empty(&link->held);

    if (order->sending == NULL) /* nothing says when it has arrived */
        return false;
    if (order->message.urgent) {
        if (hl_outbox_is_others_turn(&link->passed, waits))
            publish_first_held(link);
        return false;
    }
    if (!waits && has_room(link))
        return false;
    g_queue_push_tail(&link->held, order);
    return true;
}

/* What the turn wrote.  Where it fails, the end is there to be read, and says more. */
static void flush(HlLink *link)
{
    if (!link->behind && link->mq.secure && link->mq.stage == HL_MQ_CONNECTED)
        link->behind = hl_tls_write_behind(mosquitto_ssl_get(link->mq.client));
    link->unsent = link->behind && link->mq.stage != HL_MQ_OVER &&
                   hl_tls_flush(mosquitto_ssl_get(link->mq.client)) == HL_TLS_WANT_WRITE;
}

/* The library closes the connection behind DISCONNECT, whatever the socket took of it: what comes before it leaves
 * first, as far as the broker takes it in time.  While it connects there is nothing yet that could. */
static void flush_all(HlLink *link)
{
    struct pollfd out = { .fd = hl_mq_descriptor(&link->mq), .events = POLLOUT };
    HlTime until = hl_clock_mono() + CLOSE_WAIT;

    flush(link);
    while (link->mq.stage == HL_MQ_CONNECTED && (link->unsent || hl_mq_wants_write(&link->mq)) &&
           poll(&out, 1, (int)MAX(until - hl_clock_mono(), 0)) > 0) {
        hl_mq_write(&link->mq);
        flush(link);
    }
    if (link->behind && !link->unsent)
        link->behind = hl_tls_write_through(mosquitto_ssl_get(link->mq.client)) != HL_TLS_DONE;
}

/* Takes the order. */
static void carry_out(HlLink *link, Order *order)
{
    if (link->mq.stage == HL_MQ_OVER) {
        order_free(order);
        return;
    }
    switch (order->kind) {
    case ORDER_PUBLISH:
        if (hold(link, order))
            return;
        publish(link, order);
        break;
    case ORDER_SUBSCRIBE:
        subscribe(link, order);
        break;
    case ORDER_CLOSE:
        publish_held(link, true);
        flush_all(link);
        if (link->mq.stage != HL_MQ_OVER)
            hl_mq_disconnect(&link->mq, order->how);
        break;
    }
    order_free(order);
}

/* false: it was shut. */
static bool take_orders(HlLink *link)
{
    GQueue orders;
    Order *order;
    bool goes_on;
    uint64_t count;

    while (read(link->wake, &count, sizeof count) < 0 && errno == EINTR)
        continue;
    pthread_mutex_lock(&link->lock);
    orders = link->orders;
    g_queue_init(&link->orders);
    link->told = false;
    goes_on = !link->shut;
    pthread_mutex_unlock(&link->lock);
    while ((order = g_queue_pop_head(&orders)) != NULL) {
        if (goes_on)
            carry_out(link, order);
        else
            order_free(order);
    }
    return goes_on;
}

/* What the descriptors say; *drained: nothing is left to read.  false: it was shut. */
static bool serve(HlLink *link, const struct pollfd *fds, bool *drained)
{
    bool goes_on = true;

    if (fds[1].revents != 0) {
        goes_on = take_orders(link);
        flush(link); /* others wait for it; reading may take a while */
    }
    if (goes_on && (fds[0].revents & POLLOUT) != 0 && link->mq.stage != HL_MQ_OVER)
        hl_mq_write(&link->mq);
    if (goes_on && ((fds[0].revents & ~POLLOUT) != 0 || !*drained) && link->mq.stage != HL_MQ_OVER)
        *drained = hl_mq_read(&link->mq);
    if (goes_on && link->mq.stage != HL_MQ_OVER)
        publish_held(link, false);
    if (goes_on && *drained && (fds[0].revents & (POLLERR | POLLHUP)) != 0)
        hl_mq_end(&link->mq, "connection lost");
    flush(link);
    return goes_on;
}

/* Whether the next turn is put off.  One that was comes late by itself: there, what it found to read counts. */
static bool is_busy(HlLink *link, bool was_put_off, bool found)
{
    gint64 now = g_get_monotonic_time();
    bool close_by = was_put_off ? found : now - link->turn_us < GATHER_US;

    link->in_row = close_by ? MIN(link->in_row + 1, GATHER_TURNS) : 0;
    link->turn_us = now;
    return link->in_row == GATHER_TURNS;
}

/* Until the link is over, or shut. */
static void serve_all(HlLink *link)
{
    HlTime tick_at = hl_clock_mono() + TICK;
    bool reached = false; /* by TCP: until then being writable is the news, from then on it is no news */
    bool drained = true;
    bool goes_on = true;
    bool busy = false;

    while (goes_on && link->mq.stage != HL_MQ_OVER) {
        HlTime now = hl_clock_mono();
        short out = !reached || link->unsent || hl_mq_wants_write(&link->mq) ? POLLOUT : 0;
        struct pollfd fds[] = { { .fd = hl_mq_descriptor(&link->mq), .events = POLLIN | out },
                                { .fd = link->wake, .events = POLLIN } };

        if (busy && drained)
            poll(&fds[1], 1, GATHER_US / 1000); /* an order ends it */
        if (poll(fds, G_N_ELEMENTS(fds), drained ? (int)MAX(tick_at - now, 0) : 0) < 0)
            continue;
        reached = reached || (fds[0].revents & POLLOUT) != 0;
        goes_on = serve(link, fds, &drained);
        busy = is_busy(link, busy, (fds[0].revents & POLLIN) != 0);
        if (!goes_on || hl_clock_mono() < tick_at)
            continue;
        tick_at = hl_clock_mono() + TICK;
        hl_mq_tick(&link->mq);
        flush(link);
    }
}

static bool is_shut_after_dial(HlLink *link)
{
    bool shut;

    pthread_mutex_lock(&link->lock);
    link->resolving = false;
    shut = link->shut;
    pthread_mutex_unlock(&link->lock);
    return shut;
}

static void *run(void *user)
{
    HlLink *link = user;
    const char *problem = hl_mq_dial(&link->mq, link->host, link->port);

    if (is_shut_after_dial(link)) { /* meanwhile: nobody waits for this thread */
        let_go(link);
        return NULL;
    }
    if (problem != NULL)
        hl_mq_end(&link->mq, problem); /* the bus looks for the cause */
    else if (link->mq.secure)
        hl_tls_read_ahead(mosquitto_ssl_get(link->mq.client));
    serve_all(link);
    pthread_mutex_lock(&link->lock);
    link->over = true;
    pthread_cond_signal(&link->ended);
    pthread_mutex_unlock(&link->lock);
    return NULL;
}

/* --------------------------------------------------------------------------------------------------------- the loop */

/* Under the lock. */
static void tell(HlLink *link)
{
    uint64_t one = 1;

    link->told = true;
    while (write(link->wake, &one, sizeof one) < 0 && errno == EINTR)
        continue;
}

typedef struct {
    GSource base;
    HlLink *link;
} TurnSource;

/* The last turn is over: what it left goes out. */
static gboolean prepare(GSource *base, int *timeout)
{
    HlLink *link = ((TurnSource *)base)->link;

    *timeout = -1;
    pthread_mutex_lock(&link->lock);
    if (!link->told && !g_queue_is_empty(&link->orders))
        tell(link);
    pthread_mutex_unlock(&link->lock);
    return FALSE;
}

static gboolean dispatch(GSource *base G_GNUC_UNUSED, GSourceFunc callback G_GNUC_UNUSED, gpointer user G_GNUC_UNUSED)
{
    return G_SOURCE_CONTINUE;
}

static GSourceFuncs turn_functions = { .prepare = prepare, .dispatch = dispatch };

static void watch_turns(HlLink *link, GMainContext *context)
{
    link->turns = g_source_new(&turn_functions, sizeof(TurnSource));
    ((TurnSource *)link->turns)->link = link;
    g_source_set_priority(link->turns, G_PRIORITY_HIGH); /* those below what is ready are not asked */
    g_source_attach(link->turns, context);
}

static void put(HlLink *link, const Order *value)
{
    Order *order = g_memdup2(value, sizeof *value);

    pthread_mutex_lock(&link->lock);
    g_queue_push_tail(&link->orders, order);
    if (!link->told && (order->kind != ORDER_PUBLISH || link->orders.length >= HEAP))
        tell(link);
    pthread_mutex_unlock(&link->lock);
}

HlLink *hl_link_new(HlMailbox *events, HlMailbox *messages, const HlBusEntrance *entrance)
{
    HlLink *link = g_new0(HlLink, 1);
    pthread_condattr_t monotonic;

    hl_mq_init(&link->mq, link, events, messages, entrance);
    link->wake = -1;
    link->owners = 1;
    g_queue_init(&link->orders);
    g_queue_init(&link->held);
    link->flight = (HlFlight)HL_FLIGHT_INIT;
    pthread_mutex_init(&link->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&link->ended, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return link;
}

const char *hl_link_connect(HlLink *link, const HlLinkSpec *spec)
{
    const char *problem;

    if (!hl_place_parse(spec->broker, &link->host, &link->port))
        return "its address is not of the form host:port or [IPv6]:port";
    if (spec->proxy != NULL)
        return "this program cannot reach a broker through a proxy";
    link->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (link->wake < 0)
        return "no descriptor is left for its thread";
    problem = hl_mq_make(&link->mq, spec);
    if (problem != NULL) {
        hl_mq_end(&link->mq, problem); /* the bus looks for the cause */
        return NULL;
    }
    link->resolving = true;
    link->started = pthread_create(&link->thread, NULL, run, link) == 0;
    if (!link->started)
        return "no thread can be started for it";
    watch_turns(link, spec->context);
    return NULL;
}

const char *hl_link_subscribe(HlLink *link, char *const *filters, guint n_live, int qos)
{
    put(link,
        &(Order){ .kind = ORDER_SUBSCRIBE, .filters = g_strdupv(hl_unconst(filters)), .n_live = n_live, .qos = qos });
    return NULL;
}

bool hl_link_close(HlLink *link, HlLinkClose how)
{
    put(link, &(Order){ .kind = ORDER_CLOSE, .how = how });
    return true;
}

void hl_link_wait_closed(HlLink *link)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += CLOSE_WAIT / HL_SECOND;
    pthread_mutex_lock(&link->lock);
    while (!link->over && pthread_cond_timedwait(&link->ended, &link->lock, &until) == 0)
        continue;
    pthread_mutex_unlock(&link->lock);
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
    put(link, &(Order){ .kind = ORDER_PUBLISH, .message = hl_bus_message_copy(message), .sending = *sending });
    return true;
}

/* The thread ends at once, unless the resolver holds it: then it ends by itself, and says nothing. */
void hl_link_shut(HlLink *link)
{
    bool leaves;

    if (link->turns != NULL)
        g_source_destroy(link->turns);
    g_clear_pointer(&link->turns, g_source_unref);
    if (!link->started)
        return;
    link->started = false;
    pthread_mutex_lock(&link->lock);
    link->shut = true;
    leaves = link->resolving;
    link->owners += leaves;
    tell(link);
    pthread_mutex_unlock(&link->lock);
    if (leaves)
        hl_leavers_add(link->thread);
    else
        pthread_join(link->thread, NULL);
    if (!leaves)
        hl_mq_clear(&link->mq);
}

void hl_link_free(HlLink *link)
{
    if (link == NULL)
        return;
    hl_link_shut(link);
    let_go(link);
}
