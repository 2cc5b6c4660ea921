/* SPDX-License-Identifier: Apache-2.0 */
/* endpoint/daemon/ground/spool over a real database file: order, numbers, bounds. */
#include <string.h>
#include <unistd.h>

#include "endpoint/daemon/ground/spool.h"
#include "endpoint/daemon/ground/store.h"
#include "lib/base/file.h"
#include "lib/base/unconst.h"
#include "proto/bounds.h"
#include "proto/wire.h"

typedef struct {
    char *dir;
    HlDb *db;
    EpSpool *spool;
    GPtrArray *sent; /* HlMsgReport * */
    bool refuse;
} Fixture;

static bool take(GBytes *bytes, gpointer user)
{
    Fixture *f = user;
    HlMsgReport *report;

    if (f->refuse)
        return false;
    report = hl_wire_decode_bytes(&holdline__v1__report__descriptor, bytes, NULL);
    g_assert_nonnull(report);
    g_ptr_array_add(f->sent, report);
    return true;
}

static void open_spool(Fixture *f)
{
    g_autoptr(GError) error = NULL;

    f->db = ep_store_open(f->dir, &error);
    g_assert_no_error(error);
    f->spool = ep_spool_new(f->db, take, f, &error);
    g_assert_no_error(error);
}

static void close_spool(Fixture *f)
{
    g_clear_pointer(&f->spool, ep_spool_free);
    g_clear_pointer(&f->db, hl_db_close);
}

static void set_up(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    f->dir = g_dir_make_tmp("holdline-spool-XXXXXX", NULL);
    f->sent = g_ptr_array_new_with_free_func(hl_wire_free);
    open_spool(f);
}

static void tear_down(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    close_spool(f);
    g_ptr_array_unref(f->sent);
    g_assert_true(hl_tree_remove(f->dir, NULL));
    g_free(f->dir);
}

static void add(Fixture *f, const char *id, guint percent, EpSpoolFate fate)
{
    HlMsgReport report = HOLDLINE__V1__REPORT__INIT;
    HlMsgCommandReport command = HOLDLINE__V1__COMMAND_REPORT__INIT;
    g_autoptr(GError) error = NULL;

    command.command = hl_unconst(id);
    command.percent = percent;
    report.body_case = HOLDLINE__V1__REPORT__BODY_COMMAND;
    report.command = &command;
    g_assert_true(ep_spool_add(f->spool, &report, fate, id, &error));
}

static const HlMsgReport *sent(const Fixture *f, guint i)
{
    g_assert_cmpuint(i, <, f->sent->len);
    return f->sent->pdata[i];
}

static bool ack(Fixture *f, uint64_t seq)
{
    g_autofree char *identity = g_strdup(sent(f, f->sent->len - 1)->spool);

    return ep_spool_ack(f->spool, identity, seq, 0, NULL);
}

/* What the server would refuse would be sent for ever, and hold up all that comes after it. */
static void test_unfit(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    HlMsgReport report = HOLDLINE__V1__REPORT__INIT;
    HlMsgCommandReport command = HOLDLINE__V1__COMMAND_REPORT__INIT;
    g_autofree char *longer = g_strnfill(HL_MAX_TEXT + 1, 'x');
    g_autofree char *huge = g_strnfill((gsize)HL_WIRE_MAX_SIZE, 'x');
    g_autoptr(GBytes) stored = g_bytes_new(huge, strlen(huge));

    report.body_case = HOLDLINE__V1__REPORT__BODY_COMMAND;
    report.command = &command;
    command.command = hl_unconst("c-1");
    command.detail = longer;
    g_assert_true(ep_spool_add(f->spool, &report, EP_SPOOL_KEEP_ALWAYS, "c-1", NULL)); /* is cut */
    command.detail = hl_unconst("a\001b");
    g_assert_true(ep_spool_add(f->spool, &report, EP_SPOOL_KEEP_ALWAYS, "c-1", NULL)); /* goes without its body */
    add(f, "c-3", 0, EP_SPOOL_KEEP_ALWAYS);
    /* as an earlier version stored it */
    g_assert_true(hl_db_run(f->db, NULL, NULL, "UPDATE spool SET body = ? WHERE seq = 3", "b", stored));
    add(f, "c-4", 0, EP_SPOOL_KEEP_ALWAYS);
    ep_spool_open(f->spool, 77);
    g_assert_cmpuint(f->sent->len, ==, 4);
    g_assert_cmpuint(strlen(sent(f, 0)->command->detail), ==, HL_MAX_TEXT);
    g_assert_cmpint(sent(f, 1)->body_case, ==, HOLDLINE__V1__REPORT__BODY__NOT_SET);
    g_assert_cmpint(sent(f, 2)->body_case, ==, HOLDLINE__V1__REPORT__BODY__NOT_SET);
    g_assert_cmpstr(sent(f, 3)->command->command, ==, "c-4");
}

