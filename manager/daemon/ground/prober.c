/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/ground/prober.h"

#include <arpa/inet.h>
#include <errno.h>
#include <glib-unix.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/ident.h"
#include "lib/base/mailbox.h"
#include "manager/core/dialable.h"
#include "proto/direct.h"

/* Connects begun in one turn of the thread's loop, so that answers are read in between. */
#define TURN_STARTS 200
#define TURN_EVENTS 64
#define TURN_MS     10

const MgrProberLimits mgr_prober_limits = { .at_once = 1000, .deadline = 3 * HL_SECOND, .waiting = 100000 };

typedef enum { CONNECTING, HANDSHAKE, SENDING, RECEIVING } Stage;

typedef struct {
    char *endpoint, *address;
    uint16_t port;
    uint8_t asked, told;
    MgrLane lane;
    uint32_t generation;

    GList link; /* in MgrProber.active */
    int fd;
    HlTls *tls;
    Stage stage;
    uint32_t events; /* that epoll watches */
    HlTime start, end;
    uint8_t to_ask; /* of asked: not sent yet */
    bool ping_answered;
    HlDirectFrame frame; /* the request under way */
    uint8_t bytes[HL_DIRECT_SIZE];
    gsize n;
    MgrReach reach;
    char *detail;
} Dial;

struct MgrProber {
    MgrProberLimits limits;
    HlTlsContext *tls; /* atomic */
    MgrDialDone done;
    gpointer user;
    pthread_t thread;
    HlMailbox *results;
    gsize pending;

    /* the thread's own from here */
    GMainContext *context;
    HlMailbox *dials; /* of Dial; &prober->stop_mark ends the thread */
    char stop_mark;
    bool stopping;
    int epoll;
    GSource *epoll_source, *timer;
    GQueue lanes[MGR_LANE_N];
    GQueue active; /* oldest first; one deadline for all, so the head is due first */
};

static void dial_free(gpointer data)
{
    Dial *dial = data;

    if (dial->fd >= 0)
        close(dial->fd);
    hl_tls_free(dial->tls);
    g_free(dial->endpoint);
    g_free(dial->address);
    g_free(dial->detail);
    g_free(dial);
}

/* What an errno of socket() or connect() says about the way there. */
static MgrReach reach_of(int error)
{
    switch (error) {
    case ECONNREFUSED:
    case ECONNRESET:
        return MGR_REACH_REFUSED;
    case ETIMEDOUT:
        return MGR_REACH_TIMEOUT;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
    case EADDRNOTAVAIL: /* no local port left */
        return MGR_REACH_NOT_PROBED;
    default: /* the many ways in which there is no way: ENETUNREACH, EHOSTUNREACH, EACCES, EINVAL, ... */
        return MGR_REACH_NO_ROUTE;
    }
}

/* Takes the detail, and gives the dial away: the loop thread may free it before this returns. */
static void finish(MgrProber *prober, Dial *dial, MgrReach reach, char *detail)
{
    g_queue_unlink(&prober->active, &dial->link);
    dial->reach = reach;
    dial->detail = detail;
    dial->end = hl_clock_mono();
    if (dial->tls != NULL)
        hl_tls_close(dial->tls);
    g_clear_pointer(&dial->tls, hl_tls_free);
    if (dial->fd >= 0)
        close(dial->fd);
    dial->fd = -1;
    /* as large as the number of dials that may be pending: never full */
    if (hl_mailbox_post(prober->results, dial) != HL_MAILBOX_POSTED)
        g_error("prober: more results than dials");
}

static void fail(MgrProber *prober, Dial *dial, int error)
{
    finish(prober, dial, reach_of(error), g_strdup(g_strerror(error)));
}

