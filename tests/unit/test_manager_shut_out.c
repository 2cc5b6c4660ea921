/* SPDX-License-Identifier: Apache-2.0 */
/* manager/daemon/calls/succession_calls, state/holders, state/ends: who is shut out when an owner ends an authority
 * that not all have left is named before, in the answer, and afterwards. */
#include <string.h>

#include "tests/support/child_fake.h"
#include "tests/support/succession_world.h"
#include "tests/support/timer_fake.h"

/* Somebody's certificate of the present authority, in memory alone. */
static void add_person(Parts *parts, const char *serial, const char *name, const char *kind)
{
    MgrCertificateRecord record = { .serial = g_strdup(serial),
                                    .name = g_strdup(name),
                                    .kind = g_strdup(kind),
                                    .authority = hl_trust_id(mgr_pki_authority(parts->pki)),
                                    .issued_at = hl_clock_wall() - HL_DAY,
                                    .expires_at = hl_clock_wall() + 600 * HL_DAY };

    mgr_fleet_add_certificate(&parts->fleet, &record);
}

static void call(Parts *parts, const char *name, const char *key, const char *value)
{
    parts_call(parts, name, key, value, NULL);
    parts_commit(parts);
    succession_read_lists();
    timer_fake_advance(HL_SECOND);
    json_decref(parts_expect_reply(parts, ""));
}

static void add_account(Parts *parts, const char *serial, const char *name)
{
    parts_call(parts, "account create", "name", name, "role", "auditor", NULL);
    parts_commit(parts);
    json_decref(parts_expect_reply(parts, ""));
    add_person(parts, serial, name, "admin");
}

/* The owner's own certificate of the next authority.  Caller frees its serial. */
static char *follow(Parts *parts)
{
    g_autoptr(HlKey) key = hl_key_generate(NULL);
    g_autoptr(GBytes) csr = hl_csr_make(key, "admin", NULL);
    g_autofree char *text = g_base64_encode(g_bytes_get_data(csr, NULL), g_bytes_get_size(csr));
    g_autoptr(json_t) answer = NULL;

    parts_call(parts, "account renew", "name", "admin", "csr", text, "authorities", "both", NULL);
    parts_commit(parts);
    succession_read_lists();
    timer_fake_advance(HL_SECOND);
    answer = parts_expect_reply(parts, "");
    return g_strdup(json_string_value(json_object_get(answer, "serial")));
}

static json_t *finish(Parts *parts, const char *serial, const char *force, const char *code)
{
    const char *arguments[] = { force != NULL ? "force" : NULL, force, NULL };

    parts_request(parts,
                  &(PartsRequest){ .name = "server authority finish", .arguments = arguments, .certificate = serial });
    parts_commit(parts);
    return parts_expect_reply(parts, code);
}

/* Without force, with what it names. */
static void expect_refusal(Parts *parts, const char *serial, const char *names)
{
    HlMsgCallReply *reply;

    parts_request(parts, &(PartsRequest){ .name = "server authority finish", .certificate = serial });
    parts_commit(parts);
    reply = parts_reply(parts);
    g_assert_cmpstr(reply->code, ==, "conflict");
    g_assert_nonnull(strstr(reply->message, names));
    hl_wire_free(reply);
}

static void add_names(GString *out, const json_t *array, const char *member)
{
    for (size_t i = 0; i < json_array_size(array); i++)
        g_string_append_printf(out, "%s ", json_string_value(json_object_get(json_array_get(array, i), member)));
}

static void expect_shut_out(json_t *answer, const char *expected)
{
    const json_t *shut_out = json_object_get(answer, "shut_out");
    g_autoptr(GString) names = g_string_new(NULL);

    add_names(names, json_object_get(shut_out, "left"), "id");
    add_names(names, json_object_get(shut_out, "people"), "name");
    g_assert_cmpstr(names->str, ==, expected);
    json_decref(answer);
}

/* Of the summary, as an owner sees it: "kind/name state " of each. */
static void expect_ends(Parts *parts, const char *expected)
{
    g_auto(MgrCaller) owner = { 0 };
    g_autoptr(json_t) summary = NULL;
    g_autoptr(GString) text = g_string_new(NULL);
    size_t i;
    json_t *end;

    mgr_ends_tick(parts->ends);
    mgr_caller_init(&owner, "admin", MGR_ROLE_OWNER, "");
    summary = mgr_status_summary(parts->status, &owner);
    json_array_foreach(json_object_get(summary, "ends"), i, end) g_string_append_printf(
        text, "%s/%s %s ", json_string_value(json_object_get(end, "kind")),
        json_string_value(json_object_get(end, "name")), json_string_value(json_object_get(end, "state")));
    g_assert_cmpstr(text->str, ==, expected);
}

static Parts *make_parts(void)
{
    Parts *parts = succession_make_parts();

    succession_born(parts, 1, NULL, "");
    add_account(parts, "0a", "aud");
    add_person(parts, "0b", "eye", "monitor");
    add_person(parts, "0c", "screen", "console");
    add_account(parts, "0d", "gone");
    call(parts, "account disable", "name", "gone");
    return parts;
}

static void test_named(void)
{
    g_autoptr(Parts) parts = make_parts();
    g_autofree char *serial = NULL;

    call(parts, "server authority start", NULL, NULL);
    succession_read_lists();
    serial = follow(parts);
    parts_request(parts, &(PartsRequest){ .name = "server authority status", .certificate = serial });
    parts_commit(parts);
    json_decref(parts_expect_reply(parts, ""));
    expect_refusal(parts, serial, ": aud, eye, screen, one (accounts, monitors and consoles: 3; endpoints: 1)");
    expect_ends(parts, "");
    clock_fake_advance(HL_HOUR);
    json_decref(finish(parts, serial, "yes", "unavailable")); /* the server's own are signed now */
    mgr_pki_renew_broker(parts->pki);
    succession_read_lists();
    expect_shut_out(finish(parts, serial, "yes", ""), SUCCESSION_ID " aud eye screen ");
    expect_ends(parts, "admin/aud past monitor/eye past console/screen past ");
    call(parts, "account enable", "name", "gone");
    expect_ends(parts, "admin/aud past admin/gone past monitor/eye past console/screen past ");
    clock_fake_advance(61 * HL_DAY); /* as of any other that nobody misses */
    expect_ends(parts, "");
}

/* The next rollover does not hide them, however long they were not used: when each authority ended is kept. */
static void test_another_rollover(void)
{
    g_autoptr(Parts) parts = make_parts();
    g_autofree char *serial = NULL;

    call(parts, "server authority start", NULL, NULL);
    succession_read_lists();
    serial = follow(parts);
    clock_fake_advance(70 * HL_DAY);
    json_decref(finish(parts, serial, "yes", "unavailable")); /* the server's own are signed now */
    mgr_pki_renew_broker(parts->pki);
    succession_read_lists();
    expect_shut_out(finish(parts, serial, "yes", ""), SUCCESSION_ID " aud eye screen ");
    expect_ends(parts, "admin/aud past monitor/eye past console/screen past ");
    clock_fake_advance(HL_DAY);
    call(parts, "server authority start", NULL, NULL);
    expect_ends(parts, "admin/aud past monitor/eye past console/screen past ");
    clock_fake_advance(61 * HL_DAY);
    expect_ends(parts, "");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/shut-out/named", test_named);
    g_test_add_func("/manager/shut-out/another-rollover", test_another_rollover);
    return g_test_run();
}