static void test_order(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    add(f, "c-1", 0, EP_SPOOL_KEEP_ALWAYS);
    add(f, "c-2", 0, EP_SPOOL_KEEP_ALWAYS);
    ep_spool_pump(f->spool);
    g_assert_cmpuint(f->sent->len, ==, 0); /* the line is down */
    close_spool(f);
    open_spool(f);
    ep_spool_open(f->spool, 77);
    g_assert_cmpuint(f->sent->len, ==, 2);
    g_assert_cmpuint(sent(f, 0)->seq, ==, 1);
    g_assert_cmpuint(sent(f, 0)->session, ==, 77);
    g_assert_cmpint(sent(f, 0)->at_ms, >, 0);
    g_assert_cmpstr(sent(f, 1)->command->command, ==, "c-2");
    g_assert_true(ack(f, 1));
    close_spool(f);
    open_spool(f);
    ep_spool_open(f->spool, 78);
    g_assert_cmpuint(f->sent->len, ==, 3); /* only the second, under its number */
    g_assert_cmpuint(sent(f, 2)->seq, ==, 2);
    g_assert_true(ack(f, 2));
    add(f, "c-3", 0, EP_SPOOL_KEEP_ALWAYS); /* numbers go on when the spool was empty */
    ep_spool_pump(f->spool);
    g_assert_cmpuint(sent(f, 3)->seq, ==, 3);
}

static void test_rolled_back(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    ep_spool_open(f->spool, 1);
    {
        g_auto(HlTxn) txn = HL_TXN_INIT;

        g_assert_true(hl_txn_begin(&txn, f->db, NULL));
        add(f, "c-never", 0, EP_SPOOL_KEEP_ALWAYS);
    }
    ep_spool_pump(f->spool);
    g_assert_cmpuint(f->sent->len, ==, 0);
    add(f, "c-1", 0, EP_SPOOL_KEEP_ALWAYS);
    ep_spool_pump(f->spool);
    g_assert_cmpuint(sent(f, 0)->seq, ==, 1);
    g_assert_cmpstr(sent(f, 0)->command->command, ==, "c-1");
}

static void test_progress_merges(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    for (guint percent = 1; percent <= 100; percent++)
        add(f, "c-1", percent, EP_SPOOL_LATEST);
    add(f, "c-1", 0, EP_SPOOL_KEEP_ALWAYS);
    g_assert_true(ep_spool_has(f->spool, "c-1"));
    g_assert_false(ep_spool_has(f->spool, "c-2"));
    ep_spool_open(f->spool, 1);
    g_assert_cmpuint(f->sent->len, ==, 2);
    g_assert_cmpuint(sent(f, 0)->command->percent, ==, 100);
    add(f, "c-1", 7, EP_SPOOL_LATEST); /* the last one is a result, and sent */
    ep_spool_pump(f->spool);
    g_assert_cmpuint(sent(f, 2)->seq, ==, 3);
}

/* Months without a server: bounded on disk, every result kept, numbers without gaps under a new identity. */
static void test_bounded(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    g_autoptr(GHashTable) results = g_hash_table_new(g_str_hash, g_str_equal);
    g_autofree char *before = NULL;

    ep_spool_open(f->spool, 1);
    add(f, "c-0", 0, EP_SPOOL_KEEP_ALWAYS);
    ep_spool_pump(f->spool);
    before = g_strdup(sent(f, 0)->spool);
    ep_spool_close(f->spool);
    g_ptr_array_set_size(f->sent, 0);
    g_assert_true(hl_db_exec(f->db, "PRAGMA synchronous=OFF", NULL)); /* for the test's speed alone */
    for (guint i = 0; i < 3 * EP_SPOOL_MAX_ROWS; i++) {
        g_autofree char *id = g_strdup_printf("c-%u", i);

        add(f, i % 20 == 0 ? id : "update", 1, i % 20 == 0 ? EP_SPOOL_KEEP_ALWAYS : EP_SPOOL_MERGE);
    }
    ep_spool_open(f->spool, 2);
    g_assert_cmpuint(ep_spool_waiting(f->spool), <=, EP_SPOOL_MAX_ROWS);
    while (ep_spool_waiting(f->spool) > 0)
        g_assert_true(ack(f, sent(f, f->sent->len - 1)->seq));
    g_assert_cmpstr(sent(f, 0)->spool, !=, before);
    for (guint i = 0; i < f->sent->len; i++) {
        g_assert_cmpuint(sent(f, i)->seq, ==, i + 1);
        if (strcmp(sent(f, i)->command->command, "update") != 0)
            g_hash_table_add(results, sent(f, i)->command->command);
    }
    g_assert_cmpuint(g_hash_table_size(results), ==, 3 * EP_SPOOL_MAX_ROWS / 20);
}

