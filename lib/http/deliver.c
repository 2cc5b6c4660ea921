/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/http/deliver.h"

#include <curl/curl.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/base/text.h"

#define CONNECT_TIMEOUT (15 * HL_SECOND)
#define MAX_ANSWER      512         /* bytes that are kept */
#define MAX_REPLY       200         /* of them for one of the recipients */
#define CODE            4           /* bytes before the text in a line of SMTP */
#define MAX_BODY        (64 * 1024) /* bytes that are read */
#define FINAL           200         /* statuses below it are followed by another one */

typedef struct curl_slist TextList;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TextList, curl_slist_free_all)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CURL, curl_easy_cleanup)

/* One attempt under way. */
typedef struct {
    const HlDelivery *delivery;
    const char *name;           /* of the destination, for messages */
    GString *answer, *refusals; /* what was said last, and each refusal before it; the second NULL: not gathered */
    const char *const *to;      /* the recipients of a mail */
    GPtrArray *replies;         /* GString *: to each recipient; NULL: not a mail */
    gsize asked;                /* recipients of whom the server was told */
    bool is_about_one;          /* what it says now is about the last of them */
    gsize seen;                 /* of the body */
    const char *left;           /* to be sent */
    GError *refused;            /* by the judge */
    char text[CURL_ERROR_SIZE];
} Attempt;

static void init_curl(void)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        g_error("libcurl cannot be initialised");
}

static int on_progress(void *user, curl_off_t total G_GNUC_UNUSED, curl_off_t done G_GNUC_UNUSED,
                       curl_off_t up_total G_GNUC_UNUSED, curl_off_t up_done G_GNUC_UNUSED)
{
    return hl_delivery_is_stopped(((const Attempt *)user)->delivery) ? 1 : 0;
}

