/* SPDX-License-Identifier: Apache-2.0 */
/* endpoint/scan: answers of the engine, numbers of a scan, and what a walk opens. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "endpoint/scan/clamd_conf.h"
#include "endpoint/scan/component.h"
#include "endpoint/scan/confine.h"
#include "endpoint/scan/copy.h"
#include "endpoint/scan/mounts.h"
#include "endpoint/scan/tally.h"
#include "endpoint/scan/walk.h"
#include "endpoint/scan/witness.h"
#include "lib/base/file.h"

/* ----------------------------------------------------------------------------------------------------- the answers */

static void test_answers(void)
{
    static const struct {
        const char *answer;
        EpLookKind kind;
        EpGap gap;
        const char *signature;
        bool broken;
    } rows[] = {
        { "fd[9]: OK", EP_LOOK_CLEAN, 0, "", false },
        { "fd[9]: OK\n", EP_LOOK_CLEAN, 0, "", false },
        { "fd[9]: Win.Test.A-1 FOUND", EP_LOOK_FOUND, 0, "Win.Test.A-1", false },
        { "fd[9]: Win.Test.UNOFFICIAL FOUND", EP_LOOK_FOUND, 0, "Win.Test", false },
        { "fd[9]: Heuristics.Encrypted.Zip FOUND", EP_LOOK_FOUND, 0, "Heuristics.Encrypted.Zip", false },
        { "fd[9]:  FOUND", EP_LOOK_FOUND, 0, "unnamed", false },
        { "fd[9]: Heuristics.Limits.Exceeded.MaxFileSize FOUND", EP_LOOK_NOT, EP_GAP_TOO_LARGE, "", false },
        { "fd[9]: Heuristics.Limits.Exceeded.MaxScanSize FOUND", EP_LOOK_NOT, EP_GAP_TOO_LARGE, "", false },
        { "fd[9]: Heuristics.Limits.Exceeded.MaxRecursion FOUND", EP_LOOK_NOT, EP_GAP_TOO_DEEP, "", false },
        { "fd[9]: Heuristics.Limits.Exceeded.MaxScanTime FOUND", EP_LOOK_NOT, EP_GAP_TIME, "", false },
        { "fd[9]: Can't allocate memory ERROR", EP_LOOK_NOT, EP_GAP_ENGINE, "", false },
        { "fd[9]: Time limit reached ERROR", EP_LOOK_NOT, EP_GAP_TIME, "", false },
        { "", EP_LOOK_NOT, EP_GAP_ENGINE, "", true },
        { "OK", EP_LOOK_NOT, EP_GAP_ENGINE, "", true }, /* of which file? */
        { "fd[9]: OKAY", EP_LOOK_NOT, EP_GAP_ENGINE, "", true },
        { "COMMAND UNKNOWN", EP_LOOK_NOT, EP_GAP_ENGINE, "", true },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        EpLook look = ep_look_parse(rows[i].answer);

        g_test_message("%s", rows[i].answer);
        g_assert_cmpint(look.kind, ==, rows[i].kind);
        g_assert_cmpint(look.gap, ==, rows[i].gap);
        g_assert_cmpstr(look.signature, ==, rows[i].signature);
        g_assert_cmpint(look.broken, ==, rows[i].broken);
    }
}

static void test_long_name(void)
{
    g_autofree char *name = g_strnfill(5000, 'x');
    g_autofree char *answer = g_strdup_printf("fd[9]: %s\xff FOUND", name);
    EpLook look = ep_look_parse(answer);

    g_assert_cmpint(look.kind, ==, EP_LOOK_FOUND);
    g_assert_cmpuint(strlen(look.signature), ==, EP_MAX_SIGNATURE);
}

/* Half a character at the end would be no text: the scanner has nothing to say then, and dies of it. */
static void test_gap_why(void)
{
    g_autofree char *ascii = g_strnfill(EP_GAP_WHY - 1, 'x');
    g_autofree char *split = g_strconcat(ascii, "\343\201\202", NULL);
    g_autofree char *cut = ep_gap_why(split);
    g_autofree char *one_line = ep_gap_why("two\nlines");
    g_autofree char *none = ep_gap_why(NULL);

    g_assert_true(g_utf8_validate(cut, -1, NULL));
    g_assert_cmpuint(strlen(cut), <=, EP_GAP_WHY);
    g_assert_true(g_str_has_prefix(cut, "xxx"));
    g_assert_null(strchr(one_line, '\n'));
    g_assert_cmpstr(none, ==, "");
}

