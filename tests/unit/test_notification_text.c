/* SPDX-License-Identifier: Apache-2.0 */
/* Rules and their destinations, and what goes there: mails, records of syslog, signed JSON.  Names and details come
 * from endpoints, so each form is tried with what would break it. */
#include <string.h>

#include "manager/core/notification_rule.h"
#include "manager/core/notification_text.h"

#define AT (1700000000 * HL_SECOND) /* 2023-11-14T22:13:20Z */

static const MgrMessage message = {
    .id = "n-1", .rule = "it", .server = "srv", .offline_after = 10 * HL_MINUTE, .outdated_after = HL_DAY
};

static json_t *make_notes(const char *name, const char *detail)
{
    json_t *notes = mgr_notes_new();

    mgr_notes_add(notes, &(MgrNote){ MGR_NOTE_OFFLINE, false, name, detail, AT });
    mgr_notes_add(notes, &(MgrNote){ MGR_NOTE_BLIND, true, "", "", AT });
    return notes;
}

static void test_words(void)
{
    g_autoptr(json_t) notes = make_notes("pc-1", "line lost");
    g_autofree char *subject = mgr_message_subject(&message, notes);
    g_autofree char *text = NULL;

    for (guint i = 0; i < 99; i++)
        mgr_notes_add(notes, &(MgrNote){ MGR_NOTE_OFFLINE, false, "pc-2", "", AT });
    text = mgr_message_text(&message, notes);
    g_assert_cmpstr(subject, ==, "[Holdline] Endpoints that have been off line for more than 10 min: 1 (and 1 more)");
    g_assert_nonnull(strstr(text, "more than 10 min: 100\n  2023-11-14T22:13:20Z  pc-1: line lost\n"));
    g_assert_nonnull(strstr(text, "  and 51 more\n"));
    g_assert_nonnull(strstr(text, "The server hears its endpoints again\n"));
    g_assert_nonnull(strstr(text, "Server: srv (it, n-1)\n"));
}

static const char *loudly(const char *text)
{
    return text;
}

static char *word_loudly(const char *english, MgrSentenceLanguage language)
{
    return g_ascii_strup(language(english), -1);
}

/* Details are kept in English: mail, records and JSON have them in the rule's language. */
static void test_language(void)
{
    MgrMessage other = message;
    g_autoptr(json_t) notes = make_notes("pc-1", "line lost");
    g_autoptr(json_t) document = NULL;
    g_autofree char *text = NULL;
    g_autofree char *english = NULL;
    g_auto(GStrv) records = NULL;
    const json_t *name;

    other.word_detail = word_loudly;
    english = mgr_message_text(&other, notes);
    g_assert_nonnull(strstr(english, "  pc-1: line lost\n"));
    other.language = loudly;
    text = mgr_message_text(&other, notes);
    g_assert_nonnull(strstr(text, "  pc-1: LINE LOST\n"));
    records = mgr_message_syslog(&other, notes, AT, 8192, MGR_SYSLOG_LOCAL);
    g_assert_true(g_str_has_suffix(records[0], " - pc-1: LINE LOST"));
    document = mgr_message_json(&other, notes);
    name = json_array_get(json_object_get(json_array_get(json_object_get(document, "lines"), 0), "names"), 0);
    g_assert_cmpstr(json_string_value(json_object_get(name, "detail")), ==, "LINE LOST");
    g_assert_cmpstr(json_string_value(json_object_get(name, "name")), ==, "pc-1");
}

static void test_json(void)
{
    g_autoptr(json_t) notes = make_notes("pc-1\r\nX: y", "\"}");
    g_autoptr(json_t) document = mgr_message_json(&message, notes);
    const json_t *line = json_array_get(json_object_get(document, "lines"), 0);

    g_assert_cmpstr(json_string_value(json_object_get(document, "id")), ==, "n-1");
    g_assert_cmpstr(json_string_value(json_object_get(line, "kind")), ==, "offline");
    g_assert_cmpstr(json_string_value(json_object_get(json_object_get(line, "sentence"), "code")), ==, "note.offline");
    g_assert_cmpint(
        json_integer_value(json_object_get(json_object_get(json_object_get(line, "sentence"), "args"), "ago")), ==,
        10 * HL_MINUTE);
}

