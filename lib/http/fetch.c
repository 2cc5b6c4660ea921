/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/http/fetch.h"

#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/text.h"
#include "lib/http/range.h"

enum {
    REDIRECTS_MAX = 5,
    REFUSAL_SIZE_MAX = 64 * 1024,  /* enough for an explanation, not for a file */
    HEADERS_SIZE_MAX = 128 * 1024, /* of a request: servers stop at 8 to 16 KiB a response, and there may be six */
    COLLECT_STEP = 16 * 1024,
};

struct HlFetch {
    CURL *curl;
    bool any_server;
    char *ca_file, *ca_option, *cert_file, *key_file, *proxy, *user_agent;
    HlTime connect_timeout, min_speed_time;
    uint64_t min_speed;
};

/* One request under way. */
typedef struct {
    CURL *curl;
    const HlFetchRequest *request;
    GByteArray *collected;
    gsize headers_size;  /* so far, those of redirects and the trailers included */
    uint64_t offset;     /* of the next byte in the whole body */
    uint64_t range_from; /* according to the server's Content-Range */
    bool has_range, started, cut, cancelled;
    HlTime date;
    GError *error;
} Transfer;

typedef struct curl_slist HeaderList;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HeaderList, curl_slist_free_all)

static void init_curl(void)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        g_error("libcurl cannot be initialised");
}

HlFetch *hl_fetch_new(const HlFetchOptions *options)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    HlFetch *fetch = g_new0(HlFetch, 1);

    pthread_once(&once, init_curl);
    fetch->curl = curl_easy_init();
    g_assert(fetch->curl != NULL);
    fetch->ca_file = g_strdup(options->ca_file);
    fetch->ca_option = g_strdup(options->ca_option);
    fetch->any_server = options->any_server;
    fetch->cert_file = g_strdup(options->cert_file);
    fetch->key_file = g_strdup(options->key_file);
    fetch->proxy = g_strdup(options->proxy);
    fetch->user_agent = g_strdup(options->user_agent != NULL ? options->user_agent : "holdline");
    fetch->connect_timeout = options->connect_timeout > 0 ? options->connect_timeout : 15 * HL_SECOND;
    fetch->min_speed = options->min_speed;
    fetch->min_speed_time = options->min_speed_time;
    return fetch;
}

void hl_fetch_free(HlFetch *fetch)
{
    if (fetch == NULL)
        return;
    curl_easy_cleanup(fetch->curl);
    g_free(fetch->ca_file);
    g_free(fetch->ca_option);
    g_free(fetch->cert_file);
    g_free(fetch->key_file);
    g_free(fetch->proxy);
    g_free(fetch->user_agent);
    g_free(fetch);
}

void hl_fetch_result_clear(HlFetchResult *result)
{
    g_clear_pointer(&result->body, g_bytes_unref);
}