static void test_gap_names(void)
{
    for (EpGap gap = 0; gap < EP_N_GAPS; gap++)
        g_assert_cmpint(ep_gap_from_name(ep_gap_name(gap)), ==, gap);
    g_assert_cmpint(ep_gap_from_name("of tomorrow"), ==, EP_N_GAPS);
}

/* ----------------------------------------------------------------------------------------------------- the numbers */

static void test_tally(void)
{
    EpTally tally = { 0 };
    EpTally back = { 0 };
    EpLook clean = { .kind = EP_LOOK_CLEAN };
    EpLook found = { .kind = EP_LOOK_FOUND };
    EpLook large = ep_look_not(EP_GAP_TOO_LARGE);
    g_autoptr(json_t) json = NULL;
    g_autofree char *words = NULL;

    ep_tally_look(&tally, &clean, 10);
    ep_tally_look(&tally, &found, 5);
    ep_tally_look(&tally, &large, 1000);
    tally.gaps[EP_GAP_VANISHED] = 2;
    words = ep_tally_describe(&tally);
    g_assert_cmpstr(words, ==, "2 files looked at, 1 found, 3 not looked at (1 too large, 2 vanished)");
    json = ep_tally_json(&tally);
    ep_tally_parse(&back, json);
    g_assert_cmpmem(&back, sizeof back, &tally, sizeof tally);
    ep_tally_parse(&back, NULL);
    g_assert_cmpuint(back.files, ==, 0);
}

static void test_mounts(void)
{
    g_autoptr(EpMounts) mounts = ep_mounts_parse("22 1 254:0 / / rw - ext4 /dev/vda rw\n"
                                                 "23 22 0:21 / /proc rw,nosuid shared:5 - proc proc rw\n"
                                                 "24 22 0:22 / /a\\040b rw - tmpfs tmpfs rw\n"
                                                 "garbage\n- proc\n25 22 x:y / / rw - proc proc rw\n");

    g_assert_true(ep_mounts_is_special(mounts, makedev(0, 21)));
    g_assert_false(ep_mounts_is_special(mounts, makedev(0, 22)));
    g_assert_false(ep_mounts_is_special(mounts, makedev(254, 0)));
    g_assert_false(ep_mounts_is_special(mounts, makedev(7, 7)));
}

static void test_component(void)
{
    static const char hashes[] = "44d88612fea8a8f36de82e1278abb02f:68:Eicar-Test\n";
    static const char bodies[] = "Other.Name:0:*:00\nWin.Test.A:0:*:4142\nWin.Logic-1;Engine:1-2;0;41\n";
    static const char rules[] = "rule first { condition: true }\nprivate rule  second : tag { condition: first }\n";

    g_assert_true(ep_component_defines(hashes, sizeof hashes - 1, "Eicar-Test"));
    g_assert_false(ep_component_defines(hashes, sizeof hashes - 1, "Eicar"));
    g_assert_true(ep_component_defines(bodies, sizeof bodies - 1, "Win.Test.A"));
    g_assert_true(ep_component_defines(bodies, sizeof bodies - 1, "Win.Logic-1"));
    g_assert_false(ep_component_defines(bodies, sizeof bodies - 1, "Test.A"));
    g_assert_true(ep_component_defines(rules, sizeof rules - 1, "YARA.second"));
    g_assert_false(ep_component_defines(rules, sizeof rules - 1, "YARA.seco"));
    g_assert_false(ep_component_defines(rules, sizeof rules - 1, "second"));
    g_assert_false(ep_component_defines("", 0, "x"));
    g_assert_false(ep_component_defines("x\n", 2, "YARA."));
}