static curl_socket_t on_socket(void *user, curlsocktype purpose G_GNUC_UNUSED, struct curl_sockaddr *to)
{
    Attempt *attempt = user;
    const HlDelivery *delivery = attempt->delivery;
    char address[NI_MAXHOST];

    if (getnameinfo(&to->addr, to->addrlen, address, sizeof address, NULL, 0, NI_NUMERICHOST) != 0)
        return CURL_SOCKET_BAD;
    g_clear_error(&attempt->refused); /* of several addresses the last one counts */
    if (delivery->may != NULL && !delivery->may(address, delivery->user, &attempt->refused))
        return CURL_SOCKET_BAD;
    return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

/* What is said of one of the recipients; of several lines all that they add.  Whether it is not the first of them. */
static bool take_reply(const Attempt *attempt, const char *line, gsize size)
{
    GString *reply = attempt->replies->pdata[attempt->asked - 1];
    bool is_more = reply->len > 0;
    gsize skipped = is_more ? MIN(CODE, size) : 0;

    g_strchomp(reply->str);
    reply->len = strlen(reply->str);
    if (is_more)
        g_string_append_c(reply, ' ');
    g_string_append_len(reply, line + skipped, (gssize)MIN(size - skipped, MAX_REPLY - MIN(reply->len, MAX_REPLY)));
    return is_more;
}

/* libcurl asks for one recipient after the other, and waits for what is said of each; who that is only this tells. */
static int on_debug(CURL *curl G_GNUC_UNUSED, curl_infotype type, char *data, size_t size, void *user)
{
    static const char word[] = "RCPT TO:";
    Attempt *attempt = user;

    if (type != CURLINFO_HEADER_OUT)
        return 0;
    attempt->is_about_one =
        size >= strlen(word) && memcmp(data, word, strlen(word)) == 0 && attempt->asked < attempt->replies->len;
    if (attempt->is_about_one)
        attempt->asked++;
    return 0;
}

/* Of a conversation the last line, and what was refused: one of several recipients, or all of it, and then the last
 * line is but the farewell. */
static size_t on_header(char *line, size_t one, size_t count, void *user)
{
    Attempt *attempt = user;
    gsize size = one * count;
    bool is_more = attempt->is_about_one && take_reply(attempt, line, size);

    if (size > 0 && (line[0] == '4' || line[0] == '5')) {
        if (attempt->refusals->len >= MAX_ANSWER)
            return size;
        if (attempt->refusals->len > 0)
            g_string_append(attempt->refusals, "; ");
        if (attempt->is_about_one && !is_more)
            g_string_append_printf(attempt->refusals, "%s: ", attempt->to[attempt->asked - 1]);
        g_string_append_len(attempt->refusals, line,
                            (gssize)MIN(size, MAX_ANSWER - MIN(attempt->refusals->len, MAX_ANSWER)));
        g_strchomp(attempt->refusals->str);
        attempt->refusals->len = strlen(attempt->refusals->str);
        return size;
    }
    g_string_truncate(attempt->answer, 0);
    g_string_append_len(attempt->answer, line, (gssize)MIN(size, MAX_ANSWER));
    return size;
}

static size_t on_body(char *data, size_t one, size_t count, void *user)
{
    Attempt *attempt = user;
    gsize size = one * count;

    g_string_append_len(attempt->answer, data, (gssize)MIN(size, MAX_ANSWER - MIN(attempt->answer->len, MAX_ANSWER)));
    attempt->seen += size;
    return attempt->seen > MAX_BODY ? 0 : size;
}

static size_t on_read(char *out, size_t one, size_t count, void *user)
{
    Attempt *attempt = user;
    gsize size = MIN(one * count, strlen(attempt->left));

    memcpy(out, attempt->left, size);
    attempt->left += size;
    return size;
}

/* curl_easy_setopt fails for lack of memory or of a feature that every libcurl of Debian has: both are bugs here. */
#define SET(option, value)                                     \
    do {                                                       \
        if (curl_easy_setopt(curl, option, value) != CURLE_OK) \
            g_error("libcurl refuses " #option);               \
    } while (0)

static CURL *begin(const HlDelivery *delivery, Attempt *attempt, const char *url, const char *protocols)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    CURL *curl;

    pthread_once(&once, init_curl);
    curl = curl_easy_init();
    g_assert(curl != NULL);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_URL, url);
    SET(CURLOPT_PROTOCOLS_STR, protocols);
    SET(CURLOPT_PROXY, "");
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)MIN(CONNECT_TIMEOUT, delivery->deadline));
    SET(CURLOPT_TIMEOUT_MS, (long)delivery->deadline);
    SET(CURLOPT_QUICK_EXIT, 1L); /* a name that is being resolved holds nobody up */
    SET(CURLOPT_OPENSOCKETFUNCTION, on_socket);
    SET(CURLOPT_OPENSOCKETDATA, attempt);
    SET(CURLOPT_NOPROGRESS, 0L);
    SET(CURLOPT_XFERINFOFUNCTION, on_progress);
    SET(CURLOPT_XFERINFODATA, attempt);
    SET(CURLOPT_ERRORBUFFER, attempt->text);
    if (delivery->ca_file != NULL && *delivery->ca_file != '\0')
        SET(CURLOPT_CAINFO, delivery->ca_file);
    return curl;
}

static HlErrorCode code_of(CURLcode code)
{
    switch ((int)code) {
    case CURLE_OPERATION_TIMEDOUT:
        return HL_ERROR_TIMEOUT;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
        return HL_ERROR_UNTRUSTED;
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_URL_MALFORMAT:
    case CURLE_LOGIN_DENIED: /* of the name and password in manager.conf; nobody here lacks a right */
        return HL_ERROR_INVALID;
    default:
        return HL_ERROR_UNAVAILABLE;
    }
}

