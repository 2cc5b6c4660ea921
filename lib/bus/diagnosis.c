/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/bus/diagnosis.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/network.h"
#include "lib/base/resolve.h"
#include "lib/pki/inquiry.h"

#define REACH_PATIENCE     (4 * HL_SECOND) /* name, connection and proxy */
#define HANDSHAKE_PATIENCE (4 * HL_SECOND)
#define SETTLE_PATIENCE    HL_SECOND /* a server that turns this machine away says so within a round trip */
#define ANSWER_MAX         4096      /* bytes of the head of a proxy's answer */
#define STATUS_MAX         80        /* of it, for people */

struct HlDiagnosis {
    char *broker, *ca_path, *cert_path, *key_path, *proxy, *said;
    HlMailbox *results;
    guint64 number;
    int cancel; /* eventfd */
    pthread_t thread;
};

/* What the thread has at hand. */
typedef struct {
    const HlDiagnosis *diagnosis;
    char *host; /* the broker's */
    uint16_t port;
    HlTime deadline;                     /* mono */
    char *asked, *place, *file, *detail; /* for the sentence, as in HlCauseFacts; asked is its host */
    HlTime date;
    HlCert *shown; /* the broker's */
} Look;

static void clear_look(Look *look)
{
    g_free(look->host);
    g_free(look->asked);
    g_free(look->place);
    g_free(look->file);
    g_free(look->detail);
    hl_cert_free(look->shown);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Look, clear_look)

static void note(char **fact, const char *text)
{
    g_free(*fact);
    *fact = g_strdup(text);
}

/* false when the deadline has passed, or nobody wants to know any more. */
static bool wait_for(const Look *look, int fd, short events, HlTime deadline)
{
    for (;;) {
        struct pollfd fds[] = { { .fd = fd, .events = events }, { .fd = look->diagnosis->cancel, .events = POLLIN } };
        HlTime left = deadline - hl_clock_mono();
        int n = left > 0 ? poll(fds, G_N_ELEMENTS(fds), (int)left) : 0;

        if (n < 0 && errno == EINTR)
            continue;
        return n > 0 && fds[1].revents == 0;
    }
}

/* --------------------------------------------------------------------------------------------------- the connection */

static const struct {
    int error;
    HlCause cause;
} refusals[] = {
    { ECONNREFUSED, HL_CAUSE_REFUSED },   { ENETUNREACH, HL_CAUSE_NO_ROUTE }, { EHOSTUNREACH, HL_CAUSE_NO_ROUTE },
    { EADDRNOTAVAIL, HL_CAUSE_NO_ROUTE }, { ETIMEDOUT, HL_CAUSE_SILENT },
};

static HlCause cause_of_errno(Look *look, int error)
{
    note(&look->detail, strerrordesc_np(error)); /* strerror() and g_strerror() keep a memory that threads share */
    for (gsize i = 0; i < G_N_ELEMENTS(refusals); i++)
        if (refusals[i].error == error)
            return refusals[i].cause;
    return HL_CAUSE_BROKEN;
}

static HlCause connect_to(Look *look, const struct addrinfo *address, HlTime deadline, int *connection)
{
    hl_autofd int fd =
        socket(address->ai_family, address->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, address->ai_protocol);
    int error = 0;
    socklen_t size = sizeof error;

    if (fd < 0)
        return cause_of_errno(look, errno);
    if (connect(fd, address->ai_addr, address->ai_addrlen) != 0) {
        if (errno != EINPROGRESS)
            return cause_of_errno(look, errno);
        if (!wait_for(look, fd, POLLOUT, deadline))
            return HL_CAUSE_SILENT;
        if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0)
            return cause_of_errno(look, error);
    }
    *connection = g_steal_fd(&fd);
    return HL_CAUSE_NONE;
}

/* The first address that takes the connection will do; each gets its share of the time that is left.  If none does, the
 * first one's cause is told: it is the one that the system prefers. */