/* Whatever clamd bounds by a number of its own would be a file that is silently not looked at. */
/* A name that was meant is not another one; the one that sysusers.d makes has somebody who stands in. */
static void test_user(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(ep_confine_user("no-such-user", &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_UNAVAILABLE);
    g_assert_nonnull(ep_confine_user(EP_CONFINE_USER, NULL));
}

static void test_conf(void)
{
    g_autofree char *text = ep_clamd_conf(
        &(EpClamdConf){ .directory = "/x", .max_size = 1000, .max_depth = 17, .max_time = 2 * HL_MINUTE });

    g_assert_nonnull(strstr(text, "\nAlertExceedsMax yes\n"));
    g_assert_nonnull(strstr(text, "\nMaxFileSize 1000\n"));
    g_assert_nonnull(strstr(text, "\nMaxScanSize 2000\n"));
    g_assert_nonnull(strstr(text, "\nMaxRecursion 17\n"));
    g_assert_nonnull(strstr(text, "\nMaxScanTime 120000\n"));
    g_assert_nonnull(strstr(text, "\nLocalSocket /x/run/socket\n"));
}

/* ------------------------------------------------------------------------------------------------------- the walk */

typedef struct {
    GString *seen;
    guint left; /* files after which it ends */
} Seen;

static bool on_file(const EpWalkFile *file, gpointer user)
{
    Seen *seen = user;

    g_assert_cmpint(fcntl(file->fd, F_GETFL) & O_ACCMODE, ==, O_RDONLY);
    g_assert_true(S_ISREG(file->st.st_mode));
    g_string_append_printf(seen->seen, "%s;", strrchr(file->path, '/') + 1);
    return seen->left == 0 || --seen->left > 0;
}

static bool on_gap(const char *path, EpGap gap, const char *why G_GNUC_UNUSED, gpointer user)
{
    Seen *seen = user;

    g_string_append_printf(seen->seen, "%s:%s;", strrchr(path, '/') + 1, ep_gap_name(gap));
    return true;
}

static bool on_excluded(const char *path, gpointer user G_GNUC_UNUSED)
{
    return g_str_has_suffix(path, ".skip");
}

static char *walk(const char *path, guint files)
{
    static const EpWalkHooks hooks = { .file = on_file, .gap = on_gap, .excluded = on_excluded };
    Seen seen = { g_string_new(NULL), files };

    g_assert_cmpint(ep_walk(path, &hooks, &seen), ==, files == 0);
    return g_string_free(seen.seen, FALSE);
}

static void put(const char *top, const char *name)
{
    g_autofree char *path = g_build_filename(top, name, NULL);

    g_assert_true(hl_file_write_text(path, "x", 0600, NULL));
}

/* In a process of its own: it is for good. */
static void test_nice(void)
{
    if (g_test_subprocess()) {
        EpConfinement confinement = { .user = EP_CONFINE_USER };
        g_autoptr(GError) error = NULL;
        int nicer = MAX(15, getpriority(PRIO_PROCESS, 0));

        g_assert_cmpint(setpriority(PRIO_PROCESS, 0, nicer), ==, 0); /* as a daemon that somebody has made nice */
        g_assert_true(ep_confine(&confinement, &error));
        g_assert_no_error(error);
        g_assert_cmpint(getpriority(PRIO_PROCESS, 0), ==, nicer);
        _exit(0); /* what runs at the end may want rights that are gone */
    }
    g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
    g_test_trap_assert_passed();
}

static void test_walk(void)
{
    g_autofree char *top = g_dir_make_tmp("holdline-scan-XXXXXX", NULL);
    g_autofree char *sub = g_build_filename(top, "sub", NULL);
    g_autofree char *fifo = g_build_filename(sub, "fifo", NULL);
    g_autofree char *link = g_build_filename(sub, "link", NULL);
    g_autofree char *dangling = g_build_filename(sub, "dangling", NULL);
    g_autofree char *skipped = g_build_filename(top, "dir.skip", NULL);
    g_autofree char *file = g_build_filename(sub, "a", NULL);
    g_autofree char *none = g_build_filename(top, "none", NULL);
    g_autofree char *all = NULL;
    g_autofree char *one = NULL;
    g_autofree char *missing = NULL;
    g_autofree char *pipe = NULL;
    g_autofree char *through = NULL;
    g_autofree char *first = NULL;
    g_autofree char *kernel = NULL;

    g_assert_true(hl_dir_make(sub, 0700, NULL));
    g_assert_true(hl_dir_make(skipped, 0700, NULL));
    put(sub, "a");
    put(skipped, "b");
    g_assert_cmpint(mkfifo(fifo, 0600), ==, 0);
    g_assert_cmpint(symlink(top, link), ==, 0);
    g_assert_cmpint(symlink("nowhere", dangling), ==, 0);
    all = walk(top, 0);
    g_assert_cmpstr(all, ==, "a;");
    one = walk(file, 0);
    g_assert_cmpstr(one, ==, "a;");
    missing = walk(none, 0);
    g_assert_cmpstr(missing, ==, "none:vanished;");
    pipe = walk(fifo, 0);
    g_assert_cmpstr(pipe, ==, "fifo:unreadable;");
    through = walk(link, 0); /* named itself, it is what it leads to */
    g_assert_cmpstr(through, ==, "a;");
    kernel = walk("/proc/self", 0);
    g_assert_cmpstr(kernel, ==, "self:unreadable;");
    put(sub, "b");
    first = walk(top, 1);
    g_assert_cmpuint(strlen(first), ==, 2);
    g_assert_true(hl_tree_remove(top, NULL));
}

/* Directories as deep as anybody likes end in one path that was not looked at, not in a stack or out of descriptors. */
static void test_deep(void)
{
    g_autofree char *top = g_dir_make_tmp("holdline-scan-XXXXXX", NULL);
    g_autofree char *seen = NULL;
    int fd = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    for (int i = 0; i < EP_WALK_DEPTH + 10; i++) {
        int next;

        g_assert_cmpint(mkdirat(fd, "d", 0700), ==, 0);
        next = openat(fd, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        close(fd);
        fd = next;
    }
    close(fd);
    seen = walk(top, 0);
    g_assert_cmpstr(seen, ==, "d:too-deep;");
    g_assert_true(hl_tree_remove(top, NULL));
}

/* --------------------------------------------------------------------------------------------------- the witness */

static void test_witness(void)
{
    g_autofree char *top = g_dir_make_tmp("holdline-scan-XXXXXX", NULL);
    g_autofree char *real = realpath(top, NULL);
    g_autofree char *a = g_build_filename(real, "a", NULL);
    g_autofree char *b = g_build_filename(real, "b", NULL);
    g_autofree char *link = g_build_filename(real, "link", NULL);
    g_autofree char *through = g_build_filename(link, "a", NULL);
    EpWitness *witness = ep_witness_new();
    struct stat st;

    g_assert_nonnull(witness);
    put(real, "a");
    put(real, "b");
    g_assert_cmpint(symlink(real, link), ==, 0);
    g_assert_cmpint(stat(a, &st), ==, 0);
    g_assert_true(ep_witness_confirms(witness, a, st.st_dev, st.st_ino));
    g_assert_false(ep_witness_confirms(witness, b, st.st_dev, st.st_ino)); /* another file is there */
    g_assert_false(ep_witness_confirms(witness, through, st.st_dev, st.st_ino));
    g_assert_false(ep_witness_confirms(witness, "a", st.st_dev, st.st_ino));
    g_assert_cmpint(unlink(a), ==, 0);
    g_assert_false(ep_witness_confirms(witness, a, st.st_dev, st.st_ino));
    g_assert_false(ep_witness_confirms(NULL, a, st.st_dev, st.st_ino));
    ep_witness_free(witness);
    g_assert_true(hl_tree_remove(real, NULL));
}

/* ------------------------------------------------------------------------------------------------------- copies */

static void test_copy(void)
{
    g_autofree char *top = g_dir_make_tmp("holdline-scan-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(top, "a", NULL);
    g_autoptr(GError) error = NULL;
    char text[16] = "";
    int64_t size = 0;
    int copy;
    int fd;

    g_assert_true(hl_file_write_text(path, "0123456789", 0600, NULL));
    fd = open(path, O_RDONLY | O_CLOEXEC);
    copy = ep_copy_make(fd, top, 10, &size, &error);
    g_assert_no_error(error);
    g_assert_cmpint(size, ==, 10);
    g_assert_cmpint(pread(copy, text, sizeof text, 0), ==, 10);
    g_assert_cmpstr(text, ==, "0123456789");
    g_assert_cmpint(unlink(path), ==, 0);
    g_assert_cmpint(rmdir(top), ==, 0); /* it has no name */
    close(copy);
    g_assert_cmpint(ep_copy_make(fd, "/nonexistent", 10, &size, &error), ==, -1);
    g_assert_error(error, HL_ERROR, HL_ERROR_NOT_FOUND);
    g_clear_error(&error);
    g_assert_cmpint(ep_copy_make(fd, g_get_tmp_dir(), 9, &size, &error), ==, -1);
    g_assert_error(error, HL_ERROR, HL_ERROR_LIMIT);
    close(fd);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/scan/answers", test_answers);
    g_test_add_func("/scan/answers/long", test_long_name);
    g_test_add_func("/scan/gaps", test_gap_names);
    g_test_add_func("/scan/gap-why", test_gap_why);
    g_test_add_func("/scan/tally", test_tally);
    g_test_add_func("/scan/mounts", test_mounts);
    g_test_add_func("/scan/component", test_component);
    g_test_add_func("/scan/conf", test_conf);
    g_test_add_func("/scan/user", test_user);
    g_test_add_func("/scan/nice", test_nice);
    g_test_add_func("/scan/walk", test_walk);
    g_test_add_func("/scan/walk/deep", test_deep);
    g_test_add_func("/scan/witness", test_witness);
    g_test_add_func("/scan/copy", test_copy);
    return g_test_run();
}
