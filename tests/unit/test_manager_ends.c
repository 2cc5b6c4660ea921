/* SPDX-License-Identifier: Apache-2.0 */
/* What ends soon, as the manager gathers and tells it. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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
    add_person(parts, "0d", "admin", "admin", 700 * HL_DAY);
    expect_shown(parts, "");
    expect_event(parts, "end near>quiet");
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

/* ------------------------------------------------------------------------------------------------ in every place */

#define LIFE (300 * HL_DAY) /* a quarter of it is more than the sixty days in which it is near */

/* Each kind of which state/ends tells (of the timestamp state/timestamp does, and a sealing key has no end). */
typedef struct {
    const char *kind, *name;
    const char *subject, *remedy;
    HlTime near, urgent;  /* before the end, an hour or more into the grade */
    const char *to_topic; /* the subject where everybody reads; NULL: the same */
} Told;

static const Told told[] = {
    { "admin", "ann", "the certificate of account 'ann'", "holdline account certificate ann --site", 59 * HL_DAY,
      14 * HL_DAY, "the certificate of an account" },
    { "monitor", "eye", "the certificate of monitor 'eye'", "holdline monitor renew eye", 59 * HL_DAY, 14 * HL_DAY,
      NULL },
    { "console", "desk", "the certificate of console 'desk'", "start it", 59 * HL_DAY, 14 * HL_DAY, NULL },
    { "server", "", "the server's certificate", "holdline server rollover start ca", 59 * HL_DAY, 14 * HL_DAY, NULL },
    { "manager", "", "the manager's own certificate", "holdline server rollover start ca", 59 * HL_DAY, 14 * HL_DAY,
      NULL },
    { "ca", "", "the certificate authority", "holdline server rollover start ca", 59 * HL_DAY, 14 * HL_DAY, NULL },
    { "root", "", "the pattern repository's role root", "repo root rotate", 59 * HL_DAY, 14 * HL_DAY, NULL },
    { "targets", "", "the pattern repository's role targets", "repo root rotate", 59 * HL_DAY, 14 * HL_DAY, NULL },
    { "snapshot", "", "the pattern repository's snapshot", "repo resign", 80 * HL_HOUR, 20 * HL_HOUR, NULL },
    { "component", "virus", "the signature of the patterns 'virus'", "repo resign", 9 * HL_DAY, 2 * HL_DAY, NULL },
};

/* It is there, and ends at the time that is returned. */
static HlTime put_told(Parts *parts, const Told *row)
{
    g_autofree char *end = hl_time_format(hl_clock_wall() + LIFE);
    g_autofree char *versions = NULL;
    MgrEndKind kind = MGR_N_ENDS;

    g_assert_true(mgr_end_kind_parse(row->kind, &kind));
    if (kind == MGR_END_CA)
        return hl_cert_info(mgr_pki_authority(parts->pki))->not_after;
    if (mgr_end_is_role(kind)) {
        versions = g_strdup_printf("{\"components\":{},\"expires\":\"%s\",\"ends\":{\"%s\":\"%s\"}}", end,
                                   kind == MGR_END_COMPONENT ? row->name : row->kind, end);
        put_repository(parts, versions);
    } else if (*row->name == '\0') {
        put_own(parts, row->kind, kind == MGR_END_SERVER ? HL_CERT_SERVER : HL_CERT_MANAGER, LIFE);
    } else {
        add_person(parts, "0e", row->name, row->kind, LIFE);
    }
    return hl_clock_wall() + LIFE;
}

/* What the tick writes to the log.  Caller frees. */
static char *log_of_tick(Parts *parts)
{
    FILE *file = tmpfile();
    int before = dup(STDERR_FILENO);
    char *text = g_malloc0(65536);

    g_assert_nonnull(file);
    dup2(fileno(file), STDERR_FILENO);
    mgr_ends_tick(parts->ends);
    dup2(before, STDERR_FILENO);
    close(before);
    rewind(file);
    (void)!fread(text, 1, 65535, file);
    fclose(file);
    return text;
}

static void expect_log(const char *log, const Told *row, const char *grade)
{
    g_auto(GStrv) lines = g_strsplit(log, "\n", -1);
    g_autofree char *head = g_strdup_printf("ends: %s end", row->subject); /* "ends on", "ended on" */
    guint found = 0;

    for (guint i = 0; lines[i] != NULL; i++) {
        if (strstr(lines[i], head) == NULL)
            continue;
        found++;
        g_assert_nonnull(strstr(lines[i], strcmp(grade, "near") == 0 ? " warn " : " error "));
        g_assert_nonnull(strstr(lines[i], "; remedy: "));
        g_assert_nonnull(strstr(lines[i], row->remedy));
    }
    g_assert_cmpuint(found, ==, 1);
}

