/* SPDX-License-Identifier: Apache-2.0 */
/* lib/base: options, configuration, command lines, durations, files, back-off, mailbox. */
#include <glib/gstdio.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/backoff.h"
#include "lib/base/cli.h"
#include "lib/base/clock.h"
#include "lib/base/conf.h"
#include "lib/base/exec.h"
#include "lib/base/file.h"
#include "lib/base/ident.h"
#include "lib/base/mailbox.h"
#include "lib/base/nearest.h"
#include "lib/base/network.h"

typedef struct {
    char *name;
    int64_t port;
    bool enabled;
    HlTime interval;
    int mode;
    char **sources;
} Sample;

static const char *const modes[] = { "managed", "external", NULL };

static const HlOption sample_rows[] = {
    { "server.name", HL_OPTION_STRING, offsetof(Sample, name), "here", 1, 20, NULL, "Name of the server", NULL },
    { "server.port", HL_OPTION_INT, offsetof(Sample, port), "8883", 1, 65535, NULL, "Port", NULL },
    { "server.enabled", HL_OPTION_BOOL, offsetof(Sample, enabled), "yes", 0, 0, NULL, "Whether", NULL },
    { "timing.interval", HL_OPTION_DURATION, offsetof(Sample, interval), "60s", HL_SECOND, HL_DAY, NULL, "Interval",
      NULL },
    { "timing.mode", HL_OPTION_CHOICE, offsetof(Sample, mode), "managed", 0, 0, modes, "Mode", NULL },
    { "timing.sources", HL_OPTION_LIST, offsetof(Sample, sources), "a,b", 0, 3, NULL, "Sources", NULL },
};
static const HlOptionTable sample = HL_OPTION_TABLE(sample_rows);

