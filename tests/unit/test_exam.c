/* SPDX-License-Identifier: Apache-2.0 */
/* endpoint/scan/exam: an engine that lies, and one that another takes the place of. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "endpoint/scan/exam.h"
#include "endpoint/scan/session.h"
#include "lib/base/file.h"

static void put(const char *top, const char *name)
{
    g_autofree char *path = g_build_filename(top, name, NULL);

    g_assert_true(hl_file_write_text(path, "x", 0600, NULL));
}

typedef struct {
    char *dir, *socket, *test, *log;
    const char *answer;    /* to all files */
    const char *complaint; /* goes to its log before; NULL: none */
    bool changes;          /* the file does, while it looks at it */
    int listener;
    guint asked;
} Liar;

#define FILDES_SIZE 9 /* "zFILDES", and the byte that the descriptor comes with */

static void append(const char *path, const char *text)
{
    FILE *file = fopen(path, "a");

    fputs(text, file);
    fclose(file);
}

static gpointer serve(gpointer user)
{
    Liar *liar = user;
    int fd;

    while ((fd = accept(liar->listener, NULL, NULL)) >= 0) {
        char text[64];
        ssize_t n = recv(fd, text, sizeof text, 0);

        while (n > 0 && n < FILDES_SIZE && text[1] == 'F') { /* all of it, or closing would be a reset */
            ssize_t more = recv(fd, text + n, sizeof text - (gsize)n, 0);

            n = more > 0 ? n + more : -1;
        }
        if (n > 0 && strcmp(text, "zPING") == 0) {
            g_assert_cmpint(send(fd, "PONG", 5, MSG_NOSIGNAL), ==, 5);
        } else if (n > 0) {
            liar->asked++;
            if (liar->changes)
                append(liar->test, "x");
            if (liar->complaint != NULL)
                append(liar->log, liar->complaint);
            g_assert_cmpint(send(fd, liar->answer, strlen(liar->answer) + 1, MSG_NOSIGNAL), >, 0);
        }
        close(fd);
    }
    return NULL;
}

static int listen_at(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_strlcpy(address.sun_path, path, sizeof address.sun_path);
    g_assert_cmpint(bind(fd, (struct sockaddr *)&address, sizeof address), ==, 0);
    g_assert_cmpint(listen(fd, 5), ==, 0);
    return fd;
}

/* In a directory of its own; ended with liar_end. */
static GThread *liar_start(Liar *liar, EpExamOptions *options)
{
    liar->dir = g_dir_make_tmp("holdline-scan-XXXXXX", NULL);
    options->socket = liar->socket = g_build_filename(liar->dir, "socket", NULL);
    options->test_file = liar->test = g_build_filename(liar->dir, "test", NULL);
    options->log = liar->log = g_build_filename(liar->dir, "log", NULL);
    put(liar->dir, "test");
    put(liar->dir, "log");
    liar->listener = listen_at(liar->socket);
    return g_thread_new("liar", serve, liar);
}

static void liar_end(Liar *liar, GThread *thread)
{
    shutdown(liar->listener, SHUT_RDWR);
    g_thread_join(thread);
    close(liar->listener);
    g_assert_true(hl_tree_remove(liar->dir, NULL));
    g_free(liar->socket);
    g_free(liar->test);
    g_free(liar->log);
    g_free(liar->dir);
}

static void ask_changing(const char *answer, const char *complaint, bool changes, EpLook *look, bool *tested,
                         guint *asked)
{
    Liar liar = { .answer = answer, .complaint = complaint, .changes = changes };
    EpExamOptions options = { .max_time = HL_MINUTE, .max_size = 100 };
    GThread *thread = liar_start(&liar, &options);
    g_autoptr(GError) error = NULL;
    g_autoptr(EpExam) exam = ep_exam_new(&options, &error);
    int fd;

    g_assert_no_error(error);
    fd = open(liar.test, O_RDONLY | O_CLOEXEC);
    *look = ep_exam_look(exam, fd, 1);
    *asked = liar.asked;
    *tested = ep_exam_test(exam, NULL);
    close(fd);
    liar_end(&liar, thread);
}

static void ask(const char *answer, const char *complaint, EpLook *look, bool *tested, guint *asked)
{
    ask_changing(answer, complaint, false, look, tested, asked);
}

/* A user who shortens files while they are read has the engine complain all the time.  That is about these files. */
static void test_changing(void)
{
    static const char said[] = "LibClamAV Error: fmap_readpage: pread fail: asked for 4096 bytes @ offset 0, got 0\n";
    static const char two[] = "LibClamAV Error: fmap_readpage: pread fail: asked for 4096 bytes @ offset 0, got 0\n"
                              "LibClamAV Error: Can't write to temporary file\n";
    EpLook look;
    bool tested;
    guint asked;

    ask_changing("fd[9]: OK", said, false, &look, &tested, &asked);
    g_assert_cmpint(look.kind, ==, EP_LOOK_CLEAN);
    g_assert_cmpuint(asked, ==, 1);
    ask_changing("fd[9]: OK", said, true, &look, &tested, &asked);
    g_assert_cmpint(look.kind, ==, EP_LOOK_NOT);
    g_assert_cmpuint(asked, ==, 2);
    ask_changing("fd[9]: OK", two, false, &look, &tested, &asked); /* it hides no other */
    g_assert_cmpint(look.gap, ==, EP_GAP_ENGINE);
}