/* What the judge said comes first: libcurl only knows that there is no socket.  What the server said comes with it. */
static bool fail_attempt(Attempt *attempt, CURLcode code, GError **error)
{
    bool is_refused = attempt->refusals != NULL && attempt->refusals->len > 0;
    g_autofree char *said = hl_text_printable(is_refused ? attempt->refusals->str : g_strstrip(attempt->answer->str));

    if (attempt->refused != NULL) {
        g_propagate_error(error, g_steal_pointer(&attempt->refused));
        return hl_error_prefix(error, "%s", attempt->name);
    }
    if (hl_delivery_is_stopped(attempt->delivery))
        return hl_delivery_fail_stopped(attempt->name, error);
    if (code == CURLE_USE_SSL_FAILED && !is_refused)
        return hl_fail(
            error, code_of(code),
            "%s: the server offers no STARTTLS: name its port for TLS (smtps://HOST:465), or, where it is this "
            "machine or in a network of notification.private, allow mail without TLS (mail.tls = no)",
            attempt->name);
    return hl_fail(error, code_of(code), "%s: %s%s%s", attempt->name,
                   attempt->text[0] != '\0' ? attempt->text : curl_easy_strerror(code),
                   *said != '\0' ? "; it said: " : "", said);
}

static char *take_answer(Attempt *attempt)
{
    return hl_text_printable(g_strstrip(attempt->answer->str));
}

/* ------------------------------------------------------------------------------------------------------------ mail */

static void free_text(gpointer text)
{
    g_string_free(text, TRUE);
}

static GStrv take_replies(const GPtrArray *replies)
{
    GPtrArray *texts = g_ptr_array_new();

    for (guint i = 0; i < replies->len; i++)
        g_ptr_array_add(texts, hl_text_printable(g_strstrip(((GString *)replies->pdata[i])->str)));
    g_ptr_array_add(texts, NULL);
    return (GStrv)g_ptr_array_free(texts, FALSE);
}

static CURLcode perform_mail(CURL *curl, Attempt *attempt, const HlMailing *mailing)
{
    g_autoptr(TextList) to = NULL;

    for (gsize i = 0; mailing->to[i] != NULL; i++) {
        to = curl_slist_append(to, mailing->to[i]);
        g_ptr_array_add(attempt->replies, g_string_new(NULL));
    }
    SET(CURLOPT_USE_SSL, (long)(mailing->in_clear ? CURLUSESSL_NONE : CURLUSESSL_ALL));
    SET(CURLOPT_MAIL_FROM, mailing->from);
    SET(CURLOPT_MAIL_RCPT, to);
    SET(CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L);
    SET(CURLOPT_UPLOAD, 1L);
    SET(CURLOPT_READFUNCTION, on_read);
    SET(CURLOPT_READDATA, attempt);
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_HEADERDATA, attempt);
    SET(CURLOPT_DEBUGFUNCTION, on_debug);
    SET(CURLOPT_DEBUGDATA, attempt);
    SET(CURLOPT_VERBOSE, 1L); /* without which there is no on_debug; nothing is printed where there is one */
    if (mailing->user != NULL && *mailing->user != '\0') {
        SET(CURLOPT_USERNAME, mailing->user);
        SET(CURLOPT_PASSWORD, mailing->password != NULL ? mailing->password : "");
    }
    return curl_easy_perform(curl);
}

bool hl_deliver_mail(const HlDelivery *delivery, const HlMailing *mailing, GStrv *replies, char **answer,
                     GError **error)
{
    g_autoptr(GString) said = g_string_new(NULL);
    g_autoptr(GString) refusals = g_string_new(NULL);
    g_autoptr(GPtrArray) of_each = g_ptr_array_new_with_free_func(free_text);
    Attempt attempt = { .delivery = delivery,
                        .name = mailing->url,
                        .answer = said,
                        .refusals = refusals,
                        .to = mailing->to,
                        .replies = of_each,
                        .left = mailing->text };
    g_autoptr(CURL) curl = begin(delivery, &attempt, mailing->url, "smtp,smtps");
    CURLcode code = perform_mail(curl, &attempt, mailing);

    *replies = take_replies(of_each);
    if (code != CURLE_OK)
        return fail_attempt(&attempt, code, error);
    *answer = take_answer(&attempt);
    return true;
}

