/* SPDX-License-Identifier: Apache-2.0 */
/* lib/base/log: what strangers cause is limited, whatever they call themselves. */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/log.h"
#include "tests/support/clock_fake.h"

/* What is written to the log from now on; the standard error stream that was. */
typedef struct {
    int was, file;
} Record;

static Record record_begin(void)
{
    Record record = { dup(STDERR_FILENO), memfd_create("log", MFD_CLOEXEC) };

    g_assert_cmpint(dup2(record.file, STDERR_FILENO), ==, STDERR_FILENO);
    return record;
}

/* The lines since. */
static GStrv record_end(Record *record)
{
    off_t size = lseek(record->file, 0, SEEK_END);
    g_autofree char *text = g_malloc0((gsize)size + 1);

    g_assert_cmpint(dup2(record->was, STDERR_FILENO), ==, STDERR_FILENO);
    g_assert_cmpint(pread(record->file, text, (gsize)size, 0), ==, size);
    hl_fd_clear(&record->was);
    hl_fd_clear(&record->file);
    return g_strsplit(g_strchomp(text), "\n", -1);
}

static void complain(const char *area, guint sender)
{
    g_autofree char *key = g_strdup_printf("2001:db8::%x", sender);

    hl_log_limited(HL_LOG_WARN, area, key, "refused %s", key);
}

static void test_one_key(void)
{
    Record record = record_begin();
    g_auto(GStrv) lines = NULL;

    for (guint i = 0; i < 100; i++)
        complain("one", 1);
    clock_fake_advance(10 * HL_SECOND);
    complain("one", 1);
    lines = record_end(&record);
    g_assert_cmpuint(g_strv_length(lines), ==, 2);
    g_assert_true(g_str_has_suffix(lines[0], "one: refused 2001:db8::1"));
    g_assert_nonnull(strstr(lines[1], "(99 more like it were not logged)"));
}

/* A /64 has a name for each record. */
static void test_many_keys(void)
{
    Record record = record_begin();
    g_auto(GStrv) lines = NULL;

    for (guint i = 0; i < 100000; i++)
        complain("many", i);
    complain("another area", 1);
    clock_fake_advance(10 * HL_SECOND);
    complain("many", 200000);
    complain("many", 200001);
    lines = record_end(&record);
    g_assert_cmpuint(g_strv_length(lines), ==, 33);
    g_assert_nonnull(strstr(lines[30], "another area"));
    g_assert_nonnull(strstr(lines[31], "(99970 of others were not logged)"));
    g_assert_null(strstr(lines[32], "not logged"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/log/one-key", test_one_key);
    g_test_add_func("/log/many-keys", test_many_keys);
    return g_test_run();
}