static void check_invalid(const char *text, const char *message_part)
{
    g_autoptr(GError) error = NULL;
    Sample values = { 0 };

    g_assert_false(hl_conf_parse("test.conf", text, strlen(text), sample, &values, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
    g_assert_nonnull(strstr(error->message, message_part));
    g_assert_null(values.name); /* nothing half stored */
}

static void test_conf(void)
{
    static const char text[] = "[server]\nname = x\nport=1\n[timing]\ninterval=5m\nmode=external\nsources= p , q\n";
    g_autofree char *printed = NULL;
    g_autoptr(GError) error = NULL;
    Sample values = { 0 };
    Sample again = { 0 };

    g_assert_true(hl_conf_parse("test.conf", text, strlen(text), sample, &values, &error));
    g_assert_cmpstr(values.name, ==, "x");
    g_assert_cmpint(values.port, ==, 1);
    g_assert_true(values.enabled);
    g_assert_cmpint(values.interval, ==, 5 * HL_MINUTE);
    g_assert_cmpint(values.mode, ==, 1);
    g_assert_cmpstr(values.sources[1], ==, "q");
    printed = hl_conf_print(sample, &values);
    g_assert_true(hl_conf_parse("printed", printed, strlen(printed), sample, &again, &error));
    g_assert_cmpint(again.interval, ==, values.interval);
    g_assert_cmpstr(again.sources[0], ==, "p");
    hl_options_clear(sample, &values);
    hl_options_clear(sample, &again);

    check_invalid("[server]\nport = 70000\n", "from 1 to 65535");
    check_invalid("[server]\nprot = 1\n", "did you mean 'server.port'");
    check_invalid("[timing]\ninterval = 60\n", "a duration from 1s to 1d");
    check_invalid("[timing]\nmode = auto\n", "one of managed, external");
    check_invalid("[timing]\nsources = a,b,c,d\n", "list");
    check_invalid("rubbish", "test.conf");
    check_invalid("", "empty");
    check_invalid("[server]\nname = \xff\xfe\n", "UTF-8");
}

static void gather(const char *fault, gpointer user)
{
    g_ptr_array_add(user, g_strdup(fault));
}

/* The faults of a file with this text. */
static GPtrArray *faults_in(const char *text)
{
    g_autofree char *path = NULL;
    GPtrArray *faults = g_ptr_array_new_with_free_func(g_free);
    Sample values = { 0 };
    int file = g_file_open_tmp("conf-XXXXXX", &path, NULL);
    guint count;

    close(file);
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    count = hl_conf_check(path, sample, &values, gather, faults);
    g_assert_cmpuint(count, ==, faults->len);
    hl_options_clear(sample, &values);
    g_unlink(path);
    return faults;
}

static void expect_fault(const GPtrArray *faults, guint at, const char *place, const char *remedy)
{
    g_assert_cmpuint(at, <, faults->len);
    g_assert_nonnull(strstr(g_ptr_array_index(faults, at), place));
    g_assert_nonnull(strstr(g_ptr_array_index(faults, at), remedy));
}

/* Each with its line: the last one that has the key, because that one counts. */
static void test_conf_faults(void)
{
    g_autoptr(GPtrArray) none = faults_in("[server]\nport = 1\n");
    g_autoptr(GPtrArray) values = faults_in("# port = 3\n[server]\nport = 5\n\nport = 70000\n  prot = 1\n"
                                            "[timing]\ninterval = 60\n#[server]\nmode =auto\n[nowhere]\nx=1\n");
    g_autoptr(GPtrArray) lines = faults_in("port = 1\n[server]\nport 1\n# port\n[timing\nmode = managed\n");
    g_autoptr(GString) flood = g_string_new("[server]\n");
    g_autoptr(GPtrArray) many = NULL;

    g_assert_cmpuint(none->len, ==, 0);
    g_assert_cmpuint(values->len, ==, 5);
    expect_fault(values, 0, ":5: [server] port:", "from 1 to 65535");
    expect_fault(values, 1, ":6: [server] prot:", "did you mean 'server.port'");
    expect_fault(values, 2, ":8: [timing] interval:", "a duration from 1s to 1d");
    expect_fault(values, 3, ":10: [timing] mode:", "one of managed, external");
    expect_fault(values, 4, ":12: [nowhere] x:", "nowhere.x");
    g_assert_cmpuint(lines->len, ==, 3);
    expect_fault(lines, 0, ":1: 'port = 1'", "move it");
    expect_fault(lines, 1, ":3: 'port 1'", "mend it");
    expect_fault(lines, 2, ":5: '[timing'", "mend it");
    for (guint i = 0; i < 1000; i++)
        g_string_append_printf(flood, "x%u = 1\n", i);
    many = faults_in(flood->str);
    g_assert_cmpuint(many->len, ==, 50);
}

/* Clocks come over the wire: a hostile one must not overflow what is made of it. */
static void test_time_difference(void)
{
    g_assert_cmpint(hl_time_difference(5, 8), ==, -3);
    g_assert_cmpint(hl_time_difference(0, G_MININT64), ==, G_MAXINT64);
    g_assert_cmpint(hl_time_difference(-2, G_MAXINT64), ==, -G_MAXINT64);
    g_assert_cmpint(hl_time_difference(-1, G_MAXINT64), ==, -G_MAXINT64); /* G_MININT64 has no counterpart */
    g_assert_cmpint(hl_time_difference(G_MININT64, 0), ==, -G_MAXINT64);
}

static void test_duration(void)
{
    static const char *const bad[] = { "", "5", "-5s", "5 s", "5y", "99999999999w", "s", "1.5h" };
    HlTime time = 0;

    g_assert_true(hl_duration_parse("36h", &time, NULL));
    g_assert_cmpint(time, ==, 36 * HL_HOUR);
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_false(hl_duration_parse(bad[i], &time, NULL));
    for (HlTime t = 1; t < 100 * HL_DAY; t = t * 3 + 1) {
        g_autofree char *text = hl_duration_format(t);

        g_assert_true(hl_duration_parse(text, &time, NULL));
        g_assert_cmpint(time, ==, t);
    }
    g_assert_true(hl_time_parse("2026-11-22T21:45:00Z", &time, NULL));
    {
        g_autofree char *text = hl_time_format(time);

        g_assert_cmpstr(text, ==, "2026-11-22T21:45:00Z");
    }
    g_assert_false(hl_time_parse("yesterday", &time, NULL));
}

static void test_nearest(void)
{
    static const char *const words[] = { "group list", "group set", "status", "scan", "-no", NULL };
    static const struct {
        const char *word, *nearest;
    } rows[] = {
        { "group lsit", "group list" },
        { "gruop set", "group set" },
        { "statsu", "status" },
        { "scna", "scan" },
        { "sacn", "scan" },
        { "s", NULL },
        { "xyzzy", NULL },
        { "statistics", NULL },
        { "", NULL },
    };
    g_autofree char *long_word = g_strnfill(1000, 's');

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_test_message("%s", rows[i].word);
        g_assert_cmpstr(hl_nearest(rows[i].word, words), ==, rows[i].nearest);
    }
    g_assert_null(hl_nearest(long_word, words));
    g_assert_cmpuint(hl_nearest_distance("", ""), ==, 0);
    g_assert_cmpuint(hl_nearest_distance("abc", ""), ==, 3);
    g_assert_cmpuint(hl_nearest_distance("kitten", "sitting"), ==, 3);
    g_assert_cmpuint(hl_nearest_distance("ab", "ba"), ==, 1);
}

/* Nothing that has the name is replaced, opened or followed. */
static void test_file_create(void)
{
    g_autofree char *dir = g_dir_make_tmp("base-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "new", NULL);
    g_autofree char *link = g_build_filename(dir, "link", NULL);
    g_autofree char *fifo = g_build_filename(dir, "fifo", NULL);
    const char *const taken[] = { path, link, fifo, dir, "/dev/null" };
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    struct stat st;

    g_assert_true(hl_file_check_new(path, &error));
    g_assert_true(hl_file_create_text(path, "hello", 0600, &error));
    g_assert_no_error(error);
    text = hl_file_read_text(path, 100, &error);
    g_assert_cmpstr(text, ==, "hello");
    g_assert_true(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600);
    g_assert_cmpint(symlink("nowhere", link), ==, 0);
    g_assert_cmpint(mkfifo(fifo, 0600), ==, 0);
    for (gsize i = 0; i < G_N_ELEMENTS(taken); i++) {
        g_autoptr(GError) refused = NULL;
        g_autoptr(GError) looked = NULL;

        g_assert_false(hl_file_create_text(taken[i], "other", 0600, &refused));
        g_assert_error(refused, HL_ERROR, HL_ERROR_EXISTS);
        g_assert_false(hl_file_check_new(taken[i], &looked));
        g_assert_error(looked, HL_ERROR, HL_ERROR_EXISTS);
    }
    g_assert_true(lstat("/dev/null", &st) == 0 && S_ISCHR(st.st_mode));
    g_assert_true(hl_tree_remove(dir, &error));
}

static void test_file(void)
{
    g_autofree char *directory = g_dir_make_tmp("holdline-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(directory, "a", NULL);
    g_autoptr(GBytes) bytes = NULL;
    g_autoptr(GError) error = NULL;
    hl_autofd int lock = -1;

    g_assert_true(hl_file_write_text(path, "hello", 0600, &error));
    bytes = hl_file_read(path, 5, &error);
    g_assert_cmpmem(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), "hello", 5);
    g_assert_null(hl_file_read(path, 4, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_LIMIT);
    g_clear_error(&error);
    g_assert_null(hl_file_read(directory, 4, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
    g_clear_error(&error);
    g_assert_null(hl_file_read("/nonexistent/file", 4, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_NOT_FOUND);
    g_clear_error(&error);
    g_assert_false(hl_file_write("/proc/holdline", "x", 1, 0600, &error));
    g_clear_error(&error);

    lock = hl_file_lock(path, &error);
    g_assert_cmpint(lock, >=, 0);
    g_assert_cmpint(hl_file_lock_as(path, &error, "%s runs already", "it"), ==, -1);
    g_assert_error(error, HL_ERROR, HL_ERROR_CONFLICT);
    g_assert_true(g_str_has_prefix(error->message, "it runs already: "));
    g_clear_error(&error);
    g_assert_cmpint(hl_file_lock_as("/proc/holdline", &error, "it runs already"), ==, -1);
    g_assert_null(strstr(error->message, "runs already")); /* nobody holds it */
    g_assert_true(hl_tree_remove(directory, NULL));
    g_assert_true(hl_tree_remove(directory, NULL)); /* a missing tree is fine */
}

/* Nobody is at the other end: refused, and not waited for. */
static void test_fifo(void)
{
    g_autofree char *directory = g_dir_make_tmp("hl-base-XXXXXX", NULL);
    g_autofree char *fifo = g_build_filename(directory, "fifo", NULL);
    g_autofree char *copy = g_build_filename(directory, "copy", NULL);
    g_autoptr(GError) read = NULL;
    g_autoptr(GError) digest = NULL;
    g_autoptr(GError) copied = NULL;
    g_autoptr(GError) locked = NULL;

    g_assert_cmpint(mkfifo(fifo, 0600), ==, 0);
    g_assert_null(hl_file_read(fifo, 1, &read));
    g_assert_error(read, HL_ERROR, HL_ERROR_INVALID);
    g_assert_null(hl_file_digest(fifo, &digest));
    g_assert_error(digest, HL_ERROR, HL_ERROR_INVALID);
    g_assert_null(hl_file_copy(fifo, copy, 0600, &copied));
    g_assert_error(copied, HL_ERROR, HL_ERROR_INVALID);
    g_assert_false(g_file_test(copy, G_FILE_TEST_EXISTS));
    g_assert_cmpint(hl_file_lock(fifo, &locked), ==, -1);
    g_assert_error(locked, HL_ERROR, HL_ERROR_INVALID);
    g_assert_true(hl_tree_remove(directory, NULL));
}

static void test_backoff(void)
{
    HlBackoff backoff = HL_BACKOFF_INIT(HL_SECOND, 300 * HL_SECOND);
    HlTime bound = HL_SECOND;

    for (int i = 0; i < 64; i++) {
        HlBackoff copy = backoff;

        g_assert_cmpint(hl_backoff_next(&copy, UINT64_MAX), <=, MIN(bound, 300 * HL_SECOND));
        g_assert_cmpint(hl_backoff_next(&backoff, (uint64_t)MIN(bound, 300 * HL_SECOND)), ==,
                        MIN(bound, 300 * HL_SECOND));
        bound = MIN(bound * 2, 300 * HL_SECOND);
    }
    hl_backoff_reset(&backoff);
    g_assert_cmpint(hl_backoff_next(&backoff, 1000), ==, 1000);
}

/* Let in and thrown out, again and again: only a link that proved itself, or held, starts the delays over. */
static void test_backoff_ended(void)
{
    HlBackoff backoff = HL_BACKOFF_INIT(HL_SECOND, 300 * HL_SECOND);

    for (unsigned i = 0; i < 9; i++) {
        hl_backoff_ended(&backoff, false, 300 * HL_SECOND);
        g_assert_cmpuint(backoff.failures, ==, i);
        hl_backoff_next(&backoff, 0);
    }
    g_assert_cmpint(hl_backoff_next(&backoff, 300 * HL_SECOND), ==, 300 * HL_SECOND);
    hl_backoff_ended(&backoff, true, 0);
    g_assert_cmpuint(backoff.failures, ==, 0);
    hl_backoff_next(&backoff, 0);
    hl_backoff_ended(&backoff, false, 300 * HL_SECOND + 1);
    g_assert_cmpuint(backoff.failures, ==, 0);
}

static void test_ident(void)
{
    g_autofree char *a = hl_ident_new("e-");
    g_autofree char *b = hl_ident_new("e-");
    g_autoptr(GBytes) bytes = hl_unhex("00ffA0");
    g_autofree char *hex = hl_hex(g_bytes_get_data(bytes, NULL), 3);

    g_assert_true(hl_ident_is_valid(a));
    g_assert_cmpstr(a, !=, b);
    g_assert_cmpstr(hex, ==, "00ffa0");
    g_assert_null(hl_unhex("0"));
    g_assert_null(hl_unhex("zz"));
    g_assert_false(hl_ident_is_valid("a/b"));
    g_assert_false(hl_ident_is_valid("+"));
    g_assert_false(hl_ident_is_valid("a#"));
    g_assert_false(hl_ident_is_valid(""));
    g_assert_false(hl_ident_is_valid("-a"));
}

static const char *const two_flags[] = { "json", "expires", NULL };
static const char *const not_config[] = { "json", "-config", NULL };
static const char *const global_flags[] = { "config", NULL };

static bool cmd_record(HlInvocation *call, GError **error)
{
    GString *out = call->user;

    if (call->n_args > 0 && strcmp(call->args[0], "fail") == 0)
        return hl_fail(error, HL_ERROR_NOT_FOUND, "no such thing");
    g_string_assign(out, call->command->name);
    for (int i = 0; i < call->n_args; i++)
        g_string_append_printf(out, "|%s", call->args[i]);
    g_string_append_printf(out, "|%d|%s", hl_cli_has(call, "json"), hl_cli_value(call, "expires", "none"));
    return true;
}

static const HlFlag flags[] = { { "json", NULL, "as JSON" },
                                { "expires", "DURATION", "lifetime" },
                                { "config", "FILE", "x" } };
static const HlCommand commands[] = {
    { "group", "NAME", "x", cmd_record, 1, 1, NULL },
    { "group set", "GROUP KEY=VALUE...", "x", cmd_record, 2, HL_ARGS_ANY, two_flags },
    { "quiet", "", "x", cmd_record, 0, 0, not_config },
};
static const HlProgram program = {
    .name = "prog",
    .summary = "test",
    .commands = commands,
    .n_commands = G_N_ELEMENTS(commands),
    .flags = flags,
    .n_flags = 3,
    .global_flags = global_flags,
};

static int call_of(const HlProgram *called, GString *out, const char *line)
{
    g_auto(GStrv) argv = g_strsplit(line, " ", -1);

    g_string_assign(out, "");
    return hl_cli_main(called, (int)g_strv_length(argv), argv, out);
}

static int call(GString *out, const char *line)
{
    return call_of(&program, out, line);
}

/* A daemon's usual form names no command. */
static void test_cli_usual(void)
{
    g_autoptr(GString) out = g_string_new(NULL);
    HlProgram daemon = program;

    daemon.usual = "quiet";
    g_assert_cmpint(call_of(&daemon, out, "prog"), ==, 0);
    g_assert_cmpstr(out->str, ==, "quiet|0|none");
    g_assert_cmpint(call_of(&daemon, out, "prog --json"), ==, 0);
    g_assert_cmpstr(out->str, ==, "quiet|1|none");
    g_assert_cmpint(call_of(&daemon, out, "prog group g"), ==, 0);
    g_assert_cmpstr(out->str, ==, "group|g|0|none");
    g_assert_cmpint(call_of(&daemon, out, "prog --config x group g"), ==, 0); /* options may stand before the command */
    g_assert_cmpstr(out->str, ==, "group|g|0|none");
    g_assert_cmpint(call_of(&daemon, out, "prog dance"), ==, 2);
    g_assert_cmpint(call_of(&daemon, out, "prog --help"), ==, 0);
    g_assert_cmpint(call_of(&program, out, "prog --json"), ==, 2);
}

static void test_cli(void)
{
    g_autoptr(GString) out = g_string_new(NULL);

    g_assert_cmpint(call(out, "prog --expires 4d group set g a=b --json c=d"), ==, 0);
    g_assert_cmpstr(out->str, ==, "group set|g|a=b|c=d|1|4d");
    g_assert_cmpint(call(out, "prog group set -- g --json"), ==, 0);
    g_assert_cmpstr(out->str, ==, "group set|g|--json|0|none");
    g_assert_cmpint(call(out, "prog group g"), ==, 0);
    g_assert_cmpint(call(out, "prog group fail"), ==, 4);
    g_assert_cmpint(call(out, "prog group set g"), ==, 2);          /* too few words */
    g_assert_cmpint(call(out, "prog group g --json"), ==, 2);       /* not this command's option */
    g_assert_cmpint(call(out, "prog group set g a --nope"), ==, 2); /* nobody's option */
    g_assert_cmpint(call(out, "prog group set g a --expires"), ==, 2);
    g_assert_cmpint(call(out, "prog group set g a --json=1"), ==, 2);
    g_assert_cmpint(call(out, "prog dance"), ==, 2);
    g_assert_cmpint(call(out, "prog group g --config x"), ==, 0);
    g_assert_cmpint(call(out, "prog quiet --json"), ==, 0);
    g_assert_cmpint(call(out, "prog quiet --config x"), ==, 2); /* global, but not for this one */
}

/* A program's exit status becomes the caller's, and its words go where the caller's go. */
static void test_exec_shown(void)
{
    g_autoptr(GError) error = NULL;
    int status = -1;

    g_assert_true(hl_exec_shown((const char *const[]){ "sh", "-c", "exit 7", NULL }, &status, NULL));
    g_assert_cmpint(status, ==, 7);
    g_assert_cmpint(hl_error_from_exit_status(status), ==, HL_ERROR_UNAVAILABLE);
    g_assert_cmpint(hl_error_from_exit_status(127), ==, HL_ERROR_FAILED);
    for (int i = 1; i <= 9; i++) {
        g_autoptr(GError) same = g_error_new_literal(HL_ERROR, (int)hl_error_from_exit_status(i), "x");

        g_assert_cmpint(hl_error_exit_status(same), ==, i);
    }
    g_assert_false(hl_exec_shown((const char *const[]){ "sh", "-c", "kill -9 $$", NULL }, &status, &error));
    g_assert_nonnull(strstr(error->message, "signal 9"));
    g_clear_error(&error);
    g_assert_false(hl_exec_shown((const char *const[]){ "/no/such/program", NULL }, &status, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_IO);
}

static void test_place(void)
{
    static const struct {
        const char *text, *host;
        guint port;
    } good[] = {
        { "a.example:8883", "a.example", 8883 },
        { "10.0.0.1:1", "10.0.0.1", 1 },
        { "[::1]:65535", "::1", 65535 },
        { "[fe80::1%eth0]:1", "fe80::1%eth0", 1 },
        { "2001:db8::1:8883", "2001:db8::1", 8883 }, /* as 0.1.0 wrote it */
    };
    static const char *const bad[] = { "",      "a",      ":1",        "a:0",    "a:65536",      "a:x",  "a:",
                                       "[::1]", "[::1:1", "::1]:1",    "[a]:1",  "[10.0.0.1]:1", "[]:1", "a b:1",
                                       "u@a:1", "a/b:1",  "[[::1]]:1", "x::y:1", "[::1] :1",     "[:1",  "]:1" };

    for (gsize i = 0; i < G_N_ELEMENTS(good); i++) {
        g_autofree char *host = NULL;
        g_autofree char *again = NULL;
        g_autofree char *twice = NULL;
        uint16_t port = 0;

        g_assert_true(hl_place_parse(good[i].text, &host, &port));
        g_assert_cmpstr(host, ==, good[i].host);
        g_assert_cmpuint(port, ==, good[i].port);
        again = hl_place_print(host, port);
        if (strchr(host, ':') == NULL || good[i].text[0] == '[')
            g_assert_cmpstr(again, ==, good[i].text);
        g_assert_true(hl_place_parse(again, &twice, &port));
        g_assert_cmpstr(twice, ==, host);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *host = NULL;
        uint16_t port = 0;

        if (hl_place_parse(bad[i], &host, &port))
            g_error("'%s' is taken", bad[i]);
    }
}

typedef struct {
    HlMailbox *mailbox;
    guint expected, received;
} Sink;

static void on_item(gpointer item, gpointer user)
{
    Sink *sink = user;

    g_assert_cmpuint(GPOINTER_TO_UINT(item), ==, ++sink->received); /* in order */
}

static void *post_many(void *user)
{
    Sink *sink = user;

    for (guint i = 1; i <= sink->expected;)
        if (hl_mailbox_post(sink->mailbox, GUINT_TO_POINTER(i)) == HL_MAILBOX_POSTED)
            i++;
    return NULL;
}

static void test_mailbox(void)
{
    Sink sink = { .expected = 100000 };
    g_autoptr(HlMailbox) mailbox = hl_mailbox_new("test", 1000, NULL, on_item, &sink, NULL);
    HlMailboxCounts counts;
    pthread_t thread;

    sink.mailbox = mailbox;
    pthread_create(&thread, NULL, post_many, &sink);
    while (sink.received < sink.expected)
        g_main_context_iteration(NULL, TRUE);
    pthread_join(thread, NULL);
    counts = hl_mailbox_count(mailbox);
    g_assert_cmpuint(counts.posted, ==, sink.expected);
    g_assert_cmpuint(counts.depth, ==, 0);
    g_assert_cmpuint(counts.peak, <=, 1000);
    for (guint i = 0; i < 1000; i++)
        g_assert_cmpint(hl_mailbox_post(mailbox, GUINT_TO_POINTER(1)), ==, HL_MAILBOX_POSTED);
    g_assert_cmpint(hl_mailbox_post(mailbox, GUINT_TO_POINTER(1)), ==, HL_MAILBOX_FULL);
    hl_mailbox_close(mailbox);
    g_assert_cmpint(hl_mailbox_post(mailbox, GUINT_TO_POINTER(1)), ==, HL_MAILBOX_CLOSED);
}

static gsize size_of_number(gconstpointer item)
{
    return GPOINTER_TO_UINT(item);
}

static void take_one(gpointer item G_GNUC_UNUSED, gpointer user)
{
    HlMailbox **mailbox = user;

    /* what is being handled counts still */
    g_assert_cmpint(hl_mailbox_post(*mailbox, GUINT_TO_POINTER(500)), ==, HL_MAILBOX_FULL);
}

/* Few large items fill it as many small ones do, and what is taken out makes room. */
static void test_mailbox_bytes(void)
{
    HlMailbox *mailbox = NULL;

    mailbox = hl_mailbox_new("bytes", 1000, NULL, take_one, &mailbox, NULL);
    hl_mailbox_bound_bytes(mailbox, 1000, size_of_number);
    g_assert_cmpint(hl_mailbox_post(mailbox, GUINT_TO_POINTER(1001)), ==, HL_MAILBOX_FULL);
    g_assert_cmpint(hl_mailbox_post(mailbox, GUINT_TO_POINTER(600)), ==, HL_MAILBOX_POSTED);
    g_assert_cmpint(hl_mailbox_post(mailbox, GUINT_TO_POINTER(401)), ==, HL_MAILBOX_FULL);
    g_assert_cmpuint(hl_mailbox_count(mailbox).bytes, ==, 600);
    g_assert_cmpuint(hl_mailbox_count(mailbox).refused, ==, 2);
    while (hl_mailbox_count(mailbox).depth > 0)
        g_main_context_iteration(NULL, TRUE);
    g_assert_cmpuint(hl_mailbox_count(mailbox).bytes, ==, 0);
    g_assert_cmpint(hl_mailbox_post(mailbox, GUINT_TO_POINTER(1000)), ==, HL_MAILBOX_POSTED);
    hl_mailbox_free(mailbox);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/base/conf", test_conf);
    g_test_add_func("/base/conf-faults", test_conf_faults);
    g_test_add_func("/base/time-difference", test_time_difference);
    g_test_add_func("/base/duration", test_duration);
    g_test_add_func("/base/file", test_file);
    g_test_add_func("/base/file-create", test_file_create);
    g_test_add_func("/base/nearest", test_nearest);
    g_test_add_func("/base/fifo", test_fifo);
    g_test_add_func("/base/backoff", test_backoff);
    g_test_add_func("/base/backoff-ended", test_backoff_ended);
    g_test_add_func("/base/ident", test_ident);
    g_test_add_func("/base/cli", test_cli);
    g_test_add_func("/base/cli-usual", test_cli_usual);
    g_test_add_func("/base/exec-shown", test_exec_shown);
    g_test_add_func("/base/place", test_place);
    g_test_add_func("/base/mailbox", test_mailbox);
    g_test_add_func("/base/mailbox-bytes", test_mailbox_bytes);
    return g_test_run();
}