/* The next thing to say: ping first, then what was asked.  false: all is said. */
static bool next_request(Dial *dial)
{
    HlDirectKind kind = HL_DIRECT_PING;

    if (dial->ping_answered) {
        if (dial->to_ask == 0)
            return false;
        kind = dial->to_ask & MGR_DIAL_SETTINGS ? HL_DIRECT_SETTINGS_CHANGED : HL_DIRECT_UPDATE_NOW;
        dial->to_ask &= (uint8_t) ~(kind == HL_DIRECT_SETTINGS_CHANGED ? MGR_DIAL_SETTINGS : MGR_DIAL_UPDATE_NOW);
    }
    dial->frame = (HlDirectFrame){ .kind = (uint8_t)kind, .number = hl_random_u64() };
    hl_direct_pack(&dial->frame, dial->bytes);
    dial->n = 0;
    dial->stage = SENDING;
    return true;
}

/* false: an answer to something else. */
static bool take_answer(Dial *dial)
{
    HlDirectFrame answer;

    if (!hl_direct_unpack(dial->bytes, &answer) || answer.number != dial->frame.number ||
        answer.kind != dial->frame.kind || answer.answer == HL_DIRECT_REQUEST)
        return false;
    if (answer.kind == HL_DIRECT_PING)
        dial->ping_answered = true;
    else if (answer.answer == HL_DIRECT_TAKEN)
        dial->told |= answer.kind == HL_DIRECT_SETTINGS_CHANGED ? MGR_DIAL_SETTINGS : MGR_DIAL_UPDATE_NOW;
    return true;
}

/* One step of TLS and of what is said over it.  HL_TLS_DONE: go on.  *ended: finished, and the dial is no longer ours.
 */
static HlTlsOutcome converse(MgrProber *prober, Dial *dial, bool *ended)
{
    HlTlsOutcome outcome;
    gsize n = 0;

    if (dial->stage == HANDSHAKE) {
        outcome = hl_tls_handshake(dial->tls);
        if (outcome != HL_TLS_DONE)
            return outcome;
        *ended =
            hl_tls_peer_kind(dial->tls) != HL_CERT_ENDPOINT || strcmp(hl_tls_peer_cn(dial->tls), dial->endpoint) != 0;
        if (*ended)
            finish(prober, dial, MGR_REACH_WRONG_HOST,
                   g_strdup_printf("it is %s %.64s", hl_cert_kind_name(hl_tls_peer_kind(dial->tls)),
                                   hl_tls_peer_cn(dial->tls)));
        else
            next_request(dial);
        return HL_TLS_DONE;
    }
    outcome = dial->stage == SENDING ? hl_tls_write(dial->tls, dial->bytes + dial->n, HL_DIRECT_SIZE - dial->n, &n)
                                     : hl_tls_read(dial->tls, dial->bytes + dial->n, HL_DIRECT_SIZE - dial->n, &n);
    dial->n += n;
    if (outcome != HL_TLS_DONE || dial->n < HL_DIRECT_SIZE)
        return outcome;
    dial->n = 0;
    if (dial->stage == SENDING) {
        dial->stage = RECEIVING;
        return HL_TLS_DONE;
    }
    *ended = true;
    if (!take_answer(dial))
        finish(prober, dial, MGR_REACH_WRONG_HOST, g_strdup("it answers another protocol"));
    else if (!next_request(dial))
        finish(prober, dial, MGR_REACH_REACHABLE, g_strdup("it answered"));
    else
        *ended = false;
    return HL_TLS_DONE;
}

/* The connection ended before all was said. */
static void broken(MgrProber *prober, Dial *dial, const char *why)
{
    if (dial->stage == HANDSHAKE)
        finish(prober, dial, MGR_REACH_WRONG_HOST, g_strdup_printf("it answers, but not as this endpoint: %s", why));
    else if (dial->ping_answered)
        finish(prober, dial, MGR_REACH_REACHABLE, g_strdup_printf("it answered, then: %s", why));
    else
        finish(prober, dial, MGR_REACH_REFUSED, g_strdup_printf("the endpoint rejected the manager: %s", why));
}