static HlCause connect_to_any(Look *look, const struct addrinfo *addresses, int *connection)
{
    HlCause first = HL_CAUSE_NONE;
    int left = 0;

    for (const struct addrinfo *at = addresses; at != NULL; at = at->ai_next)
        left++;
    for (const struct addrinfo *at = addresses; at != NULL; at = at->ai_next) {
        HlTime now = hl_clock_mono();
        g_autofree char *before = g_strdup(look->detail);
        HlCause cause = connect_to(look, at, now + (look->deadline - now) / left--, connection);

        if (cause == HL_CAUSE_NONE)
            return cause;
        if (first == HL_CAUSE_NONE)
            first = cause;
        else
            note(&look->detail, before);
    }
    return first;
}

static HlCause dial(Look *look, const char *host, uint16_t port, int *connection)
{
    HlResolution *resolution = hl_resolve(host, port);
    const struct addrinfo *addresses;
    const char *problem;
    HlCause cause = HL_CAUSE_NAME_SERVERS;

    note(&look->asked, host);
    if (resolution != NULL && wait_for(look, hl_resolution_fd(resolution), POLLIN, look->deadline)) {
        addresses = hl_resolution_addresses(resolution, &problem);
        cause = addresses != NULL ? connect_to_any(look, addresses, connection) : HL_CAUSE_NO_NAME;
        if (addresses == NULL)
            note(&look->detail, problem);
    }
    hl_resolution_free(resolution);
    return cause;
}

/* -------------------------------------------------------------------------------------------------------- the proxy */

/* "Proxy-Authorization: ...\r\n", or "" if the proxy has no user.  Caller frees. */
static char *authorization(const char *user)
{
    g_autofree char *plain = user != NULL ? g_uri_unescape_string(user, NULL) : NULL;
    g_autofree char *encoded = plain != NULL ? g_base64_encode((const guchar *)plain, strlen(plain)) : NULL;

    return encoded != NULL ? g_strdup_printf("Proxy-Authorization: Basic %s\r\n", encoded) : g_strdup("");
}

static bool send_request(const Look *look, int fd, const char *user)
{
    g_autofree char *target = hl_place_print(look->host, look->port);
    g_autofree char *login = authorization(user);
    g_autofree char *request = g_strdup_printf("CONNECT %s HTTP/1.1\r\nHost: %s\r\n%s\r\n", target, target, login);
    gsize size = strlen(request); /* below what an empty socket takes at once */

    return send(fd, request, size, MSG_NOSIGNAL) == (ssize_t)size;
}

/* "HTTP/1.1 200 OK": the cause that it stands for. */
static HlCause judge_status(Look *look, const char *head)
{
    g_autofree char *line = g_strndup(head, strcspn(head, "\r\n"));
    const char *status = line + MIN(strlen(line), strlen("HTTP/1.1 "));
    guint64 code = g_ascii_strtoull(status, NULL, 10);

    if (!g_str_has_prefix(line, "HTTP/1.") || code < 100 || code > 999) {
        note(&look->detail, "no status line");
        return HL_CAUSE_PROXY_STRANGE;
    }
    g_free(look->detail);
    look->detail = g_strndup(status, STATUS_MAX);
    if (code >= 200 && code < 300)
        return HL_CAUSE_NONE;
    if (code == 407)
        return HL_CAUSE_PROXY_LOGIN;
    return code >= 500 ? HL_CAUSE_PROXY_FAILS : HL_CAUSE_PROXY_DENIES;
}