static void test_exam(void)
{
    EpLook look;
    bool tested;
    guint asked;

    ask("fd[9]: OK", NULL, &look, &tested, &asked);
    g_assert_cmpint(look.kind, ==, EP_LOOK_CLEAN);
    g_assert_false(tested); /* it does not find what it must find */
    ask("fd[9]: Some.Name FOUND", NULL, &look, &tested, &asked);
    g_assert_cmpint(look.kind, ==, EP_LOOK_FOUND);
    g_assert_true(tested);
    /* "OK" beside an error is none; asked once more, because it may have been about another file */
    ask("fd[9]: OK", "LibClamAV Error: Can't create temporary directory\n", &look, &tested, &asked);
    g_assert_cmpint(look.kind, ==, EP_LOOK_NOT);
    g_assert_cmpint(look.gap, ==, EP_GAP_ENGINE);
    g_assert_cmpuint(asked, ==, 2);
    ask("fd[9]: OK", "LibClamAV Warning: something harmless\n", &look, &tested, &asked);
    g_assert_cmpint(look.kind, ==, EP_LOOK_CLEAN);
    g_assert_cmpuint(asked, ==, 1);
}

typedef struct {
    const char *socket, *next; /* the socket's path, and where the next engine's is until the first was asked */
    int listener, asked_by;
} Killed;

/* One that was killed while it hangs in the kernel: it is asked, and never answers; then the next one is there. */
static gpointer be_replaced(gpointer user)
{
    Killed *killed = user;
    char byte;

    killed->asked_by = accept(killed->listener, NULL, NULL);
    g_assert_cmpint(recv(killed->asked_by, &byte, 1, 0), ==, 1);
    g_assert_cmpint(rename(killed->next, killed->socket), ==, 0);
    return NULL;
}

static void test_replaced(void)
{
    Liar liar = { .answer = "fd[9]: Some.Name FOUND" };
    EpExamOptions options = { .max_time = HL_HOUR, .max_size = 100 };
    GThread *thread = liar_start(&liar, &options), *first;
    g_autofree char *next = g_build_filename(liar.dir, "next", NULL);
    g_autoptr(EpExam) exam = ep_exam_new(&options, NULL);
    Killed killed = { .socket = liar.socket, .next = next };
    EpLook look;
    int fd = open(liar.test, O_RDONLY | O_CLOEXEC);

    g_assert_cmpint(rename(liar.socket, next), ==, 0);
    killed.listener = listen_at(liar.socket);
    first = g_thread_new("killed", be_replaced, &killed);
    look = ep_exam_look(exam, fd, 1); /* an hour would be over before the first one answers */
    g_thread_join(first);
    g_assert_cmpint(look.kind, ==, EP_LOOK_FOUND);
    g_assert_false(ep_exam_is_hung(exam)); /* or the next one would be killed too */
    g_assert_cmpuint(liar.asked, ==, 1);
    close(killed.asked_by);
    close(killed.listener);
    close(fd);
    liar_end(&liar, thread);
}

/* Why a scan without a file has failed: what is excluded may be all that there is, and is what to correct then. */
static void test_nothing(void)
{
    Liar liar = { .answer = "fd[9]: Some.Name FOUND" };
    EpExamOptions exam = { .max_time = HL_MINUTE, .max_size = 100 };
    GThread *thread = liar_start(&liar, &exam);
    EpSessionOptions options = { .exam = &exam, .patience = HL_MINUTE, .scan = "", .places = "/srv" };

    for (int left_out = 0; left_out < 2; left_out++) {
        g_autoptr(EpSession) session = ep_session_new(&options);
        const char *why;

        if (left_out)
            ep_session_left_out(session);
        g_assert_false(ep_session_end(session));
        why = ep_session_failure(session);
        g_assert_nonnull(strstr(why, "there is no file in /srv"));
        g_assert_cmpint(strstr(why, "scan.exclude of its group") != NULL, ==, left_out);
    }
    liar_end(&liar, thread);
}

static void test_too_large(void)
{
    EpExamOptions options = { .socket = (char *)(uintptr_t) "/nonexistent", .max_size = 10 };
    g_autofree char *dir = g_dir_make_tmp("holdline-scan-XXXXXX", NULL);
    g_autoptr(EpExam) exam = NULL;
    EpLook look;

    put(dir, "test");
    options.test_file = options.log = g_build_filename(dir, "test", NULL);
    exam = ep_exam_new(&options, NULL);
    g_assert_nonnull(exam);
    look = ep_exam_look(exam, -1, 11); /* not even shown to the engine */
    g_assert_cmpint(look.gap, ==, EP_GAP_TOO_LARGE);
    g_assert_true(hl_tree_remove(dir, NULL));
    g_free(options.log);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/scan/exam", test_exam);
    g_test_add_func("/scan/nothing", test_nothing);
    g_test_add_func("/scan/exam/changing", test_changing);
    g_test_add_func("/scan/exam/replaced", test_replaced);
    g_test_add_func("/scan/exam/too-large", test_too_large);
    return g_test_run();
}