/* Among those of other things that end at the same time. */
static void expect_told_event(Parts *parts, const Told *row, const char *from, const char *to)
{
    const char *subject = row->to_topic != NULL ? row->to_topic : row->subject;
    g_autoptr(HlBusMessage) message = NULL;
    guint found = 0;

    while ((message = bus_fake_take(parts->bus, "holdline/v1/status/event")) != NULL) {
        gsize size;
        const char *data = g_bytes_get_data(message->payload, &size);
        g_autoptr(json_t) event = hl_json_parse("event", data, size, NULL);

        if (g_str_has_prefix(json_string_value(json_object_get(event, "reason")), subject)) {
            found++;
            g_assert_cmpstr(json_string_value(json_object_get(event, "what")), ==, "end");
            g_assert_cmpstr(json_string_value(json_object_get(event, "from")), ==, from);
            g_assert_cmpstr(json_string_value(json_object_get(event, "to")), ==, to);
        }
        g_clear_pointer(&message, bus_fake_message_free);
    }
    g_assert_cmpuint(found, ==, 1);
}

static void expect_in_summary(Parts *parts, const Told *row, const char *grade)
{
    g_auto(MgrCaller) owner = { 0 };
    g_autoptr(json_t) summary = NULL;
    guint found = 0;
    size_t i;
    json_t *end;

    mgr_caller_init(&owner, "zed", MGR_ROLE_OWNER, "");
    summary = mgr_status_summary(parts->status, &owner);
    json_array_foreach(json_object_get(summary, "ends"), i, end)
    {
        if (strcmp(json_string_value(json_object_get(end, "kind")), row->kind) != 0 ||
            strcmp(json_string_value(json_object_get(end, "name")), row->name) != 0)
            continue;
        found++;
        g_assert_cmpstr(json_string_value(json_object_get(end, "state")), ==, grade);
        g_assert_nonnull(strstr(json_string_value(json_object_get(end, "remedy")), row->remedy));
    }
    g_assert_cmpuint(found, ==, 1);
}

static void expect_in_metric(const Parts *parts, const Told *row, HlTime left)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autofree char *line = g_strdup_printf("\nholdline_end_seconds{kind=\"%s\",name=\"%s\"} %" G_GINT64_FORMAT "\n",
                                            row->kind, row->name, MAX(left, 0) / HL_SECOND);

    mgr_ends_print_metric(parts->ends, text);
    g_assert_nonnull(strstr(text->str, line));
}

static void expect_beside_answer(Parts *parts, const Told *row)
{
    g_auto(MgrCaller) owner = { 0 };
    g_auto(GStrv) lines = NULL;
    guint found = 0;

    mgr_caller_init(&owner, "zed", MGR_ROLE_OWNER, "");
    lines = mgr_ends_warnings(parts->ends, &owner);
    for (guint i = 0; lines != NULL && lines[i] != NULL; i++)
        found += g_str_has_prefix(lines[i], row->subject) && strstr(lines[i], row->remedy) != NULL ? 1 : 0;
    g_assert_cmpuint(found, ==, 1);
}

static void test_every_place(gconstpointer data)
{
    const Told *row = data;
    const struct {
        const char *from, *to;
        HlTime left;
    } grades[] = { { "quiet", "near", row->near }, { "near", "urgent", row->urgent }, { "urgent", "past", -HL_HOUR } };
    g_autoptr(Parts) parts = make_parts();
    HlTime end;

    add_person(parts, "0a", "admin", "admin", 3800 * HL_DAY);
    end = put_told(parts, row);
    mgr_ends_tick(parts->ends);
    expect_event(parts, "");
    for (gsize i = 0; i < G_N_ELEMENTS(grades); i++) {
        g_autofree char *log = NULL;

        clock_fake_advance(end - grades[i].left - hl_clock_wall());
        log = log_of_tick(parts);
        expect_log(log, row, grades[i].to);
        expect_told_event(parts, row, grades[i].from, grades[i].to);
        expect_in_summary(parts, row, grades[i].to);
        expect_in_metric(parts, row, grades[i].left);
        expect_beside_answer(parts, row);
    }
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
    g_autofree char *csr = g_strdup(PARTS_CSR);
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

/* Asked for, the site's own are told however far away; a person's are another list. */
static void test_asked(void)
{
    g_autoptr(Parts) parts = make_parts();
    g_autoptr(json_t) reply = NULL;
    g_autoptr(GString) text = g_string_new(NULL);
    const json_t *end;
    size_t i;

    add_person(parts, "0a", "admin", "admin", 50 * HL_DAY);
    parts_call(parts, "server show", NULL);
    reply = parts_expect_reply(parts, "");
    json_array_foreach(json_object_get(reply, "ends"), i, end)
        g_string_append_printf(text, "%s %s, ", json_string_value(json_object_get(end, "kind")),
                               json_string_value(json_object_get(end, "state")));
    g_assert_cmpstr(text->str, ==, "server quiet, manager quiet, ca quiet, ");
    clock_fake_advance(2990 * HL_DAY);
    json_decref(reply);
    parts_call(parts, "server show", NULL);
    reply = parts_expect_reply(parts, "");
    end = json_array_get(json_object_get(reply, "ends"), 0);
    g_assert_cmpstr(json_string_value(json_object_get(end, "state")), ==, "urgent");
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
    g_test_add_func("/manager/ends/asked", test_asked);
    for (gsize i = 0; i < G_N_ELEMENTS(told); i++) {
        g_autofree char *path = g_strconcat("/manager/ends/every-place/", told[i].kind, NULL);

        g_test_add_data_func(path, &told[i], test_every_place);
    }
    return g_test_run();
}