/* Nobody behind the proxy speaks first, so what is read belongs to its answer. */
static HlCause ask_proxy(Look *look, int fd, const char *user)
{
    char head[ANSWER_MAX + 1];
    gsize size = 0;

    if (!send_request(look, fd, user))
        return cause_of_errno(look, errno);
    while (size < ANSWER_MAX) {
        ssize_t got;

        if (!wait_for(look, fd, POLLIN, look->deadline))
            return HL_CAUSE_PROXY_SILENT;
        got = recv(fd, head + size, ANSWER_MAX - size, 0);
        if (got < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (got <= 0)
            break;
        size += (gsize)got;
        head[size] = '\0';
        if (strstr(head, "\r\n\r\n") != NULL)
            return judge_status(look, head);
    }
    note(&look->detail, size < ANSWER_MAX ? "it closes the connection" : "no end of its answer");
    return HL_CAUSE_PROXY_STRANGE;
}

static HlCause reach_by_proxy(Look *look, int *connection)
{
    const char *proxy = look->diagnosis->proxy;
    const char *begin = g_str_has_prefix(proxy, "http://") ? proxy + strlen("http://") : proxy;
    const char *at = strrchr(begin, '@');
    g_autofree char *user = at != NULL ? g_strndup(begin, (gsize)(at - begin)) : NULL;
    g_autofree char *host = NULL;
    uint16_t port;
    HlCause cause;

    g_free(look->place);
    look->place = g_strdup_printf("the proxy %s", at != NULL ? at + 1 : begin);
    if (!hl_place_parse(at != NULL ? at + 1 : begin, &host, &port)) {
        note(&look->detail, "its address is not of the form host:port");
        return HL_CAUSE_BROKEN;
    }
    cause = dial(look, host, port, connection);
    return cause == HL_CAUSE_NONE ? ask_proxy(look, *connection, user) : cause;
}

static HlCause reach(Look *look, int *connection)
{
    if (look->diagnosis->proxy != NULL)
        return reach_by_proxy(look, connection);
    note(&look->place, "that address");
    return dial(look, look->host, look->port, connection);
}

/* -------------------------------------------------------------------------------------------------------------- TLS */

static const HlCause causes[] = {
    [HL_INQUIRY_ACCEPTED] = HL_CAUSE_NONE,
    [HL_INQUIRY_UNUSABLE] = HL_CAUSE_UNUSABLE,
    [HL_INQUIRY_OWN_ENDED] = HL_CAUSE_OWN_ENDED,
    [HL_INQUIRY_OWN_NOT_YET] = HL_CAUSE_OWN_NOT_YET,
    [HL_INQUIRY_OTHER_AUTHORITY] = HL_CAUSE_OTHER_AUTHORITY,
    [HL_INQUIRY_OTHER_NAMES] = HL_CAUSE_OTHER_NAMES,
    [HL_INQUIRY_SERVER_ENDED] = HL_CAUSE_SERVER_ENDED,
    [HL_INQUIRY_SERVER_NOT_YET] = HL_CAUSE_SERVER_NOT_YET,
    [HL_INQUIRY_SERVER_INVALID] = HL_CAUSE_SERVER_INVALID,
    [HL_INQUIRY_TURNED_AWAY] = HL_CAUSE_TURNED_AWAY,
    [HL_INQUIRY_UNKNOWN_AUTHORITY] = HL_CAUSE_UNKNOWN_AUTHORITY,
    [HL_INQUIRY_NO_AGREEMENT] = HL_CAUSE_NO_AGREEMENT,
    [HL_INQUIRY_NOT_TLS] = HL_CAUSE_NOT_TLS,
    [HL_INQUIRY_CLOSED] = HL_CAUSE_CLOSED,
};

static HlCause cause_of(Look *look, const HlInquiry *inquiry, HlInquiryOutcome outcome)
{
    const HlDiagnosis *diagnosis = look->diagnosis;

    g_assert(outcome < G_N_ELEMENTS(causes));
    note(&look->asked, look->host);
    note(&look->detail, hl_inquiry_detail(inquiry));
    note(&look->file, outcome == HL_INQUIRY_OTHER_AUTHORITY ? diagnosis->ca_path
                      : diagnosis->cert_path != NULL        ? diagnosis->cert_path
                                                            : "this machine has none");
    look->date = hl_inquiry_date(inquiry);
    return causes[outcome];
}

static HlCause shake_hands(Look *look, HlInquiry *inquiry, int fd)
{
    HlTime deadline = hl_clock_mono() + HANDSHAKE_PATIENCE;
    bool is_settling = false;

    for (;;) {
        HlInquiryOutcome outcome = hl_inquiry_step(inquiry, fd);

        if (outcome == HL_INQUIRY_SETTLING && !is_settling) {
            is_settling = true;
            deadline = hl_clock_mono() + SETTLE_PATIENCE;
        }
        if (outcome != HL_INQUIRY_WANT_READ && outcome != HL_INQUIRY_WANT_WRITE && outcome != HL_INQUIRY_SETTLING)
            return cause_of(look, inquiry, outcome);
        if (!wait_for(look, fd, outcome == HL_INQUIRY_WANT_WRITE ? POLLOUT : POLLIN, deadline))
            return is_settling ? HL_CAUSE_NONE : HL_CAUSE_STALLED;
    }
}

static HlCause examine(Look *look)
{
    const HlDiagnosis *diagnosis = look->diagnosis;
    hl_autofd int fd = -1;
    g_autoptr(HlInquiry) inquiry = NULL;
    HlCause cause = HL_CAUSE_NONE;

    if (!hl_place_parse(diagnosis->broker, &look->host, &look->port))
        return HL_CAUSE_NONE; /* such an address does not get so far */
    if (diagnosis->ca_path != NULL) {
        inquiry = hl_inquiry_new(&(HlInquirySpec){ .ca_path = diagnosis->ca_path,
                                                   .cert_path = diagnosis->cert_path,
                                                   .key_path = diagnosis->key_path,
                                                   .host = look->host });
        cause = cause_of(look, inquiry, hl_inquiry_check_own(inquiry, hl_clock_wall()));
    }
    if (cause == HL_CAUSE_NONE)
        cause = reach(look, &fd);
    if (cause == HL_CAUSE_NONE && inquiry != NULL) {
        cause = shake_hands(look, inquiry, fd);
        look->shown = hl_inquiry_shown(inquiry) != NULL ? hl_cert_copy(hl_inquiry_shown(inquiry)) : NULL;
    }
    if (cause == HL_CAUSE_NONE)
        note(&look->detail, diagnosis->said);
    return cause;
}

/* ------------------------------------------------------------------------------------------------------- the thread */

void hl_diagnosis_result_free(gpointer item)
{
    HlDiagnosisResult *result = item;

    g_free(result->sentence);
    hl_cert_free(result->shown);
    g_free(result);
}

static void *run(void *user)
{
    HlDiagnosis *diagnosis = user;
    g_auto(Look) look = { .diagnosis = diagnosis, .deadline = hl_clock_mono() + REACH_PATIENCE };
    HlDiagnosisResult *result = g_new0(HlDiagnosisResult, 1);
    HlCauseFacts facts;

    result->number = diagnosis->number;
    result->cause = examine(&look);
    result->shown = g_steal_pointer(&look.shown);
    facts = (HlCauseFacts){ .place = look.place,
                            .host = look.asked,
                            .file = look.file,
                            .detail = look.detail,
                            .date = look.date,
                            .now = hl_clock_wall() };
    result->sentence = hl_cause_sentence(result->cause, &facts);
    if (hl_mailbox_post(diagnosis->results, result) != HL_MAILBOX_POSTED)
        hl_diagnosis_result_free(result); /* only while the bus ends */
    return NULL;
}

static void release(HlDiagnosis *diagnosis)
{
    if (diagnosis->cancel >= 0)
        close(diagnosis->cancel);
    g_free(diagnosis->broker);
    g_free(diagnosis->ca_path);
    g_free(diagnosis->cert_path);
    g_free(diagnosis->key_path);
    g_free(diagnosis->proxy);
    g_free(diagnosis->said);
    g_free(diagnosis);
}

HlDiagnosis *hl_diagnosis_start(const HlDiagnosisSpec *spec, HlMailbox *results, guint64 number)
{
    HlDiagnosis *diagnosis = g_new0(HlDiagnosis, 1);

    diagnosis->cancel = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    diagnosis->broker = g_strdup(spec->broker);
    diagnosis->ca_path = g_strdup(spec->ca_path);
    diagnosis->cert_path = g_strdup(spec->cert_path);
    diagnosis->key_path = g_strdup(spec->key_path);
    diagnosis->proxy = g_strdup(spec->proxy);
    diagnosis->said = g_strdup(spec->said);
    diagnosis->results = results;
    diagnosis->number = number;
    if (diagnosis->cancel < 0 || pthread_create(&diagnosis->thread, NULL, run, diagnosis) != 0) {
        release(diagnosis);
        return NULL;
    }
    return diagnosis;
}

void hl_diagnosis_free(HlDiagnosis *diagnosis)
{
    uint64_t one = 1;

    if (diagnosis == NULL)
        return;
    while (write(diagnosis->cancel, &one, sizeof one) < 0 && errno == EINTR)
        continue;
    pthread_join(diagnosis->thread, NULL);
    release(diagnosis);
}
