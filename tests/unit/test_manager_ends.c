/* SPDX-License-Identifier: Apache-2.0 */
/* What ends soon, as the manager gathers and tells it. */
#include <string.h>
#include <sys/stat.h>

#include "lib/base/file.h"
#include "manager/site/site.h"
#include "tests/support/child_fake.h"
#include "tests/support/manager_parts.h"

/* A certificate of the site's own, from the authority of the parts. */
static void put_own(Parts *parts, const char *name, HlCertKind kind, HlTime life)
{
    static const char *const names[] = { "localhost", NULL };
    g_auto(MgrAuthority) authority = { 0 };
    g_auto(MgrCertificateRecord) record = { 0 };
    g_autofree char *cert = g_strdup_printf("pki/%s.pem", name);
    g_autofree char *key = g_strdup_printf("pki/%s.key", name);
    HlCertSpec spec = { name, kind, names, hl_clock_wall() - HL_HOUR, hl_clock_wall() + life };
    g_autoptr(GError) error = NULL;

    g_assert_true(mgr_authority_open(&authority, parts->dir, &error));
    g_assert_true(mgr_authority_issue_files(&authority, parts->dir, cert, key, &spec, &record, &error));
    g_assert_no_error(error);
}

static Parts *make_parts(void)
{
    Parts *parts = parts_new();

    put_own(parts, "server", HL_CERT_SERVER, 3000 * HL_DAY);
    put_own(parts, "manager", HL_CERT_MANAGER, 3000 * HL_DAY);
    return parts;
}

/* Somebody's certificate, in memory alone: the parts have no other way to one that is old. */
static void add_person(Parts *parts, const char *serial, const char *name, const char *kind, HlTime left)
{
    MgrCertificateRecord record = { .serial = g_strdup(serial),
                                    .name = g_strdup(name),
                                    .kind = g_strdup(kind),
                                    .issued_at = hl_clock_wall() - 600 * HL_DAY,
                                    .expires_at = hl_clock_wall() + left };

    mgr_fleet_add_certificate(&parts->fleet, &record);
}

/* "kind/name state" of each in the summary, with a blank between. */
static char *shown_to(Parts *parts, const MgrCaller *caller)
{
    g_autoptr(json_t) summary = mgr_status_summary(parts->status, caller);
    GString *text = g_string_new(NULL);
    size_t i;
    json_t *end;

    json_array_foreach(json_object_get(summary, "ends"), i, end) g_string_append_printf(
        text, "%s%s/%s %s", i > 0 ? " " : "", json_string_value(json_object_get(end, "kind")),
        json_string_value(json_object_get(end, "name")), json_string_value(json_object_get(end, "state")));
    return g_string_free(text, FALSE);
}

static void expect_shown(Parts *parts, const char *expected)
{
    g_auto(MgrCaller) owner = { 0 };
    g_autofree char *text = NULL;

    mgr_ends_tick(parts->ends);
    mgr_caller_init(&owner, "zed", MGR_ROLE_OWNER, "");
    text = shown_to(parts, &owner);
    g_assert_cmpstr(text, ==, expected);
}

/* "from>to" of the next event; "" if there is none. */
static void expect_event(Parts *parts, const char *expected)
{
    g_autoptr(HlBusMessage) message = bus_fake_take(parts->bus, "holdline/v1/status/event");
    g_autofree char *text = g_strdup("");

    if (message != NULL) {
        gsize size;
        const char *data = g_bytes_get_data(message->payload, &size);
        g_autoptr(json_t) event = hl_json_parse("event", data, size, NULL);

        g_free(text);
        text = g_strdup_printf("%s %s>%s", json_string_value(json_object_get(event, "what")),
                               json_string_value(json_object_get(event, "from")),
                               json_string_value(json_object_get(event, "to")));
    }
    g_assert_cmpstr(text, ==, expected);
}

