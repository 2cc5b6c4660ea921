/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/core/notification_rule.h"

#include <string.h>

#include "lib/base/i18n.h"
#include "lib/base/ident.h"
#include "lib/base/network.h"
#include "lib/base/text.h"
#include "manager/core/refusal.h"

#define MAX_TO      1000 /* bytes */
#define MAX_ADDRESS 254  /* RFC 5321, 4.5.3.1.3, without the brackets */
#define SYSLOG_PORT 514  /* RFC 5426 */
#define TLS_PORT    6514 /* RFC 5425 */

static const char *const languages[] = { "en", "ja", NULL };

static bool check_to(const char *text, GError **error)
{
    g_auto(MgrDestination) destination = { 0 };

    return *text == '\0' || mgr_destination_parse(text, &destination, error);
}

static bool check_kinds(const char *text, GError **error)
{
    g_auto(GStrv) words = g_strsplit(text, ",", -1);
    g_autoptr(GString) known = g_string_new(NULL);
    MgrNoteKind kind;

    for (gsize i = 0; i < MGR_NOTE_TEST; i++)
        g_string_append_printf(known, "%s%s", i > 0 ? ", " : "", mgr_note_row((MgrNoteKind)i)->name);
    for (gsize i = 0; words[i] != NULL; i++)
        if (*g_strstrip(words[i]) != '\0' && !mgr_note_parse(words[i], &kind))
            return mgr_refuse(error, MGR_REFUSE_RULE_KINDS, words[i], known->str, NULL);
    return true;
}

static bool check_quiet(const char *text, GError **error)
{
    int from, to;

    return mgr_quiet_parse(text, &from, &to) || mgr_refuse(error, MGR_REFUSE_RULE_QUIET, text, NULL);
}

#define ROW(name, type, field, fallback, min, max, choices, help, check)               \
    {                                                                                  \
        name, type, offsetof(MgrRule, field), fallback, min, max, choices, help, check \
    }

static const HlOption rows[] = {
    ROW("digest", HL_OPTION_DURATION, digest, "15m", HL_SECOND, 7 * HL_DAY, NULL,
        N_("The first message goes out at once, and then one in this time at most"), NULL),
    ROW("enabled", HL_OPTION_BOOL, enabled, "yes", 0, 0, NULL, N_("no: nothing is noted or sent"), NULL),
    ROW("give-up", HL_OPTION_DURATION, give_up, "3d", HL_MINUTE, 30 * HL_DAY, NULL,
        N_("How long a message is tried before it is given up"), NULL),
    ROW("groups", HL_OPTION_LIST, groups, "", 0, 64, NULL,
        N_("Only endpoints of these groups; empty: all, and the server itself"), NULL),
    ROW("kinds", HL_OPTION_LIST, kinds,
        "audit,blind,broker,clock,detection,disk,end,files,offline,outdated,patterns-old,repository,rollout-halted", 1,
        32, NULL, N_("What is told; 'holdline notification kinds' explains each"), check_kinds),
    ROW("language", HL_OPTION_CHOICE, language, "en", 0, 0, languages, N_("Language of the messages"), NULL),
    ROW("offline-after", HL_OPTION_DURATION, offline_after, "10m", HL_SECOND, 90 * HL_DAY, NULL,
        N_("How long an endpoint is off line before that is told"), NULL),
    ROW("outdated-after", HL_OPTION_DURATION, outdated_after, "1d", HL_SECOND, 90 * HL_DAY, NULL,
        N_("How long an endpoint's patterns are behind before that is told"), NULL),
    ROW("quiet", HL_OPTION_STRING, quiet, "", 0, 11, NULL,
        N_("Part of the server's day in which nothing is sent, such as 22:00-06:00; it is sent when it ends"),
        check_quiet),
    ROW("recovery", HL_OPTION_BOOL, tells_over, "yes", 0, 0, NULL, N_("Also told when a state is over"), NULL),
    ROW("retry", HL_OPTION_DURATION, retry, "1m", HL_SECOND, HL_HOUR, NULL,
        N_("Time until a message is tried again; twice as long after each failure, up to 1h"), NULL),
    ROW("to", HL_OPTION_STRING, to, "", 0, MAX_TO, NULL,
        N_("mailto:ADDRESS[,ADDRESS...], https://URL, syslog+tls://HOST[:PORT], syslog+tcp://..., syslog+udp://..., or "
           "syslog: for this system's own"),
        check_to),
};

HlOptionTable mgr_rule_table(void)
{
    return HL_OPTION_TABLE(rows);
}

void mgr_rule_init(MgrRule *rule)
{
    hl_options_init(mgr_rule_table(), rule);
}