/* Nothing of it can go, so it keeps its numbers: each renumbering takes the whole table, and sends all again. */
static void test_long_and_kept(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    g_autofree char *identity = NULL;

    g_assert_true(hl_db_exec(f->db, "PRAGMA synchronous=OFF", NULL)); /* for the test's speed alone */
    identity = g_strdup(ep_spool_position(f->spool).identity);
    for (guint i = 0; i < EP_SPOOL_MAX_ROWS + EP_SPOOL_KEEP; i++)
        add(f, "c-1", 0, EP_SPOOL_KEEP_ALWAYS);
    for (guint i = 0; i < EP_SPOOL_KEEP; i++)
        add(f, "update", 1, EP_SPOOL_MERGE);
    g_assert_cmpstr(ep_spool_position(f->spool).identity, ==, identity);
    for (guint i = 0; i <= EP_SPOOL_KEEP; i++)
        add(f, "update", 1, EP_SPOOL_MERGE);
    g_assert_cmpstr(ep_spool_position(f->spool).identity, !=, identity);
    g_assert_cmpuint(ep_spool_waiting(f->spool), ==, EP_SPOOL_MAX_ROWS + 2 * EP_SPOOL_KEEP + 1);
}

/* A database restored from a copy: the manager acknowledges what this one never spooled. */
static void test_restored(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    g_autofree char *before = NULL;

    ep_spool_open(f->spool, 1);
    add(f, "c-1", 0, EP_SPOOL_KEEP_ALWAYS);
    ep_spool_pump(f->spool);
    before = g_strdup(sent(f, 0)->spool);
    g_assert_true(ack(f, 500));
    g_assert_cmpuint(f->sent->len, ==, 2); /* again, under a new identity from 1 */
    g_assert_cmpstr(sent(f, 1)->spool, !=, before);
    g_assert_cmpuint(sent(f, 1)->seq, ==, 1);
    g_assert_true(ep_spool_ack(f->spool, before, 1, 0, NULL)); /* of the old identity: says nothing */
    g_assert_cmpuint(ep_spool_waiting(f->spool), ==, 1);
}

/* --------------------------------------------------------------------------------- a machine set back to a snapshot */

static void copy_store(const Fixture *f, const char *from, const char *to)
{
    static const char *const endings[] = { "", "-wal" };

    for (gsize i = 0; i < G_N_ELEMENTS(endings); i++) {
        g_autofree char *source_name = g_strconcat(from, endings[i], NULL);
        g_autofree char *target_name = g_strconcat(to, endings[i], NULL);
        g_autofree char *source = g_build_filename(f->dir, source_name, NULL);
        g_autofree char *target = g_build_filename(f->dir, target_name, NULL);
        g_autoptr(GBytes) content = hl_file_read(source, 1 << 24, NULL);

        if (content != NULL)
            g_assert_true(
                hl_file_write(target, g_bytes_get_data(content, NULL), g_bytes_get_size(content), 0600, NULL));
        else
            unlink(target);
    }
}

static void take_snapshot(Fixture *f)
{
    close_spool(f);
    copy_store(f, "endpoint.db", "snapshot.db");
    open_spool(f);
    ep_spool_open(f->spool, 1);
}

static void set_back(Fixture *f)
{
    close_spool(f);
    copy_store(f, "snapshot.db", "endpoint.db");
    open_spool(f);
    g_ptr_array_set_size(f->sent, 0);
}

static const HlMsgReport *last_sent(const Fixture *f)
{
    return sent(f, f->sent->len - 1);
}

static void add_and_send(Fixture *f, const char *id)
{
    add(f, id, 0, EP_SPOOL_KEEP_ALWAYS);
    ep_spool_pump(f->spool);
}

static bool ack_mark(Fixture *f, const char *identity, uint64_t seq, uint64_t mark)
{
    return ep_spool_ack(f->spool, identity, seq, mark, NULL);
}

/* Each report says which one it is, and which one was before it. */
static void test_marks(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    uint64_t before = 0;

    ep_spool_open(f->spool, 1);
    for (guint i = 0; i < 5; i++) {
        add_and_send(f, "c-1");
        g_assert_cmpuint(last_sent(f)->mark, !=, 0);
        g_assert_cmpuint(last_sent(f)->mark, !=, before);
        g_assert_cmpuint(last_sent(f)->previous, ==, before);
        before = last_sent(f)->mark;
        if (i == 2)
            g_assert_true(ack_mark(f, last_sent(f)->spool, 3, before));
    }
    close_spool(f);
    open_spool(f);
    g_assert_true(ack_mark(f, last_sent(f)->spool, 5, before));
    ep_spool_open(f->spool, 2);
    add_and_send(f, "c-1");
    g_assert_cmpuint(last_sent(f)->previous, ==, before); /* of a report that is forgotten, after a restart */
    g_assert_cmpuint(ep_spool_position(f->spool).first, ==, 6);
    g_assert_cmpuint(ep_spool_position(f->spool).last, ==, 6);
    g_assert_cmpstr(ep_spool_position(f->spool).identity, ==, last_sent(f)->spool);
}

