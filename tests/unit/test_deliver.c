/* SPDX-License-Identifier: Apache-2.0 */
/* lib/http/deliver: what holds an attempt up, and what its errors say. */
#include "lib/http/deliver.h"

#include <dlfcn.h>
#include <glib/gstdio.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/base/fault.h"
#include "lib/base/file.h"
#include "lib/http/fetch.h"

#define SILENT "silent.example"
#define MANY   2000 /* datagrams: more than a socket keeps */

static const char *const one[] = { "<14>1 - - - - - - x", NULL };

static pthread_mutex_t silence = PTHREAD_MUTEX_INITIALIZER; /* held by main: the name servers do not answer */

/* In place of the C library's. */
int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **list)
{
    typedef int (*Function)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    Function real;

    if (strcmp(host, SILENT) != 0) {
        *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
        return real(host, service, hints, list);
    }
    if ((hints->ai_flags & AI_NUMERICHOST) == 0) {
        pthread_mutex_lock(&silence);
        pthread_mutex_unlock(&silence);
    }
    return EAI_NONAME;
}

/* Name servers that stay silent hold it up for its time at most, and not at all once it is stopped. */
static void test_silent_names(void)
{
    int stop = 1;
    HlDelivery delivery = { .deadline = 50 };
    g_autoptr(GError) late = NULL;
    g_autoptr(GError) stopped = NULL;

    pthread_mutex_lock(&silence);
    g_assert_false(hl_deliver_datagrams(&delivery, SILENT, 514, one, &late));
    g_assert_error(late, HL_ERROR, HL_ERROR_TIMEOUT);
    g_assert_nonnull(strstr(late->message, SILENT));
    delivery = (HlDelivery){ .deadline = HL_DAY, .stop = &stop };
    g_assert_false(hl_deliver_datagrams(&delivery, SILENT, 514, one, &stopped));
    g_assert_error(stopped, HL_ERROR, HL_ERROR_UNAVAILABLE);
    g_assert_nonnull(strstr(stopped->message, "the server stops"));
    pthread_mutex_unlock(&silence);
}

static int receiver_new(const char *path)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    g_strlcpy(at.sun_path, path, sizeof at.sun_path);
    g_assert_cmpint(bind(descriptor, (const struct sockaddr *)&at, sizeof at), ==, 0);
    return descriptor;
}

static void *receive(void *user)
{
    char text[16];

    for (guint i = 0; i < MANY; i++) {
        ssize_t n = recv(*(int *)user, text, sizeof text - 1, 0);

        g_assert_cmpint(n, >, 0);
        text[n] = '\0';
        g_assert_cmpint(g_ascii_strtoll(text, NULL, 10), ==, i);
    }
    return NULL;
}

/* A receiver that is slower than its sender has all of them, once. */
static void test_full(void)
{
    g_autofree char *directory = g_dir_make_tmp("deliver-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(directory, "log", NULL);
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    hl_autofd int descriptor = receiver_new(path);
    HlDelivery delivery = { .deadline = HL_DAY };
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) late = NULL;
    pthread_t thread;
    bool sent;

    for (guint i = 0; i < MANY; i++)
        g_ptr_array_add(texts, g_strdup_printf("%u", i));
    g_ptr_array_add(texts, NULL);
    g_assert_cmpint(pthread_create(&thread, NULL, receive, &descriptor), ==, 0);
    sent = hl_deliver_local(&delivery, path, (const char *const *)texts->pdata, &error);
    g_assert_no_error(error);
    g_assert_true(sent);
    pthread_join(thread, NULL);
    delivery.deadline = 50; /* nobody reads any more */
    g_assert_false(hl_deliver_local(&delivery, path, (const char *const *)texts->pdata, &late));
    g_assert_error(late, HL_ERROR, HL_ERROR_TIMEOUT);
    g_unlink(path);
    g_rmdir(directory);
}

static bool refuse(const char *address, gpointer user, GError **error)
{
    static const HlFault fault = { "test.private", HL_ERROR_DENIED, "'{address}' is private" };

    (void)user;
    return hl_fault_fail(error, &fault, (const char *const[]){ address, NULL });
}

/* Who words the sentence in another language still knows which destination it is about. */
static void test_prefix(void)
{
    HlDelivery delivery = { .may = refuse, .deadline = HL_MINUTE };
    g_autoptr(GError) datagrams = NULL;
    g_autoptr(GError) stream = NULL;

    g_assert_false(hl_deliver_datagrams(&delivery, "127.0.0.1", 9, one, &datagrams));
    g_assert_cmpstr(datagrams->message, ==, "127.0.0.1: '127.0.0.1' is private");
    g_assert_cmpstr(hl_error_argument(datagrams, "prefix"), ==, "127.0.0.1");
    g_assert_false(hl_deliver_stream(&delivery, false, "127.0.0.1", 9, "x", &stream));
    g_assert_cmpstr(stream->message, ==, "127.0.0.1 port 9: '127.0.0.1' is private");
    g_assert_cmpstr(hl_error_argument(stream, "prefix"), ==, "127.0.0.1 port 9");
}