/* RFC 5424, 6: header, structured data with its three escapes, a byte order mark before UTF-8. */
static void test_syslog(void)
{
    MgrMessage odd = message;
    g_autoptr(json_t) notes = make_notes("pc-1", "a\nb");
    g_auto(GStrv) records = NULL;
    g_auto(GStrv) local = NULL;
    g_auto(GStrv) cut = NULL;

    odd.rule = "a\"]\\b";
    records = mgr_message_syslog(&odd, notes, AT, 8192, MGR_SYSLOG_NETWORK);
    g_assert_cmpuint(g_strv_length(records), ==, 2);
    g_assert_cmpstr(records[0], ==,
                    "<28>1 2023-11-14T22:13:20Z srv holdline - offline [holdline@32473 id=\"n-1\" "
                    "rule=\"a\\\"\\]\\\\b\" over=\"no\" count=\"1\"] \xEF\xBB\xBF"
                    "Endpoints that have been off line for more than 10 min: 1 - pc-1: a b");
    g_assert_true(g_str_has_prefix(records[1], "<26>1 "));
    local = mgr_message_syslog(&message, notes, AT, 8192, MGR_SYSLOG_LOCAL);
    g_assert_true(g_str_has_prefix(local[0], "<28>holdline: "));
    g_assert_true(
        g_str_has_suffix(local[0], ": Endpoints that have been off line for more than 10 min: 1 - pc-1: a b"));
    for (gsize max = 150; max < 160; max++) {
        g_autoptr(json_t) wide = make_notes("総務部総務部総務部", "");

        g_clear_pointer(&cut, g_strfreev);
        cut = mgr_message_syslog(&message, wide, AT, max, MGR_SYSLOG_NETWORK);
        g_assert_cmpuint(strlen(cut[0]), <=, max);
        g_assert_true(g_utf8_validate(cut[0], -1, NULL));
    }
}

/* The header of a mail, unfolded, with its subject decoded; free with g_free. */
static char *decode_subject(const char *mail)
{
    const char *at = strstr(mail, "Subject:");
    const char *end = strstr(mail, "\r\nMessage-ID");
    GString *out = g_string_new(NULL);

    g_assert_nonnull(at);
    g_assert_nonnull(end);
    while ((at = strstr(at, "=?UTF-8?B?")) != NULL && at < end) {
        const char *close = strstr(at + 10, "?=");
        g_autofree char *word = g_strndup(at + 10, (gsize)(close - at) - 10);
        gsize size;
        g_autofree guchar *bytes = g_base64_decode(word, &size);

        g_assert_true(g_utf8_validate((const char *)bytes, (gssize)size, NULL)); /* no half character */
        g_assert_cmpuint((gsize)(close + 2 - at), <=, 75);
        g_string_append_len(out, (const char *)bytes, (gssize)size);
        at = close;
    }
    return g_string_free(out, FALSE);
}

static void test_mail(void)
{
    static const char *const to[] = { "a@example.org", "b@example.org", NULL };
    static const char *const subjects[] = {
        "plain", "a\r\nBcc: eve@example.org\r\n\r\nbody",
        "総務部の PC が 10 分以上オフラインです: 総務部の PC が 10 分以上オフラインです"
    };
    g_autofree char *text = g_strnfill(5000, '.');

    for (gsize i = 0; i < G_N_ELEMENTS(subjects); i++) {
        g_autofree char *mail =
            mgr_mail_print(&(MgrMail){ "holdline@example.org", to, subjects[i], text, "n-1", "srv", AT });
        g_autofree char *subject = decode_subject(mail);
        g_auto(GStrv) lines = g_strsplit(mail, "\r\n", -1);

        g_assert_cmpstr(subject, ==, subjects[i]);
        g_assert_null(strstr(mail, "eve"));
        g_assert_nonnull(strstr(mail, "Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n"));
        g_assert_nonnull(strstr(mail, "To: <a@example.org>,\r\n <b@example.org>\r\n"));
        g_assert_nonnull(strstr(mail, "Message-ID: <n-1@srv>\r\n"));
        for (gsize k = 0; lines[k] != NULL; k++) {
            g_assert_cmpuint(strlen(lines[k]), <=, 78);
            g_assert_null(strpbrk(lines[k], "\r\n"));
            g_assert_cmpint(lines[k][0], !=, '.');
        }
    }
}