/* ------------------------------------------------------------------------------------------------------------ POST */

bool hl_deliver_post(const HlDelivery *delivery, const char *url, const char *const *headers, const char *body,
                     char **answer, GError **error)
{
    g_autoptr(GString) said = g_string_new(NULL);
    g_autofree char *shown = hl_text_url(url);
    Attempt attempt = { .delivery = delivery, .name = shown, .answer = said };
    g_autoptr(CURL) curl = begin(delivery, &attempt, url, "http,https");
    g_autoptr(TextList) list = curl_slist_append(NULL, "Expect:");
    g_autofree char *text = NULL;
    CURLcode code;
    long status = 0;

    for (gsize i = 0; headers[i] != NULL; i++)
        list = curl_slist_append(list, headers[i]);
    SET(CURLOPT_POST, 1L);
    SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(body));
    SET(CURLOPT_POSTFIELDS, body);
    SET(CURLOPT_HTTPHEADER, list);
    SET(CURLOPT_USERAGENT, "holdline");
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, &attempt);
    code = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    /* once a status is there it is the answer, whatever becomes of the body: what was accepted is not sent again */
    if (code != CURLE_OK && status < FINAL)
        return fail_attempt(&attempt, code, error);
    text = take_answer(&attempt);
    *answer = g_strdup_printf("%ld%s%s", status, *text != '\0' ? " " : "", text);
    return status / 100 == 2 || hl_fail(error, HL_ERROR_UNAVAILABLE, "%s answered %s", shown, *answer);
}

/* ---------------------------------------------------------------------------------------------------------- stream */

/* Until the socket takes more.  false: not within the time. */
static bool wait_writable(CURL *curl, const Attempt *attempt, HlTime end)
{
    curl_socket_t descriptor = CURL_SOCKET_BAD;

    return curl_easy_getinfo(curl, CURLINFO_ACTIVESOCKET, &descriptor) == CURLE_OK && descriptor != CURL_SOCKET_BAD &&
           hl_delivery_wait(attempt->delivery, descriptor, POLLOUT, end);
}

static CURLcode send_all(CURL *curl, const Attempt *attempt, const char *bytes, HlTime end)
{
    gsize left = strlen(bytes);
    CURLcode code = CURLE_OK;

    while (left > 0 && code == CURLE_OK) {
        size_t sent = 0;

        code = curl_easy_send(curl, bytes, left, &sent);
        bytes += sent;
        left -= sent;
        if (code == CURLE_AGAIN)
            code = wait_writable(curl, attempt, end) ? CURLE_OK : CURLE_OPERATION_TIMEDOUT;
    }
    return code;
}

/* libcurl connects, judges, resolves and does TLS, as for a POST; what is said then is ours. */
bool hl_deliver_stream(const HlDelivery *delivery, bool tls, const char *host, uint16_t port, const char *bytes,
                       GError **error)
{
    HlTime end = hl_clock_mono() + delivery->deadline;
    g_autoptr(GString) said = g_string_new(NULL);
    g_autofree char *url = g_strdup_printf(strchr(host, ':') != NULL ? "%s://[%s]:%u/" : "%s://%s:%u/",
                                           tls ? "https" : "http", host, port);
    g_autofree char *name = g_strdup_printf("%s port %u", host, port);
    Attempt attempt = { .delivery = delivery, .name = name, .answer = said };
    g_autoptr(CURL) curl = begin(delivery, &attempt, url, "http,https");
    CURLcode code;

    SET(CURLOPT_CONNECT_ONLY, 1L);
    SET(CURLOPT_SSL_ENABLE_ALPN, 0L);
    code = curl_easy_perform(curl);
    if (code == CURLE_OK)
        code = send_all(curl, &attempt, bytes, end);
    return code == CURLE_OK || fail_attempt(&attempt, code, error);
}