/* Says what it has to say to the first who comes, line by line, and hangs up. */
typedef struct {
    int descriptor; /* listens */
    uint16_t port;
    const char *const *lines; /* each is sent when something was received, the first one of a greeter at once */
    bool greets;
    pthread_t thread;
} Speaker;

static void *speak(void *user)
{
    const Speaker *speaker = user;
    hl_autofd int peer = accept(speaker->descriptor, NULL, NULL);
    char heard[4096];

    g_assert_cmpint(peer, >=, 0);
    for (gsize i = 0; speaker->lines[i] != NULL; i++) {
        if ((i > 0 || !speaker->greets) && recv(peer, heard, sizeof heard, 0) <= 0)
            return NULL;
        g_assert_cmpint(send(peer, speaker->lines[i], strlen(speaker->lines[i]), MSG_NOSIGNAL), >=, 0);
    }
    shutdown(peer, SHUT_WR);
    while (recv(peer, heard, sizeof heard, 0) > 0)
        ;
    return NULL;
}

/* A port of this machine that is bound; the socket. */
static int bind_port(uint16_t *port)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof at;
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_assert_cmpint(bind(descriptor, (const struct sockaddr *)&at, size), ==, 0);
    g_assert_cmpint(getsockname(descriptor, (struct sockaddr *)&at, &size), ==, 0);
    *port = ntohs(at.sin_port);
    return descriptor;
}

static void speaker_begin(Speaker *speaker)
{
    speaker->descriptor = bind_port(&speaker->port);
    g_assert_cmpint(listen(speaker->descriptor, 1), ==, 0);
    g_assert_cmpint(pthread_create(&speaker->thread, NULL, speak, speaker), ==, 0);
}

static void speaker_end(Speaker *speaker)
{
    pthread_join(speaker->thread, NULL);
    close(speaker->descriptor);
}

/* A webhook whose answer breaks off has taken the message all the same: sent again it would be there twice. */
static void test_broken_body(void)
{
    static const struct {
        const char *answer;
        bool is_taken;
        const char *said;
    } cases[] = {
        { "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nthanks", true, "200 thanks" },
        { "HTTP/1.1 503 no\r\nContent-Length: 100\r\n\r\nlater", false, "503 later" },
        { "HTTP/1.1 100 Continue\r\n\r\n", false, NULL },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const char *lines[] = { cases[i].answer, NULL };
        Speaker speaker = { .lines = lines };
        HlDelivery delivery = { .deadline = HL_MINUTE };
        g_autoptr(GError) error = NULL;
        g_autofree char *url = NULL;
        g_autofree char *answer = NULL;

        speaker_begin(&speaker);
        url = g_strdup_printf("http://127.0.0.1:%u/", speaker.port);
        g_assert_true(hl_deliver_post(&delivery, url, (const char *const[]){ NULL }, "{}", &answer, &error) ==
                      cases[i].is_taken);
        g_assert_cmpstr(answer, ==, cases[i].said);
        speaker_end(&speaker);
    }
}

static void expect_unsent(uint16_t port, bool is_unsent)
{
    g_autoptr(HlFetch) fetch = hl_fetch_new(&(HlFetchOptions){ .proxy = "" });
    g_autofree char *url = g_strdup_printf("http://127.0.0.1:%u/", port);
    HlFetchRequest request = { .url = url, .max_size = 100, .deadline = HL_MINUTE };
    g_auto(HlFetchResult) result = { 0 };
    g_autoptr(GError) error = NULL;

    g_assert_false(hl_fetch_run(fetch, &request, &result, &error));
    g_assert_true(result.unsent == is_unsent);
}

/* What may be asked elsewhere with what can be used once: a request of which nothing has left.  The port that refuses
 * is bound and does not listen, so that nobody else takes it meanwhile. */
static void test_unsent(void)
{
    static const char *const lines[] = { "", NULL }; /* hears the request, and hangs up */
    Speaker speaker = { .lines = lines };
    uint16_t port;
    hl_autofd int refuses = bind_port(&port);

    g_assert_cmpint(refuses, >=, 0);
    speaker_begin(&speaker);
    expect_unsent(speaker.port, false);
    speaker_end(&speaker);
    expect_unsent(port, true);
}