void mgr_rule_clear(MgrRule *rule)
{
    hl_options_clear(mgr_rule_table(), rule);
}

void mgr_rule_parse(const char *text, MgrRule *rule, char **odd)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    mgr_rule_init(rule);
    *odd = NULL;
    for (gsize i = 0; lines[i] != NULL; i++) {
        char *equals = strchr(lines[i], '=');
        g_autoptr(GError) error = NULL;

        if (equals == NULL)
            continue;
        *equals = '\0';
        if (!hl_options_set(mgr_rule_table(), rule, lines[i], equals + 1, &error)) {
            g_free(*odd);
            *odd = g_strdup(error->message);
        }
    }
}

char *mgr_rule_print(const MgrRule *rule)
{
    GString *out = g_string_new(NULL);

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *value = hl_option_get(&rows[i], rule);

        g_string_append_printf(out, "%s=%s\n", rows[i].name, value);
    }
    return g_string_free(out, FALSE);
}

bool mgr_rule_check(const MgrRule *rule, GError **error)
{
    if (*rule->to == '\0')
        return mgr_refuse(error, MGR_REFUSE_RULE_NO_TARGET, NULL);
    for (gsize i = 0; rule->groups[0] != NULL && rule->kinds[i] != NULL; i++) {
        MgrNoteKind kind;

        if (mgr_note_parse(rule->kinds[i], &kind) && !mgr_note_row(kind)->is_of_group)
            return mgr_refuse(error, MGR_REFUSE_RULE_NO_GROUP, rule->kinds[i], NULL);
    }
    for (gsize i = 0; rule->groups[i] != NULL; i++)
        if (!hl_ident_is_valid(rule->groups[i]))
            return mgr_refuse(error, MGR_REFUSE_GROUP_NAME_ONLY, rule->groups[i], NULL);
    return true;
}

bool mgr_rule_wants(const MgrRule *rule, MgrNoteKind kind)
{
    return g_strv_contains((const char *const *)rule->kinds, mgr_note_row(kind)->name);
}

guint mgr_rule_kinds(const MgrRule *rule)
{
    guint kinds = 0;

    for (int kind = 0; kind < MGR_NOTE_TEST; kind++)
        if (mgr_rule_wants(rule, (MgrNoteKind)kind))
            kinds |= MGR_NOTE_BIT(kind);
    return kinds;
}

bool mgr_rule_covers(const MgrRule *rule, const char *group)
{
    return rule->groups[0] == NULL || (group != NULL && g_strv_contains((const char *const *)rule->groups, group));
}

bool mgr_rule_tells_audit(const MgrRule *rule)
{
    return mgr_rule_wants(rule, MGR_NOTE_ACCOUNT) || mgr_rule_wants(rule, MGR_NOTE_DENIED);
}

bool mgr_rule_is_seen(const MgrRule *rule, const MgrCaller *caller)
{
    if (caller != NULL && mgr_rule_tells_audit(rule) && !mgr_role_may(caller->role, MGR_NEED_AUDIT))
        return false;
    if (caller == NULL || caller->groups == NULL)
        return true;
    for (gsize i = 0; rule->groups[i] != NULL; i++)
        if (!mgr_caller_sees(caller, rule->groups[i]))
            return false;
    return rule->groups[0] != NULL;
}

MgrGatheringPolicy mgr_rule_policy(const MgrRule *rule)
{
    MgrGatheringPolicy policy = { .digest = rule->digest, .tells_over = rule->tells_over };

    if (!mgr_quiet_parse(rule->quiet, &policy.quiet_from, &policy.quiet_to))
        policy.quiet_from = MGR_GATHERING_NO_QUIET; /* not through the table */
    return policy;
}

/* ----------------------------------------------------------------------------------------------------- destinations */

void mgr_destination_clear(MgrDestination *destination)
{
    g_free(destination->host);
    g_strfreev(destination->recipients);
    memset(destination, 0, sizeof *destination);
}

static bool is_plain(const char *text, gsize size, const char *others)
{
    for (gsize i = 0; i < size; i++)
        if (!g_ascii_isalnum(text[i]) && (text[i] == '\0' || strchr(others, text[i]) == NULL))
            return false;
    return size > 0;
}

bool mgr_mail_address_is_valid(const char *address)
{
    const char *at = strrchr(address, '@');

    /* atoms of RFC 5322 without those that shells, URLs and lists of addresses take for more; quoted ones nobody has */
    return at != NULL && strlen(address) <= MAX_ADDRESS &&
           is_plain(address, (gsize)(at - address), ".!#$&'*+/=^_{}~-") && is_plain(at + 1, strlen(at + 1), ".-") &&
           address[0] != '-' && address[0] != '.' && at[1] != '-' && at[1] != '.';
}