static long status_of(CURL *curl)
{
    long status = 0;

    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

/* The value of a header line if it has this name (which ends with a colon), cut to 63 bytes. */
static bool header_value(const char *line, gsize size, const char *name, char value[64])
{
    gsize skip = strlen(name);

    if (size < skip || g_ascii_strncasecmp(line, name, skip) != 0)
        return false;
    size = MIN(size - skip, 63);
    memcpy(value, line + skip, size);
    value[size] = '\0';
    g_strstrip(value);
    return true;
}

/* libcurl keeps every header that it has seen, bounds those before a body and no trailer after it. */
static bool count_header(Transfer *transfer, gsize size)
{
    transfer->headers_size += size;
    return transfer->headers_size <= HEADERS_SIZE_MAX ||
           hl_fail(&transfer->error, HL_ERROR_LIMIT, "%s: more than %d KiB of headers and trailers",
                   transfer->request->url, HEADERS_SIZE_MAX / 1024);
}

/* The headers of each response, including redirects: a new status line starts over.  Trailers come here as
 * well. */
static size_t on_header(char *line, size_t one, size_t count, void *user)
{
    Transfer *transfer = user;
    gsize size = one * count;
    char value[64];

    if (!count_header(transfer, size))
        return 0;
    if (header_value(line, size, "HTTP/", value)) {
        transfer->has_range = false;
    } else if (header_value(line, size, "Content-Range:", value)) {
        transfer->has_range = hl_content_range_parse(value, &transfer->range_from);
    } else if (header_value(line, size, "Date:", value)) {
        transfer->date = MAX((HlTime)curl_getdate(value, NULL), 0) * HL_SECOND;
    }
    return size;
}

/* At the first bytes of the body: where do they belong? */
static bool start_body(Transfer *transfer, long status)
{
    transfer->started = true;
    if (status != 206 || transfer->request->resume_from == 0)
        return true; /* everything, from the start */
    if (!transfer->has_range || transfer->range_from != transfer->request->resume_from)
        return hl_fail(&transfer->error, HL_ERROR_INVALID, "%s: the server sent a different part than was asked for",
                       transfer->request->url);
    transfer->offset = transfer->range_from;
    return true;
}

/* The explanation of a refusal is worth reading, but not at any length. */
static size_t on_refusal(Transfer *transfer, const char *data, size_t size)
{
    gsize room = REFUSAL_SIZE_MAX - transfer->collected->len;

    g_byte_array_append(transfer->collected, (const guint8 *)data, (guint)MIN(size, room));
    transfer->cut = size > room;
    return transfer->cut ? 0 : size;
}

static size_t on_body(char *data, size_t one, size_t count, void *user)
{
    Transfer *transfer = user;
    const HlFetchRequest *request = transfer->request;
    size_t size = one * count;
    long status = status_of(transfer->curl);

    if (status / 100 != 2)
        return on_refusal(transfer, data, size);
    if (!transfer->started && !start_body(transfer, status))
        return 0;
    if (size > request->max_size || transfer->offset > request->max_size - size) {
        hl_fail(&transfer->error, HL_ERROR_LIMIT, "%s: longer than the limit of %" G_GUINT64_FORMAT " bytes",
                request->url, request->max_size);
        return 0;
    }
    if (request->sink == NULL)
        g_byte_array_append(transfer->collected, (const guint8 *)data, (guint)size);
    else if (!request->sink(transfer->offset, data, size, request->user, &transfer->error))
        return 0;
    transfer->offset += size;
    return size;
}

static int on_progress(void *user, curl_off_t total, curl_off_t done, curl_off_t up_total G_GNUC_UNUSED,
                       curl_off_t up_done G_GNUC_UNUSED)
{
    Transfer *transfer = user;
    uint64_t before = transfer->offset >= (uint64_t)done ? transfer->offset - (uint64_t)done : 0;

    transfer->cancelled = !transfer->request->progress(transfer->offset, total > 0 ? before + (uint64_t)total : 0,
                                                       transfer->request->user);
    return transfer->cancelled ? 1 : 0;
}

/* curl_easy_setopt fails for lack of memory or of a feature that every libcurl of Debian has: both are bugs here. */
#define SET(option, value)                                     \
    do {                                                       \
        if (curl_easy_setopt(curl, option, value) != CURLE_OK) \
            g_error("libcurl refuses " #option);               \
    } while (0)

static void set_session(const HlFetch *fetch)
{
    CURL *curl = fetch->curl;

    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_PATH_AS_IS, 1L); /* role and target names may hold dots */
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_USERAGENT, fetch->user_agent);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)fetch->connect_timeout);
    if (fetch->min_speed > 0) {
        SET(CURLOPT_LOW_SPEED_LIMIT, (long)fetch->min_speed);
        SET(CURLOPT_LOW_SPEED_TIME, (long)MAX(fetch->min_speed_time / HL_SECOND, 1));
    }
    if (fetch->ca_file != NULL)
        SET(CURLOPT_CAINFO, fetch->ca_file);
    if (fetch->any_server) {
        SET(CURLOPT_SSL_VERIFYPEER, 0L);
        SET(CURLOPT_SSL_VERIFYHOST, 0L);
    }
    if (fetch->cert_file != NULL)
        SET(CURLOPT_SSLCERT, fetch->cert_file);
    if (fetch->key_file != NULL)
        SET(CURLOPT_SSLKEY, fetch->key_file);
    if (fetch->proxy != NULL)
        SET(CURLOPT_PROXY, fetch->proxy);
}

static void set_request(CURL *curl, const HlFetchRequest *request, HeaderList *headers, Transfer *transfer)
{
    g_autofree char *range = g_strdup_printf("%" G_GUINT64_FORMAT "-", request->resume_from);
    bool secure = g_ascii_strncasecmp(request->url, "https:", 6) == 0;

    SET(CURLOPT_URL, request->url);
    SET(CURLOPT_HTTPHEADER, headers);
    SET(CURLOPT_TIMEOUT_MS, (long)request->deadline);
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_HEADERDATA, transfer);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, transfer);
    if (request->resume_from > 0)
        SET(CURLOPT_RANGE, range);
    if (request->progress != NULL) {
        SET(CURLOPT_NOPROGRESS, 0L);
        SET(CURLOPT_XFERINFOFUNCTION, on_progress);
        SET(CURLOPT_XFERINFODATA, transfer);
    }
    if (request->body != NULL) {
        SET(CURLOPT_POST, 1L);
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_size);
        SET(CURLOPT_POSTFIELDS, request->body);
    } else {
        SET(CURLOPT_FOLLOWLOCATION, 1L);
        SET(CURLOPT_MAXREDIRS, (long)REDIRECTS_MAX);
        SET(CURLOPT_REDIR_PROTOCOLS_STR, secure ? "https" : "http,https");
    }
}

static HeaderList *make_headers(const HlFetchRequest *request)
{
    g_autofree char *type = g_strdup_printf("Content-Type: %s", request->content_type);
    HeaderList *headers = NULL;

    if (request->body != NULL) {
        headers = curl_slist_append(headers, request->content_type != NULL ? type : "Content-Type:");
        headers = curl_slist_append(headers, "Expect:"); /* no round trip to ask whether a small body may come */
    }
    for (gsize i = 0; request->headers != NULL && request->headers[i] != NULL; i++)
        headers = curl_slist_append(headers, request->headers[i]);
    return headers;
}