/* Told when it becomes due, worse, and good again; once each. */
static void test_told(void)
{
    g_autoptr(Parts) parts = make_parts();

    parts->fleet.named_changes = 0;
    add_person(parts, "0a", "admin", "admin", 100 * HL_DAY); /* another one than the registry's, and the later one */
    add_person(parts, "0b", "eye", "monitor", 70 * HL_DAY);
    expect_shown(parts, "");
    expect_event(parts, "");
    clock_fake_advance(10 * HL_DAY);
    expect_shown(parts, "monitor/eye near");
    expect_event(parts, "end quiet>near");
    clock_fake_advance(HL_DAY);
    expect_shown(parts, "monitor/eye near");
    expect_event(parts, "");
    clock_fake_advance(60 * HL_DAY);
    expect_shown(parts, "monitor/eye past admin/admin near");
    expect_event(parts, "end near>past");
    expect_event(parts, "end quiet>near");
    add_person(parts, "0c", "eye", "monitor", 700 * HL_DAY);
    expect_shown(parts, "admin/admin near"); /* at once, not at the next daily look */
    expect_event(parts, "end past>quiet");
    expect_event(parts, "");
}

/* A revoked one ends nobody's work. */
static void test_revoked(void)
{
    g_autoptr(Parts) parts = make_parts();

    add_person(parts, "0a", "admin", "admin", 700 * HL_DAY);
    add_person(parts, "0b", "eye", "monitor", HL_DAY);
    expect_shown(parts, "monitor/eye urgent");
    mgr_pki_fold_revocations(parts->pki, "eye", NULL, hl_clock_wall(), NULL);
    expect_shown(parts, "");
}

/* The site's own, and the authority's: with the files as they are. */
static void test_own(void)
{
    g_autoptr(Parts) parts = make_parts();

    add_person(parts, "0a", "admin", "admin", 3700 * HL_DAY);
    put_own(parts, "server", HL_CERT_SERVER, 20 * HL_DAY);
    put_own(parts, "manager", HL_CERT_MANAGER, 2 * HL_DAY);
    expect_shown(parts, ""); /* so short a life is not near yet: a quarter of it counts */
    clock_fake_advance(16 * HL_DAY);
    expect_shown(parts, "manager/ past server/ near");
    put_own(parts, "server", HL_CERT_SERVER, 300 * HL_DAY);
    expect_shown(parts, "manager/ past server/ near"); /* it is not looked for each second */
    mgr_ends_touch(parts->ends);
    expect_shown(parts, "manager/ past");
    clock_fake_advance(3600 * HL_DAY);
    put_own(parts, "manager", HL_CERT_MANAGER, HL_DAY);
    mgr_ends_touch(parts->ends);
    expect_shown(parts, "server/ past ca/ near");
}

static void put_repository(Parts *parts, const char *versions)
{
    g_autofree char *path = mgr_site_path(parts->dir, "repo/metadata/timestamp.json");
    g_autofree char *directory = g_path_get_dirname(path);

    g_assert_cmpint(g_mkdir_with_parents(directory, 0700), ==, 0);
    g_assert_true(hl_file_write_text(path, "{}", 0644, NULL));
    mgr_patterns_tick(parts->patterns);
    g_assert_nonnull(child_fake_last());
    child_fake_exit(child_fake_last(), 0, versions, NULL);
}

static void test_repository(void)
{
    g_autoptr(Parts) parts = make_parts();
    g_autofree char *soon = hl_time_format(hl_clock_wall() + 5 * HL_DAY);
    g_autofree char *late = hl_time_format(hl_clock_wall() + 90 * HL_DAY);
    g_autofree char *first = hl_time_format(hl_clock_wall() + HL_DAY);
    g_autofree char *versions = g_strdup_printf("{\"components\":{},\"expires\":\"%s\",\"ends\":{\"root\":\"%s\","
                                                "\"targets\":\"%s\",\"timestamp\":\"%s\",\"virus\":\"%s\"}}",
                                                first, late, soon, first, soon);

    add_person(parts, "0a", "admin", "admin", 700 * HL_DAY);
    expect_shown(parts, "");
    put_repository(parts, versions);
    expect_shown(parts, "timestamp/ near targets/ urgent component/virus near");
    expect_event(parts, "end quiet>urgent");
    expect_event(parts, "end quiet>near");
    expect_event(parts, ""); /* of the timestamp state/timestamp tells */
}

static MgrCaller caller_of(const char *name, MgrRole role)
{
    MgrCaller caller;

    mgr_caller_init(&caller, name, role, "");
    return caller;
}