/* Restored, then more reports than the server has seen since: nothing new may go as acknowledged. */
static void test_set_back_and_beyond(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    g_autofree char *identity = NULL;
    uint64_t committed;

    take_snapshot(f);
    add_and_send(f, "c-lost-1");
    add_and_send(f, "c-lost-2");
    committed = last_sent(f)->mark;
    identity = g_strdup(last_sent(f)->spool);
    g_assert_true(ack_mark(f, identity, 2, committed));
    set_back(f);
    for (guint i = 0; i < 3; i++)
        add(f, "c-new", 0, EP_SPOOL_KEEP_ALWAYS);
    ep_spool_open(f->spool, 2);
    g_assert_cmpuint(f->sent->len, ==, 3);
    g_assert_true(ack_mark(f, identity, 2, committed)); /* the answer to the birth */
    g_assert_cmpuint(ep_spool_waiting(f->spool), ==, 3);
    g_assert_cmpuint(f->sent->len, ==, 6); /* again, under a new identity and the same marks */
    g_assert_cmpstr(last_sent(f)->spool, !=, identity);
    for (guint i = 0; i < 3; i++) {
        g_assert_cmpuint(sent(f, 3 + i)->seq, ==, i + 1);
        g_assert_cmpuint(sent(f, 3 + i)->mark, ==, sent(f, i)->mark);
    }
}

/* The server has other reports up to the very number that is acknowledged here. */
static void test_set_back_to_the_number(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    g_autofree char *identity = NULL;
    uint64_t committed;

    take_snapshot(f);
    add_and_send(f, "c-lost");
    committed = last_sent(f)->mark;
    identity = g_strdup(last_sent(f)->spool);
    set_back(f);
    add(f, "c-new", 0, EP_SPOOL_KEEP_ALWAYS);
    ep_spool_open(f->spool, 2);
    g_assert_true(ack_mark(f, identity, 1, sent(f, 0)->mark)); /* a server that took it (0.1.0) ... */
    g_assert_cmpuint(ep_spool_waiting(f->spool), ==, 0);
    add_and_send(f, "c-next");
    g_assert_true(ack_mark(f, identity, 1, committed)); /* ... and one that knows better */
    g_assert_cmpuint(ep_spool_waiting(f->spool), ==, 1);
    g_assert_cmpstr(last_sent(f)->spool, !=, identity);
}

/* What the copy holds and the server has already is the same report: forgotten, not sent twice. */
static void test_set_back_in_agreement(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    g_autofree char *identity = NULL;
    uint64_t committed;

    add(f, "c-1", 0, EP_SPOOL_KEEP_ALWAYS);
    take_snapshot(f);
    committed = last_sent(f)->mark;
    identity = g_strdup(last_sent(f)->spool);
    g_assert_true(ack_mark(f, identity, 1, committed));
    set_back(f);
    add(f, "c-2", 0, EP_SPOOL_KEEP_ALWAYS);
    ep_spool_open(f->spool, 2);
    g_assert_true(ack_mark(f, identity, 1, committed));
    g_assert_cmpuint(ep_spool_waiting(f->spool), ==, 1);
    g_assert_cmpuint(f->sent->len, ==, 2);
    g_assert_cmpstr(last_sent(f)->spool, ==, identity);
    g_assert_cmpuint(last_sent(f)->previous, ==, committed);
}

static void test_busy_line(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    f->refuse = true;
    ep_spool_open(f->spool, 1);
    add(f, "c-1", 0, EP_SPOOL_KEEP_ALWAYS);
    ep_spool_pump(f->spool);
    g_assert_cmpuint(f->sent->len, ==, 0);
    f->refuse = false;
    ep_spool_tick(f->spool);
    g_assert_cmpuint(f->sent->len, ==, 1);
}

#define ADD(path, function) g_test_add(path, Fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/spool/unfit", test_unfit);
    ADD("/spool/order", test_order);
    ADD("/spool/rolled-back", test_rolled_back);
    ADD("/spool/progress-merges", test_progress_merges);
    ADD("/spool/bounded", test_bounded);
    ADD("/spool/long-and-kept", test_long_and_kept);
    ADD("/spool/restored", test_restored);
    ADD("/spool/marks", test_marks);
    ADD("/spool/set-back-and-beyond", test_set_back_and_beyond);
    ADD("/spool/set-back-to-the-number", test_set_back_to_the_number);
    ADD("/spool/set-back-in-agreement", test_set_back_in_agreement);
    ADD("/spool/busy-line", test_busy_line);
    return g_test_run();
}