static HlErrorCode code_of(CURLcode code)
{
    switch ((int)code) {
    case CURLE_OPERATION_TIMEDOUT:
        return HL_ERROR_TIMEOUT;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE: /* the system's; for others see fail_file */
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CRL_BADFILE:
        return HL_ERROR_UNTRUSTED;
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_TOO_MANY_REDIRECTS:
        return HL_ERROR_INVALID;
    default:
        return HL_ERROR_UNAVAILABLE;
    }
}

/* One of our own files is missing or not PEM: that says nothing about the server, which was not even asked.  Always
 * INVALID: callers take NOT_FOUND for the server's answer.  True if so. */
static bool fail_file(const HlFetch *fetch, CURLcode code, const char *text, GError **error)
{
    const char *const files[] = { code == CURLE_SSL_CACERT_BADFILE ? fetch->ca_file : NULL,
                                  code == CURLE_SSL_CERTPROBLEM ? fetch->cert_file : NULL,
                                  code == CURLE_SSL_CERTPROBLEM ? fetch->key_file : NULL };
    g_autoptr(GString) named = g_string_new(NULL);

    for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
        if (files[i] == NULL)
            continue;
        if (access(files[i], R_OK) != 0) {
            hl_fail(error, HL_ERROR_INVALID, "cannot read %s: %s", files[i], hl_errno_text(errno));
            return true;
        }
        g_string_append_printf(named, "%s%s", named->len > 0 ? " with " : "", files[i]);
    }
    if (named->len > 0)
        hl_fail(error, HL_ERROR_INVALID, "%s cannot be used: %s", named->str, text);
    return named->len > 0;
}

/* Whether the server's certificate is of an authority that is not trusted, not merely ended or another's: the codes of
 * X509_STORE_CTX_get_error(3) for an issuer that is not found, or that vouches for itself. */
static bool is_issuer_unknown(CURL *curl)
{
    enum { NO_ISSUER = 2, SELF_SIGNED = 18, SELF_SIGNED_IN_CHAIN = 19, NO_ISSUER_HERE = 20, NO_LEAF_ISSUER = 21 };
    long result = 0;

    curl_easy_getinfo(curl, CURLINFO_SSL_VERIFYRESULT, &result);
    return result == NO_ISSUER || result == SELF_SIGNED || result == SELF_SIGNED_IN_CHAIN || result == NO_ISSUER_HERE ||
           result == NO_LEAF_ISSUER;
}

/* Our own reason comes first: libcurl only knows that a callback ended the transfer. */
static bool fail_transfer(const HlFetch *fetch, Transfer *transfer, CURLcode code, const char *text, GError **error)
{
    g_autofree char *url = NULL;

    if (transfer->error != NULL) {
        g_propagate_error(error, g_steal_pointer(&transfer->error));
        return false;
    }
    if (transfer->cancelled)
        return hl_fail(error, HL_ERROR_FAILED, "%s: cancelled", transfer->request->url);
    /* of a proxy that it cannot make out it repeats the whole, password included */
    if (text[0] == '\0' || strchr(text, '@') != NULL)
        text = curl_easy_strerror(code);
    if (fail_file(fetch, code, text, error))
        return false;
    url = hl_text_url(transfer->request->url);
    if (fetch->ca_option != NULL && is_issuer_unknown(fetch->curl))
        return hl_fail(error, code_of(code), "%s: %s; if its authority is to be trusted, name it with %s", url, text,
                       fetch->ca_option);
    return hl_fail(error, code_of(code), "%s: %s", url, text);
}

bool hl_fetch_run(HlFetch *fetch, const HlFetchRequest *request, HlFetchResult *result, GError **error)
{
    g_autoptr(HeaderList) headers = make_headers(request);
    g_autoptr(GByteArray) collected = g_byte_array_sized_new(COLLECT_STEP);
    Transfer transfer = { .curl = fetch->curl, .request = request, .collected = collected };
    char text[CURL_ERROR_SIZE] = "";
    curl_off_t retry_after = 0, ready = 0;
    CURLcode code;

    curl_easy_reset(fetch->curl); /* resets the options only: the connection stays */
    set_session(fetch);
    set_request(fetch->curl, request, headers, &transfer);
    curl_easy_setopt(fetch->curl, CURLOPT_ERRORBUFFER, text);
    code = curl_easy_perform(fetch->curl);
    curl_easy_setopt(fetch->curl, CURLOPT_ERRORBUFFER, NULL);
    if (code != CURLE_OK && !transfer.cut) {
        result->unsent = curl_easy_getinfo(fetch->curl, CURLINFO_PRETRANSFER_TIME_T, &ready) == CURLE_OK && ready == 0;
        return fail_transfer(fetch, &transfer, code, text, error);
    }
    result->status = status_of(fetch->curl);
    if (curl_easy_getinfo(fetch->curl, CURLINFO_RETRY_AFTER, &retry_after) == CURLE_OK)
        result->retry_after = (HlTime)retry_after * HL_SECOND;
    result->date = transfer.date;
    result->body = g_byte_array_free_to_bytes(g_steal_pointer(&collected));
    return true;
}