/* RFC 4231 has no such text; this is what "openssl dgst -sha256 -hmac" says of it. */
static void test_signature(void)
{
    g_autofree char *signature = mgr_webhook_sign("key", "1700000000", "{}");

    g_assert_cmpstr(signature, ==, "sha256=9d713ed406bb7076d4123f0dc2c39d2df5c654ed4b0cd56b52c8b4c940bd63ae");
}

static void test_destinations(void)
{
    static const struct {
        const char *to;
        MgrWay way;
        const char *host;
        uint16_t port;
    } good[] = { { "mailto:it@example.org", MGR_WAY_MAIL, "", 0 },
                 { "mailto:a@x.org,b+c@y.org", MGR_WAY_MAIL, "", 0 },
                 { "https://hooks.example.org/x?y=z", MGR_WAY_WEBHOOK, "hooks.example.org", 0 },
                 { "syslog+udp://log", MGR_WAY_UDP, "log", 514 },
                 { "syslog+tcp://log:601", MGR_WAY_TCP, "log", 601 },
                 { "syslog+tls://[fd00::1]", MGR_WAY_TLS, "fd00::1", 6514 },
                 { "syslog+tls://[fd00::1]:6515", MGR_WAY_TLS, "fd00::1", 6515 },
                 { "syslog:", MGR_WAY_LOCAL, "", 0 } };
    static const char *const bad[] = { "it@example.org",
                                       "mailto:",
                                       "mailto:it@example.org\r\nBcc: x@y.org",
                                       "mailto:a@x.org,,b@x.org",
                                       "mailto:\"a b\"@x.org",
                                       "mailto:a@x.org>",
                                       "mailto:-oQ@x.org",
                                       "mailto:a@-x.org",
                                       "mailto:総務@x.org",
                                       "https://",
                                       "https:///path",
                                       "https://user:geheim@x.org/",
                                       "https://x.org/a b",
                                       "ftp://x.org/",
                                       "file:///etc/passwd",
                                       "gopher://x.org/",
                                       "syslog+tcp://log/path",
                                       "syslog+tcp://log:0",
                                       "syslog+tcp://log:99999",
                                       "syslog+udp://",
                                       "syslog:/dev/sda",
                                       "syslog+tls://fd00::1]" };

    for (gsize i = 0; i < G_N_ELEMENTS(good); i++) {
        g_auto(MgrDestination) destination = { 0 };
        g_autoptr(GError) error = NULL;

        g_assert_true(mgr_destination_parse(good[i].to, &destination, &error));
        g_assert_no_error(error);
        g_assert_cmpint(destination.way, ==, good[i].way);
        g_assert_cmpstr(destination.host, ==, good[i].host);
        g_assert_cmpuint(destination.port, ==, good[i].port);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_auto(MgrDestination) destination = { 0 };
        g_autoptr(GError) error = NULL;

        g_test_message("%s", bad[i]);
        g_assert_false(mgr_destination_parse(bad[i], &destination, &error));
        g_assert_nonnull(error);
        g_assert_null(strstr(error->message, "geheim"));
    }
}

static void test_rule(void)
{
    g_auto(MgrRule) rule = { 0 };
    g_auto(MgrRule) again = { 0 };
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    g_autofree char *same = NULL;
    g_autofree char *odd = NULL;

    mgr_rule_init(&rule);
    g_assert_false(mgr_rule_check(&rule, &error)); /* where to? */
    g_clear_error(&error);
    g_assert_true(hl_options_set(mgr_rule_table(), &rule, "to", "syslog:", &error));
    g_assert_true(mgr_rule_check(&rule, &error));
    g_assert_false(hl_options_set(mgr_rule_table(), &rule, "kinds", "detection,nothing", &error));
    g_clear_error(&error);
    g_assert_true(hl_options_set(mgr_rule_table(), &rule, "groups", "office", &error));
    g_assert_false(mgr_rule_check(&rule, &error)); /* a disk belongs to no group */
    g_clear_error(&error);
    g_assert_true(hl_options_set(mgr_rule_table(), &rule, "kinds", "detection,offline", &error));
    g_assert_true(mgr_rule_check(&rule, &error));
    text = mgr_rule_print(&rule);
    mgr_rule_parse(text, &again, &odd);
    g_assert_null(odd);
    same = mgr_rule_print(&again);
    g_assert_cmpstr(same, ==, text);
    g_assert_true(mgr_rule_wants(&again, MGR_NOTE_OFFLINE));
    g_assert_false(mgr_rule_wants(&again, MGR_NOTE_DISK));
    g_assert_true(mgr_rule_covers(&again, "office"));
    g_assert_false(mgr_rule_covers(&again, "lab"));
    g_assert_false(mgr_rule_covers(&again, NULL));
}

