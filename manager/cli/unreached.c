/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/cli/unreached.h"

#include "lib/base/i18n.h"
#include "manager/core/refusal.h"

void cli_unreached_note(GHashTable *reasons, const char *address, const char *reason)
{
    g_hash_table_replace(reasons, g_strdup(address), g_strdup(reason));
}

bool cli_unreached_is_told(const CliConfig *conf, GHashTable *reasons)
{
    for (char **broker = conf->brokers; *broker != NULL; broker++)
        if (!g_hash_table_contains(reasons, *broker))
            return false;
    return true;
}

/* Of each address, in the order of the configuration: what is wrong with one may say nothing of the other. */
static char *why_unreached(const CliConfig *conf, GHashTable *reasons, const char *last)
{
    GString *text = g_string_new("");

    for (char **broker = conf->brokers; *broker != NULL; broker++) {
        const char *reason = g_hash_table_lookup(reasons, *broker);

        if (reason != NULL)
            g_string_append_printf(text, "%s%s: %s", text->len > 0 ? "; " : "", *broker, reason);
    }
    if (text->len == 0)
        g_string_append(text, last);
    return g_string_free(text, FALSE);
}

/* Revoked, with its account perhaps: nobody but an owner knows, and can give another one. */
static char *remedy_of_turned_away(const CliConfig *conf)
{
    return conf->role == CLI_ROLE_MONITOR
               ? g_strdup_printf(_("an owner makes another: holdline monitor create %s; if that name is taken, first "
                                   "holdline monitor revoke %s"),
                                 conf->name, conf->name)
               : g_strdup_printf(
                     _("an owner tells whether the account is still there, and gives it another certificate: "
                       "holdline account show %s, holdline account certificate %s --csr FILE; for the last "
                       "owner, on the server: holdline account certificate %s --site SITE"),
                     conf->name, conf->name, conf->name);
}

bool cli_fail_unreached(const CliConfig *conf, GHashTable *reasons, const char *last, GError **error)
{
    g_autofree char *why = why_unreached(conf, reasons, last);
    g_autofree char *remedy = g_hash_table_contains(reasons, CLI_TURNED_AWAY) ? remedy_of_turned_away(conf) : NULL;

    if (remedy != NULL)
        return hl_fail(error, HL_ERROR_UNAVAILABLE, _("cannot reach the server: %s; another certificate: %s"), why,
                       remedy);
    return hl_fail(error, HL_ERROR_UNAVAILABLE, _("cannot reach the server: %s; 'holdline doctor' looks for the cause"),
                   why);
}

bool cli_fail_ended(const CliConfig *conf, const char *certificate, HlTime end, GError **error)
{
    g_autofree char *ended = hl_time_format(end);
    g_autofree char *now = hl_time_format(hl_clock_wall());
    g_autofree char *directory = g_path_get_dirname(certificate);

    return conf->role == CLI_ROLE_MONITOR ? mgr_refuse(error, MGR_REFUSE_CERTIFICATE_OWN_MONITOR, certificate, ended,
                                                       now, conf->name, directory, NULL)
                                          : mgr_refuse(error, MGR_REFUSE_CERTIFICATE_OWN_ENDED, certificate, ended, now,
                                                       conf->name, directory, NULL);
}

bool cli_fail_cut(const char *call, bool was_sent, const char *why, GError **error)
{
    if (!was_sent)
        return hl_fail(error, HL_ERROR_UNAVAILABLE, _("the link broke before '%s' was sent: nothing was done.  %s"),
                       call, why);
    return hl_fail(error, HL_ERROR_UNAVAILABLE,
                   _("the link broke before the answer came: check whether '%s' was carried out.  %s"), call, why);
}

bool cli_fail_silent(const char *call, HlTime patience, GError **error)
{
    return hl_fail(error, HL_ERROR_TIMEOUT,
                   _("the server did not answer in %d s: check whether '%s' was carried out; 'holdline doctor' looks "
                     "for the cause"),
                   (int)(patience / HL_SECOND), call);
}
