/* SPDX-License-Identifier: Apache-2.0 */
/* The quarantine's record of a file, on the disk and back. */
#include <limits.h>
#include <string.h>

#include "endpoint/scan/record.h"

#define HEX "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f"

/* A path and a signature of the longest kind, all in bytes that need escaping; numbers at their ends. */
static EpRecord *extreme(void)
{
    EpRecord *record = g_new(EpRecord, 1);

    *record = (EpRecord){ .state = EP_RECORD_RESTORING,
                          .id = g_strdup("q-7k3m9x2qv4tb"),
                          .directory = g_strnfill(PATH_MAX - 1, '\xe9'),
                          .name = g_strnfill(NAME_MAX, '\n'),
                          .directory_dev = UINT64_MAX,
                          .directory_ino = UINT64_MAX,
                          .dev = UINT64_MAX,
                          .ino = UINT64_MAX,
                          .uid = UINT32_MAX,
                          .gid = UINT32_MAX,
                          .mode = 07777,
                          .size = INT64_MAX,
                          .accessed = { INT64_MIN, 999999999 },
                          .modified = { INT64_MAX, 0 },
                          .sha256 = g_strdup(HEX),
                          .signature = g_strnfill(255, '\xff'),
                          .scan = g_strnfill(255, '\\'),
                          .taken = INT64_MAX };
    record->directory[0] = '/';
    return record;
}

static void test_there_and_back(void)
{
    g_autoptr(EpRecord) record = extreme();
    g_autofree char *text = ep_record_print(record);
    g_autoptr(GError) error = NULL;
    g_autoptr(EpRecord) again = ep_record_parse(text, strlen(text), &error);
    g_autofree char *reprinted = NULL;

    g_assert_no_error(error);
    g_assert_cmpuint(strlen(text), <=, EP_RECORD_MAX_SIZE);
    g_assert_cmpstr(again->directory, ==, record->directory);
    g_assert_cmpstr(again->name, ==, record->name);
    g_assert_cmpstr(again->signature, ==, record->signature);
    g_assert_true(again->ino == UINT64_MAX && again->uid == UINT32_MAX && again->accessed.tv_sec == INT64_MIN);
    reprinted = ep_record_print(again);
    g_assert_cmpstr(reprinted, ==, text);
}

/* One change of a good record, and what the refusal names. */
static void test_refused(void)
{
    static const struct {
        const char *from, *to, *says;
    } rows[] = {
        { "\"restoring\"", "\"lost\"", "state" },
        { "\"id\":\"q-", "\"id\":\"../", "id" },
        { "\"directory\":\"/", "\"directory\":\"", "directory" },
        { "\"name\":\"", "\"name\":\"a/b", "name" },
        { "\"name\":\"", "\"name\":\"\\\\z", "name" },
        { "\"name\":", "\"names\":", "name" },
        { "\"" HEX "\"", "\"275a\"", "sha256" },
        { "\"mode\":4095", "\"mode\":4096", "mode" },
        { "\"mode\":4095", "\"mode\":-1", "mode" },
        { "\"uid\":4294967295", "\"uid\":4294967296", "uid" },
        { "\"size\":", "\"size\":-", "size" },
        { "999999999", "1000000000", "accessed" },
        { "999999999", "1,1", "accessed" },
        { "\"taken_ms\":", "\"taken_ms\":0,\"taken_ms\":", "given twice" },
    };
    g_autoptr(EpRecord) record = extreme();
    g_autofree char *good = NULL;

    strcpy(record->directory, "/srv");
    strcpy(record->name, "x");
    good = ep_record_print(record);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_auto(GStrv) halves = g_strsplit(good, rows[i].from, 2);
        g_autofree char *bad = g_strjoinv(rows[i].to, halves);
        g_autoptr(GError) error = NULL;

        g_assert_nonnull(halves[1]);
        g_assert_null(ep_record_parse(bad, strlen(bad), &error));
        g_assert_nonnull(error);
        if (strstr(error->message, rows[i].says) == NULL)
            g_error("%s: %s", bad, error->message);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/record/there-and-back", test_there_and_back);
    g_test_add_func("/record/refused", test_refused);
    return g_test_run();
}