static void await(MgrProber *prober, Dial *dial, uint32_t events)
{
    struct epoll_event event = { .events = events, .data.ptr = dial };

    if (dial->events == events)
        return;
    if (epoll_ctl(prober->epoll, dial->events == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, dial->fd, &event) < 0)
        g_error("prober: epoll_ctl: %s", g_strerror(errno));
    dial->events = events;
}

static void advance(MgrProber *prober, Dial *dial)
{
    HlTlsOutcome outcome = HL_TLS_DONE;
    bool ended = false;
    int error = 0;
    socklen_t size = sizeof error;

    if (dial->stage == CONNECTING) {
        getsockopt(dial->fd, SOL_SOCKET, SO_ERROR, &error, &size);
        if (error != 0) {
            fail(prober, dial, error);
            return;
        }
        dial->stage = HANDSHAKE;
        dial->tls = hl_tls_new(__atomic_load_n(&prober->tls, __ATOMIC_ACQUIRE), dial->fd);
    }
    while (outcome == HL_TLS_DONE && !ended)
        outcome = converse(prober, dial, &ended);
    switch (outcome) {
    case HL_TLS_WANT_READ:
        await(prober, dial, EPOLLIN);
        break;
    case HL_TLS_WANT_WRITE:
        await(prober, dial, EPOLLOUT);
        break;
    case HL_TLS_FAILED:
        broken(prober, dial, hl_tls_problem(dial->tls));
        break;
    case HL_TLS_CLOSED:
        broken(prober, dial, "it closed the connection");
        break;
    case HL_TLS_DONE:
        break;
    }
}

/* 0: text that is no address. */
static socklen_t fill_address(const char *text, uint16_t port, struct sockaddr_storage *address)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)address;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address;

    memset(address, 0, sizeof *address);
    if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        return sizeof *v4;
    }
    if (inet_pton(AF_INET6, text, &v6->sin6_addr) != 1)
        return 0;
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    return sizeof *v6;
}

/* Whether it is this machine's: towards an address of its own the kernel sends from that address.  Connecting a UDP
 * socket sends nothing, it only looks the route up; and it is of now, however often interfaces come and go. */