/* A mail server that has STARTTLS and refuses it now is another matter than one that has none. */
static void test_starttls(void)
{
    static const char *const refuses[] = { "220 mail.example\r\n", "250-mail.example\r\n250 STARTTLS\r\n",
                                           "454 4.7.0 TLS not available due to temporary reason\r\n", NULL };
    static const char *const has_none[] = { "220 mail.example\r\n", "250 mail.example\r\n", NULL };
    static const struct {
        const char *const *lines;
        const char *said;
    } cases[] = { { refuses, "it said: 454 4.7.0 TLS not available" }, { has_none, "offers no STARTTLS" } };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        Speaker speaker = { .lines = cases[i].lines, .greets = true };
        HlDelivery delivery = { .deadline = HL_MINUTE };
        HlMailing mailing = { .from = "a@example.org",
                              .to = (const char *const[]){ "b@example.org", NULL },
                              .text = "x" };
        g_autoptr(GError) error = NULL;
        g_autofree char *url = NULL;
        g_autofree char *answer = NULL;
        g_auto(GStrv) replies = NULL;

        speaker_begin(&speaker);
        mailing.url = url = g_strdup_printf("smtp://127.0.0.1:%u", speaker.port);
        g_assert_false(hl_deliver_mail(&delivery, &mailing, &replies, &answer, &error));
        g_assert_nonnull(strstr(error->message, cases[i].said));
        g_assert_cmpstr(replies[0], ==, "");
        speaker_end(&speaker);
    }
}

/* What is said of each recipient is theirs, also where it has several lines, and where the server hangs up between
 * them.
 */
static void test_recipients(void)
{
    static const char *const some[] = { "220 mail.example\r\n",
                                        "250 mail.example\r\n",
                                        "250 sender ok\r\n",
                                        "250 ok\r\n",
                                        "450-4.2.0 Greylisted,\r\n450 4.2.0 come back\r\n",
                                        "550 5.1.1 nobody\r\n",
                                        "354 go\r\n",
                                        "250 2.0.0 queued\r\n",
                                        "221 bye\r\n",
                                        NULL };
    static const char *const none[] = { "220 mail.example\r\n", "250 mail.example\r\n",
                                        "250 sender ok\r\n",    "550 no\r\n",
                                        "450 later\r\n",        "550 nobody\r\n",
                                        "221 bye\r\n",          NULL };
    static const char *const hangs_up[] = { "220 mail.example\r\n", "250 mail.example\r\n", "250 sender ok\r\n",
                                            "250 ok\r\n",           "421 closing\r\n",      NULL };
    static const struct {
        const char *const *lines;
        bool is_taken;
        const char *replies, *said;
    } cases[] = {
        { some, true, "250 ok|450-4.2.0 Greylisted, 4.2.0 come back|550 5.1.1 nobody", "250 2.0.0 queued" },
        { none, false, "550 no|450 later|550 nobody", "it said: a@x: 550 no; b@x: 450 later; c@x: 550 nobody" },
        { hangs_up, false, "250 ok|421 closing|", "b@x: 421 closing" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        Speaker speaker = { .lines = cases[i].lines, .greets = true };
        HlDelivery delivery = { .deadline = HL_MINUTE };
        HlMailing mailing = { .from = "from@x",
                              .in_clear = true,
                              .to = (const char *const[]){ "a@x", "b@x", "c@x", NULL },
                              .text = "x\r\n" };
        g_autoptr(GError) error = NULL;
        g_autofree char *url = NULL;
        g_autofree char *answer = NULL;
        g_autofree char *joined = NULL;
        g_auto(GStrv) replies = NULL;

        speaker_begin(&speaker);
        mailing.url = url = g_strdup_printf("smtp://127.0.0.1:%u", speaker.port);
        g_assert_true(hl_deliver_mail(&delivery, &mailing, &replies, &answer, &error) == cases[i].is_taken);
        joined = g_strjoinv("|", replies);
        g_assert_cmpstr(joined, ==, cases[i].replies);
        if (cases[i].is_taken)
            g_assert_cmpstr(answer, ==, cases[i].said);
        else
            g_assert_nonnull(strstr(error->message, cases[i].said));
        speaker_end(&speaker);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/deliver/silent-names", test_silent_names);
    g_test_add_func("/deliver/full", test_full);
    g_test_add_func("/deliver/prefix", test_prefix);
    g_test_add_func("/deliver/broken-body", test_broken_body);
    g_test_add_func("/deliver/starttls", test_starttls);
    g_test_add_func("/deliver/recipients", test_recipients);
    g_test_add_func("/fetch/unsent", test_unsent);
    return g_test_run();
}