static void expect_warnings(Parts *parts, const char *name, MgrRole role, const char *const *expected)
{
    g_auto(MgrCaller) caller = caller_of(name, role);
    g_auto(GStrv) lines = mgr_ends_warnings(parts->ends, &caller);
    guint n = 0;

    for (; expected[n] != NULL; n++) {
        g_assert_cmpuint(lines != NULL ? g_strv_length(lines) : 0, >, n);
        if (strstr(lines[n], expected[n]) == NULL)
            g_error("'%s' is not in '%s'", expected[n], lines[n]);
    }
    g_assert_cmpuint(lines != NULL ? g_strv_length(lines) : 0, ==, n);
}

/* The caller's own first, few lines, and with a remedy. */
static void test_warnings(void)
{
    g_autoptr(Parts) parts = make_parts();

    add_person(parts, "0a", "admin", "admin", 50 * HL_DAY);
    mgr_ends_tick(parts->ends);
    expect_warnings(parts, "bob", MGR_ROLE_OWNER, (const char *const[]){ "account 'admin' ends on", NULL });
    for (guint i = 0; i < 4; i++) {
        g_autofree char *serial = g_strdup_printf("1%u", i);
        g_autofree char *name = g_strdup_printf("eye%u", i);

        add_person(parts, serial, name, "monitor", (10 + i) * HL_DAY);
    }
    mgr_ends_tick(parts->ends);
    expect_warnings(parts, "admin", MGR_ROLE_OWNER,
                    (const char *const[]){ "'admin'", "'eye0'", "'eye1'", "2 more ends are near", NULL });
    expect_warnings(parts, "bob", MGR_ROLE_OWNER,
                    (const char *const[]){ "'eye0'", "'eye1'", "'eye2'", "2 more ends are near", NULL });
    expect_warnings(parts, "admin", MGR_ROLE_ADMINISTRATOR, (const char *const[]){ "'admin'", NULL });
    expect_warnings(parts, "bob", MGR_ROLE_ADMINISTRATOR, (const char *const[]){ NULL });
    put_own(parts, "server", HL_CERT_SERVER, -HL_MINUTE);
    mgr_ends_touch(parts->ends);
    expect_warnings(parts, "bob", MGR_ROLE_ADMINISTRATOR,
                    (const char *const[]){ "the server's certificate ended", NULL });
    expect_warnings(parts, "admin", MGR_ROLE_OPERATOR,
                    (const char *const[]){ "'admin'", "the server's certificate ended", NULL });
}

/* No name of somebody else's account but to owners; that there is such an end is told. */
static void test_names(void)
{
    static const struct {
        const char *name;
        int role; /* -1: the topics */
        const char *groups, *expected;
    } rows[] = {
        { "", -1, "", "server/ past monitor/eye near admin/ near" },
        { "bob", MGR_ROLE_OWNER, "", "server/ past monitor/eye near admin/admin near" },
        { "bob", MGR_ROLE_ADMINISTRATOR, "", "server/ past monitor/ near admin/ near" },
        { "admin", MGR_ROLE_OPERATOR, "", "server/ past monitor/ near admin/admin near" },
        { "eye", MGR_ROLE_AUDITOR, "", "server/ past monitor/eye near admin/ near" },
        { "bob", MGR_ROLE_OPERATOR, "lab", "server/ past" },
        { "admin", MGR_ROLE_OPERATOR, "lab", "server/ past admin/admin near" },
    };
    g_autoptr(Parts) parts = make_parts();

    add_person(parts, "0a", "admin", "admin", 50 * HL_DAY);
    add_person(parts, "0b", "eye", "monitor", 40 * HL_DAY);
    put_own(parts, "server", HL_CERT_SERVER, -HL_MINUTE);
    mgr_ends_tick(parts->ends);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_auto(MgrCaller) caller = { 0 };
        g_autofree char *text = NULL;

        if (rows[i].role >= 0)
            mgr_caller_init(&caller, rows[i].name, (MgrRole)rows[i].role, rows[i].groups);
        text = shown_to(parts, rows[i].role >= 0 ? &caller : NULL);
        g_assert_cmpstr(text, ==, rows[i].expected);
    }
}

static GStrv warn(const MgrCaller *caller, gpointer user)
{
    return mgr_ends_warnings(((Parts *)user)->ends, caller);
}

static void expect_reply(Parts *parts, size_t warnings)
{
    g_autoptr(HlMsgCallReply) reply = parts_reply(parts);

    g_assert_nonnull(reply);
    g_assert_cmpstr(reply->code, ==, "");
    g_assert_cmpuint(reply->n_warnings, ==, warnings);
}

