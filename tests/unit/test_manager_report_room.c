/* SPDX-License-Identifier: Apache-2.0 */
/* manager/daemon/work/report_room: what endpoints report faster than it is written stays bounded, and is lost nowhere.
 */
#include "manager/daemon/work/report_room.h"

#include <string.h>

#include "lib/base/unconst.h"
#include "tests/support/manager_parts.h"

static void test_one_sender(void)
{
    g_autoptr(MgrReportRoom) room = mgr_report_room_new();

    g_assert_true(mgr_report_room_take(room, 1, MGR_REPORT_ROOM / 8));
    g_assert_false(mgr_report_room_take(room, 1, MGR_REPORT_LEAST));
    g_assert_true(mgr_report_room_take(room, 2, MGR_REPORT_LEAST));
    mgr_report_room_give(room, 1, MGR_REPORT_ROOM / 8);
    g_assert_true(mgr_report_room_take(room, 1, MGR_REPORT_LEAST));
    mgr_report_room_give(room, 1, MGR_REPORT_LEAST);
    mgr_report_room_give(room, 2, MGR_REPORT_LEAST);
}

/* However many flood: all they have stays within the bound, and a quiet one has its share. */
static void test_many_senders(void)
{
    g_autoptr(MgrReportRoom) room = mgr_report_room_new();
    const gsize bytes = 16 * 1024;
    gsize taken[100] = { 0 };
    gsize all = 0;

    g_assert_false(mgr_report_room_is_short(room));
    for (gsize round = 0; round < 1000; round++)
        for (gsize i = 0; i < G_N_ELEMENTS(taken); i++)
            if (mgr_report_room_take(room, (int64_t)i, bytes)) {
                taken[i] += bytes;
                all += bytes;
            }
    g_assert_cmpuint(all, <=, MGR_REPORT_ROOM);
    g_assert_true(mgr_report_room_is_short(room));
    for (gsize i = 0; i < MGR_REPORT_LEAST / 256; i++)
        g_assert_true(mgr_report_room_take(room, 1000, 256));
    mgr_report_room_give(room, 1000, MGR_REPORT_LEAST);
    for (gsize i = 0; i < G_N_ELEMENTS(taken); i++)
        mgr_report_room_give(room, (int64_t)i, taken[i]);
    g_assert_false(mgr_report_room_is_short(room));
}

static void report_large(Parts *parts, uint64_t seq)
{
    g_autofree char *detail = g_strnfill(16000, 'x');
    HlMsgReport report = HOLDLINE__V1__REPORT__INIT;
    HlMsgCertificateShown shown = HOLDLINE__V1__CERTIFICATE_SHOWN__INIT;

    shown.certificate.data = (guint8 *)detail;
    shown.certificate.len = strlen(detail);
    report.body_case = HOLDLINE__V1__REPORT__BODY_SHOWN;
    report.shown = &shown;
    parts_report(parts, "e-one", seq, &report);
}

/* Nothing is committed meanwhile: what there is no room for is not acknowledged, and is taken when it comes again. */
static void test_flood(void)
{
    g_autoptr(Parts) parts = parts_new();
    const MgrEndpoint *endpoint;
    uint64_t accepted;

    parts_add_endpoint(parts, "e-one");
    parts_birth(parts, "e-one", 1);
    parts_commit(parts);
    endpoint = mgr_fleet_endpoint(&parts->fleet, "e-one");
    for (uint64_t seq = 1; seq <= 200; seq++)
        report_large(parts, seq);
    accepted = mgr_endpoint_accepted(endpoint).seq;
    g_assert_cmpuint(accepted, >, 1);
    g_assert_cmpuint(accepted, <=, MGR_REPORT_ROOM / 8 / (16000));
    g_assert_cmpuint(mgr_reports_count(parts->reports).crowded, ==, 1); /* those after it are out of turn */
    parts_commit(parts);
    g_assert_cmpuint(endpoint->record.report_seq, ==, accepted);
    report_large(parts, accepted + 1);
    parts_commit(parts);
    g_assert_cmpuint(endpoint->record.report_seq, ==, accepted + 1);
    parts_check_registry(parts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/report-room/one-sender", test_one_sender);
    g_test_add_func("/manager/report-room/many-senders", test_many_senders);
    g_test_add_func("/manager/report-room/flood", test_flood);
    return g_test_run();
}