/* One who is limited to groups sees no rule that tells more than those. */
static void test_sight(void)
{
    g_auto(MgrRule) rule = { 0 };
    g_auto(MgrCaller) limited = { 0 };
    g_auto(MgrCaller) whole = { 0 };
    g_auto(MgrCaller) owner = { 0 };

    mgr_rule_init(&rule);
    mgr_caller_init(&limited, "ann", MGR_ROLE_ADMINISTRATOR, "office,lab");
    mgr_caller_init(&whole, "zoe", MGR_ROLE_ADMINISTRATOR, "");
    g_assert_true(mgr_rule_is_seen(&rule, &whole));
    g_assert_false(mgr_rule_is_seen(&rule, &limited));
    g_assert_true(hl_options_set(mgr_rule_table(), &rule, "groups", "office,lab", NULL));
    g_assert_true(mgr_rule_is_seen(&rule, &limited));
    g_assert_true(hl_options_set(mgr_rule_table(), &rule, "groups", "office,store", NULL));
    g_assert_false(mgr_rule_is_seen(&rule, &limited));
    mgr_caller_init(&owner, "eve", MGR_ROLE_OWNER, "");
    g_assert_true(hl_options_set(mgr_rule_table(), &rule, "groups", "", NULL));
    for (guint i = 0; i < 2; i++) { /* what the audit log has */
        g_assert_true(hl_options_set(mgr_rule_table(), &rule, "kinds", i == 0 ? "disk,account" : "denied", NULL));
        g_assert_false(mgr_rule_is_seen(&rule, &whole));
        g_assert_true(mgr_rule_is_seen(&rule, &owner));
        g_assert_true(mgr_rule_is_seen(&rule, NULL));
    }
}

static void test_destination_shown(void)
{
    static const char *const rows[][2] = {
        { "https://hooks.example.com/services/T1/SECRET?token=SECRET", "https://hooks.example.com/..." },
        { "https://hooks.example.com?token=SECRET", "https://hooks.example.com/..." },
        { "https://hooks.example.com/", "https://hooks.example.com/" },
        { "https://hooks.example.com", "https://hooks.example.com" },
        { "htps://hooks.example.com/SECRET", "htps://hooks.example.com/..." }, /* slips of the keyboard */
        { "https:/hooks.example.com/SECRET", "https:/..." },
        { "hooks.example.com/SECRET", "hooks.example.com/..." },
        { "mailto:it@example.com", "mailto:it@example.com" },
        { "syslog+tls://log.example.com:6514", "syslog+tls://log.example.com:6514" },
        { "syslog:", "syslog:" },
        { "", "" },
    };
    g_auto(MgrDestination) destination = { 0 };
    g_autoptr(GError) error = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *shown = mgr_destination_shown(rows[i][0]);

        g_assert_cmpstr(shown, ==, rows[i][1]);
    }
    g_assert_false(mgr_destination_parse("htps://hooks.example.com/SECRET", &destination, &error));
    g_assert_null(strstr(error->message, "SECRET"));
    g_clear_error(&error);
    g_assert_false(mgr_destination_parse("https://me:SECRET@hooks.example.com/SECRET", &destination, &error));
    g_assert_null(strstr(error->message, "SECRET"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/notification/words", test_words);
    g_test_add_func("/notification/language", test_language);
    g_test_add_func("/notification/json", test_json);
    g_test_add_func("/notification/syslog", test_syslog);
    g_test_add_func("/notification/mail", test_mail);
    g_test_add_func("/notification/signature", test_signature);
    g_test_add_func("/notification/destinations", test_destinations);
    g_test_add_func("/notification/rule", test_rule);
    g_test_add_func("/notification/sight", test_sight);
    g_test_add_func("/notification/destination-shown", test_destination_shown);
    return g_test_run();
}