static bool is_own(const struct sockaddr_storage *address, socklen_t size)
{
    hl_autofd int fd = socket(address->ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct sockaddr_storage source;
    socklen_t source_size = sizeof source;
    const struct sockaddr_in *v4[] = { (const struct sockaddr_in *)address, (const struct sockaddr_in *)&source };
    const struct sockaddr_in6 *v6[] = { (const struct sockaddr_in6 *)address, (const struct sockaddr_in6 *)&source };

    if (fd < 0 || connect(fd, (const struct sockaddr *)address, size) != 0 ||
        getsockname(fd, (struct sockaddr *)&source, &source_size) != 0)
        return false;
    return address->ss_family == AF_INET ? v4[0]->sin_addr.s_addr == v4[1]->sin_addr.s_addr
                                         : IN6_ARE_ADDR_EQUAL(&v6[0]->sin6_addr, &v6[1]->sin6_addr);
}

/* The end of a dial whose address is not dialled, or *size of the address. */
static bool refuse(MgrProber *prober, Dial *dial, struct sockaddr_storage *address, socklen_t *size)
{
    MgrDialable dialable;

    *size = dial->port != 0 ? fill_address(dial->address, dial->port, address) : 0;
    if (*size == 0) {
        finish(prober, dial, MGR_REACH_NO_ROUTE, g_strdup("no address that can be dialled was registered"));
        return true;
    }
    dialable = mgr_dialable(dial->address, is_own(address, *size), prober->limits.trial);
    if (dialable == MGR_DIALABLE)
        return false;
    finish(prober, dial, MGR_REACH_NO_ROUTE,
           g_strdup_printf("it %s, which the manager does not dial", mgr_dialable_reason(dialable)));
    return true;
}

static void start(MgrProber *prober, Dial *dial)
{
    struct sockaddr_storage address;
    socklen_t size;
    int one = 1;

    dial->start = hl_clock_mono();
    g_queue_push_tail_link(&prober->active, &dial->link);
    if (refuse(prober, dial, &address, &size))
        return;
    dial->fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (dial->fd < 0) {
        fail(prober, dial, errno);
        return;
    }
    setsockopt(dial->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(dial->fd, (struct sockaddr *)&address, size) < 0 && errno != EINPROGRESS) {
        fail(prober, dial, errno);
        return;
    }
    await(prober, dial, EPOLLOUT);
}

/* Repeats and sweeps leave a fifth of the places to those who were heard of just now. */
static guint places(const MgrProber *prober, unsigned lane)
{
    return lane == MGR_LANE_FIRST ? prober->limits.at_once : MAX(prober->limits.at_once * 4 / 5, 1);
}

static bool is_waiting(const MgrProber *prober)
{
    for (unsigned lane = 0; lane < MGR_LANE_N; lane++)
        if (prober->lanes[lane].length > 0)
            return true;
    return false;
}

static gboolean on_timer(gpointer user);

static void set_timer(MgrProber *prober)
{
    bool needed = prober->active.length > 0 || is_waiting(prober);

    if (needed && prober->timer == NULL) {
        prober->timer = g_timeout_source_new(TURN_MS);
        g_source_set_callback(prober->timer, on_timer, prober, NULL);
        g_source_attach(prober->timer, prober->context);
    } else if (!needed && prober->timer != NULL) {
        g_source_destroy(prober->timer);
        g_source_unref(prober->timer);
        prober->timer = NULL;
    }
}

static void fill(MgrProber *prober)
{
    guint started = 0;

    for (unsigned lane = 0; lane < MGR_LANE_N; lane++)
        for (; started < TURN_STARTS && prober->lanes[lane].length > 0 && prober->active.length < places(prober, lane);
             started++)
            start(prober, g_queue_pop_head(&prober->lanes[lane]));
    set_timer(prober);
}

static gboolean on_timer(gpointer user)
{
    MgrProber *prober = user;
    HlTime now = hl_clock_mono();

    while (prober->active.length > 0) {
        Dial *dial = prober->active.head->data;

        if (now - dial->start < prober->limits.deadline)
            break;
        if (dial->stage == CONNECTING)
            finish(prober, dial, MGR_REACH_TIMEOUT, g_strdup("no answer within the deadline"));
        else if (dial->stage == HANDSHAKE)
            finish(prober, dial, MGR_REACH_WRONG_HOST, g_strdup("it accepted the connection, but did not speak TLS"));
        else
            finish(prober, dial, dial->ping_answered ? MGR_REACH_REACHABLE : MGR_REACH_TIMEOUT,
                   g_strdup("this endpoint, but it did not answer in time"));
    }
    fill(prober);
    return G_SOURCE_CONTINUE;
}

static gboolean on_epoll(int fd, GIOCondition condition G_GNUC_UNUSED, gpointer user)
{
    MgrProber *prober = user;
    struct epoll_event events[TURN_EVENTS];
    int n = epoll_wait(fd, events, TURN_EVENTS, 0);

    for (int i = 0; i < n; i++)
        advance(prober, events[i].data.ptr); /* frees no dial but its own, and a dial is in the batch once */
    fill(prober);
    return G_SOURCE_CONTINUE;
}

static void on_dial(gpointer item, gpointer user)
{
    MgrProber *prober = user;

    if (item == &prober->stop_mark) {
        prober->stopping = true;
        return;
    }
    g_queue_push_tail(&prober->lanes[((Dial *)item)->lane], item);
    set_timer(prober); /* which fills: a thousand dials posted at once are one turn's work, not a thousand turns' */
}

static void *run(void *user)
{
    MgrProber *prober = user;

    pthread_setname_np(pthread_self(), "prober");
    while (!prober->stopping)
        g_main_context_iteration(prober->context, TRUE);
    for (unsigned lane = 0; lane < MGR_LANE_N; lane++)
        g_queue_clear_full(&prober->lanes[lane], dial_free);
    while (prober->active.length > 0) {
        GList *link = g_queue_pop_head_link(&prober->active);

        dial_free(link->data);
    }
    set_timer(prober);
    return NULL;
}

static void on_result(gpointer item, gpointer user)
{
    MgrProber *prober = user;
    Dial *dial = item;
    MgrDialResult result = { .endpoint = dial->endpoint,
                             .address = dial->address,
                             .generation = dial->generation,
                             .reach = dial->reach,
                             .asked = dial->asked,
                             .told = dial->told,
                             .took = dial->end - dial->start,
                             .detail = dial->detail };

    prober->pending--;
    prober->done(&result, prober->user);
    dial_free(dial);
}

static void discard_dial(gpointer item)
{
    dial_free(item);
}

static void release(MgrProber *prober)
{
    hl_mailbox_free(prober->dials);
    hl_mailbox_free(prober->results);
    g_source_destroy(prober->epoll_source);
    g_source_unref(prober->epoll_source);
    g_main_context_unref(prober->context);
    close(prober->epoll);
    g_free(prober);
}

void mgr_prober_use(MgrProber *prober, HlTlsContext *context)
{
    if (context != NULL)
        __atomic_store_n(&prober->tls, context, __ATOMIC_RELEASE);
}

MgrProber *mgr_prober_new(const MgrProberLimits *limits, HlTlsContext *context, MgrDialDone done, gpointer user,
                          GError **error)
{
    MgrProber *prober = g_new0(MgrProber, 1);
    int failed;

    prober->limits = *limits;
    prober->tls = context;
    prober->done = done;
    prober->user = user;
    prober->context = g_main_context_new();
    prober->results = hl_mailbox_new("dial results", limits->waiting, NULL, on_result, prober, discard_dial);
    prober->dials = hl_mailbox_new("dials", limits->waiting + 1, prober->context, on_dial, prober, discard_dial);
    prober->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (prober->epoll < 0)
        g_error("prober: epoll_create1: %s", g_strerror(errno));
    prober->epoll_source = g_unix_fd_source_new(prober->epoll, G_IO_IN);
    g_source_set_callback(prober->epoll_source, G_SOURCE_FUNC(on_epoll), prober, NULL);
    g_source_attach(prober->epoll_source, prober->context);
    failed = pthread_create(&prober->thread, NULL, run, prober);
    if (failed != 0) {
        release(prober);
        hl_fail_errno(error, failed, "prober: thread");
        return NULL;
    }
    return prober;
}

void mgr_prober_free(MgrProber *prober)
{
    if (prober == NULL)
        return;
    if (hl_mailbox_post(prober->dials, &prober->stop_mark) != HL_MAILBOX_POSTED) /* one place is kept for it */
        g_error("prober: cannot be stopped");
    pthread_join(prober->thread, NULL);
    release(prober);
}

bool mgr_prober_dial(MgrProber *prober, const MgrDial *dial)
{
    Dial *job;

    if (prober->pending >= prober->limits.waiting)
        return false;
    job = g_new0(Dial, 1);
    job->endpoint = g_strdup(dial->endpoint);
    job->address = g_strdup(dial->address == NULL ? "" : dial->address);
    job->port = dial->port;
    job->asked = job->to_ask = dial->tell;
    job->lane = dial->lane;
    job->generation = dial->generation;
    job->fd = -1;
    job->link.data = job;
    if (hl_mailbox_post(prober->dials, job) != HL_MAILBOX_POSTED)
        g_error("prober: more dials pending than counted");
    prober->pending++;
    return true;
}