/* They come with the last reply, and an answer that fills a message goes before them. */
static void test_replies(void)
{
    g_autoptr(Parts) parts = make_parts();
    g_autofree char *large = g_strnfill(HL_BUS_MAX_SIZE - 100, 'x');
    HlMsgCall *message = g_new(HlMsgCall, 1);
    MgrOrigin origin = { .caller = caller_of("admin", MGR_ROLE_OWNER),
                         .name = g_strdup("admin"),
                         .need = MGR_NEED_READ };
    MgrCall *call;

    holdline__v1__call__init(message);
    message->name = g_strdup("large");
    call = mgr_call_new(parts->calls, &origin, NULL, message);
    add_person(parts, "0a", "admin", "admin", 50 * HL_DAY);
    add_person(parts, "0b", "eye", "monitor", 50 * HL_DAY);
    mgr_ends_tick(parts->ends);
    mgr_calls_warn_with(parts->calls, warn, parts);
    mgr_call_progress(call, NULL);
    expect_reply(parts, 0);
    mgr_call_done(call, json_pack("{s:s}", "text", large));
    expect_reply(parts, 0);
    parts_call(parts, "group list", NULL);
    expect_reply(parts, 2);
    mgr_calls_warn_with(parts->calls, NULL, NULL);
}

static void commit(Parts *parts)
{
    parts_commit(parts);
    timer_fake_advance(6 * HL_SECOND);
    parts_commit(parts);
}

/* An owner who is disabled is one who may do nothing, and learns nothing. */
static void test_disabled(void)
{
    g_autoptr(Parts) parts = make_parts();
    g_autofree char *csr = parts_make_csr_text();
    g_autoptr(HlMsgCallReply) reply = NULL;

    parts_call(parts, "admin create", "name", "zoe", "csr", csr, "role", "owner", NULL);
    commit(parts);
    json_decref(parts_expect_reply(parts, ""));
    parts_call(parts, "account disable", "name", "zoe", NULL);
    commit(parts);
    json_decref(parts_expect_reply(parts, ""));
    add_person(parts, "0b", "eye", "monitor", 50 * HL_DAY);
    mgr_ends_tick(parts->ends);
    mgr_calls_warn_with(parts->calls, warn, parts);
    parts_request(parts, &(PartsRequest){ .admin = "zoe", .name = "group list" });
    reply = parts_take(parts, HL_TOPIC_ADMIN_REPLY, "zoe", &holdline__v1__call_reply__descriptor);
    g_assert_nonnull(reply);
    g_assert_cmpstr(reply->code, ==, "denied");
    g_assert_cmpuint(reply->n_warnings, ==, 0);
    mgr_calls_warn_with(parts->calls, NULL, NULL);
}

static void test_metric(void)
{
    g_autoptr(Parts) parts = make_parts();
    g_autoptr(GString) text = g_string_new(NULL);
    guint lines = 0;

    add_person(parts, "0a", "admin", "admin", 50 * HL_DAY);
    add_person(parts, "0b", "old", "admin", -100 * HL_DAY);
    for (guint i = 0; i < 1000; i++) {
        g_autofree char *name = g_strdup_printf("m%u", i);

        add_person(parts, name, name, "monitor", 3400 * HL_DAY);
    }
    mgr_ends_tick(parts->ends);
    mgr_ends_print_metric(parts->ends, text);
    g_assert_nonnull(strstr(text->str, "\nholdline_end_seconds{kind=\"admin\",name=\"admin\"} 4320000\n"));
    g_assert_nonnull(strstr(text->str, "{kind=\"server\",name=\"\"}"));
    g_assert_null(strstr(text->str, "\"old\""));
    for (const char *at = text->str; (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    g_assert_cmpuint(lines, ==, 202); /* two of the heading */
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/ends/told", test_told);
    g_test_add_func("/manager/ends/revoked", test_revoked);
    g_test_add_func("/manager/ends/own", test_own);
    g_test_add_func("/manager/ends/repository", test_repository);
    g_test_add_func("/manager/ends/warnings", test_warnings);
    g_test_add_func("/manager/ends/names", test_names);
    g_test_add_func("/manager/ends/replies", test_replies);
    g_test_add_func("/manager/ends/disabled", test_disabled);
    g_test_add_func("/manager/ends/metric", test_metric);
    return g_test_run();
}