static bool parse_mail(const char *to, MgrDestination *destination, GError **error)
{
    destination->way = MGR_WAY_MAIL;
    destination->host = g_strdup("");
    destination->recipients = g_strsplit(to + strlen("mailto:"), ",", -1);
    if (g_strv_length(destination->recipients) > MGR_RECIPIENTS_MAX)
        return mgr_refuse(error, MGR_REFUSE_RULE_ADDRESSES, HL_NUMBER(MGR_RECIPIENTS_MAX), NULL);
    for (gsize i = 0; destination->recipients[i] != NULL; i++)
        if (!mgr_mail_address_is_valid(g_strstrip(destination->recipients[i])))
            return mgr_refuse(error, MGR_REFUSE_RULE_ADDRESS, destination->recipients[i], NULL);
    return destination->recipients[0] != NULL || mgr_refuse(error, MGR_REFUSE_RULE_NO_ADDRESS, NULL);
}

static bool parse_webhook(const char *to, MgrDestination *destination, GError **error)
{
    g_autoptr(GUri) uri = g_uri_parse(to, G_URI_FLAGS_NONE, NULL);
    g_autofree char *shown = mgr_destination_shown(to);

    destination->way = MGR_WAY_WEBHOOK;
    if (uri == NULL || g_uri_get_host(uri) == NULL || *g_uri_get_host(uri) == '\0' || strpbrk(to, " \t\"'<>\\^`{|}"))
        return mgr_refuse(error, MGR_REFUSE_RULE_URL, shown, NULL);
    if (g_uri_get_userinfo(uri) != NULL)
        return mgr_refuse(error, MGR_REFUSE_RULE_URL_SECRET, shown, NULL);
    destination->host = g_strdup(g_uri_get_host(uri));
    return true;
}

static bool parse_syslog(const char *rest, MgrWay way, MgrDestination *destination, GError **error)
{
    const char *bracket = strrchr(rest, ']');
    bool has_port = strchr(bracket != NULL ? bracket : rest, ':') != NULL;
    g_autofree char *place =
        has_port ? g_strdup(rest) : g_strdup_printf("%s:%d", rest, way == MGR_WAY_TLS ? TLS_PORT : SYSLOG_PORT);

    destination->way = way;
    return (strpbrk(rest, "/?#@ ") == NULL && hl_place_parse(place, &destination->host, &destination->port)) ||
           mgr_refuse(error, MGR_REFUSE_RULE_HOST, rest, NULL);
}

char *mgr_destination_shown(const char *to)
{
    const char *host = strstr(to, "://");
    const char *rest = host != NULL ? host + 3 : to;
    gsize length = (gsize)(rest - to) + strcspn(rest, "/?#");
    g_autofree char *cut = g_strdup_printf("%.*s/...", (int)length, to);

    if (g_str_has_prefix(to, "mailto:"))
        return g_strdup(to);
    return hl_text_url(strlen(to + length) <= 1 ? to : cut);
}

static bool fail_destination(const char *to, GError **error)
{
    g_autofree char *shown = mgr_destination_shown(to);

    return mgr_refuse(error, MGR_REFUSE_RULE_DESTINATION, shown, NULL);
}

bool mgr_destination_parse(const char *to, MgrDestination *destination, GError **error)
{
    static const struct {
        const char *prefix;
        MgrWay way;
    } syslogs[] = { { "syslog+udp://", MGR_WAY_UDP },
                    { "syslog+tcp://", MGR_WAY_TCP },
                    { "syslog+tls://", MGR_WAY_TLS } };

    for (const char *at = to; *at != '\0'; at++)
        if ((unsigned char)*at <= ' ' || (unsigned char)*at >= 127)
            return mgr_refuse(error, MGR_REFUSE_RULE_CHARACTERS, NULL);
    if (g_str_has_prefix(to, "mailto:"))
        return parse_mail(to, destination, error);
    if (g_str_has_prefix(to, "https://") || g_str_has_prefix(to, "http://"))
        return parse_webhook(to, destination, error);
    for (gsize i = 0; i < G_N_ELEMENTS(syslogs); i++)
        if (g_str_has_prefix(to, syslogs[i].prefix))
            return parse_syslog(to + strlen(syslogs[i].prefix), syslogs[i].way, destination, error);
    destination->way = MGR_WAY_LOCAL;
    destination->host = g_strdup("");
    return strcmp(to, "syslog:") == 0 || fail_destination(to, error);
}
