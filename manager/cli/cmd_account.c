/* SPDX-License-Identifier: Apache-2.0 */
/* holdline account ..., holdline admin|monitor|console ... */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/base/network.h"
#include "lib/base/said.h"
#include "lib/pki/cert.h"
#include "lib/pki/pair.h"
#include "manager/cli/client.h"
#include "manager/cli/client_folder.h"
#include "manager/cli/commands.h"
#include "manager/cli/config.h"
#include "manager/cli/group_names.h"
#include "manager/cli/said.h"
#include "manager/cli/show.h"
#include "manager/site/site.h"

#define NOT_YET_WAIT  (90 * HL_SECOND) /* a reload-command has a minute */
#define NOT_YET_PAUSE (2 * HL_SECOND)
#define MAX_REQUEST   16384 /* bytes of a file with a signing request; one takes about 500 */
#define PEM_BEGIN     "-----BEGIN CERTIFICATE REQUEST-----\n"
#define PEM_END       "-----END CERTIFICATE REQUEST-----\n"

/* The groups that an account is to be limited to, "a,b"; "": none (--all-groups); NULL: not said.  An empty --group is
 * sent as a blank, which the server refuses: it lifts no limits.  Caller frees. */
static char *groups_of(const HlInvocation *call)
{
    gsize n = 0;
    const char *const *given = hl_cli_values(call, "group", &n);
    GString *out;

    if (n == 0)
        return hl_cli_has(call, "all-groups") ? g_strdup("") : NULL;
    out = g_string_new(*given[0] != '\0' ? given[0] : " ");
    for (gsize i = 1; i < n; i++)
        g_string_append_printf(out, ",%s", given[i]);
    return g_string_free(out, FALSE);
}

/* "admin create" -> "admin" */
static char *kind_of(const HlInvocation *call)
{
    return g_strndup(call->command->name, strcspn(call->command->name, " "));
}

/* The key is generated here and stays here; the server signs a request. */
bool cmd_client_create(HlInvocation *call, GError **error)
{
    const char *name = call->args[0];
    g_autofree char *role = kind_of(call);
    const char *folder = hl_cli_value(call, "output", name);
    const CliFolder place = { .path = folder, .role = role, .name = name, .keeps_conf = true };
    g_autoptr(HlKey) key = hl_key_generate(error);
    g_autoptr(GBytes) csr = key != NULL ? hl_csr_make(key, name, error) : NULL;
    g_autofree char *csr_text = NULL;
    g_autoptr(json_t) document = NULL;
    g_autofree char *groups = groups_of(call);
    const char *arguments[] = { "name", name, "role", hl_cli_value(call, "role", NULL), "groups", groups,
                                "csr",  NULL, NULL };
    g_auto(GStrv) brokers = NULL;
    g_autofree char *broker = NULL;
    uint16_t port = 0;

    if (csr == NULL || !mgr_site_check_name(name, error) || !cli_folder_check(call, &place, error) ||
        !hl_dir_make(folder, 0700, error))
        return false;
    csr_text = g_base64_encode(g_bytes_get_data(csr, NULL), g_bytes_get_size(csr));
    arguments[7] = csr_text;
    document = cli_call_files(call, call->command->name, arguments, error);
    if (document == NULL)
        rmdir(folder); /* only if it is empty */
    if (document == NULL)
        return false;
    if (!cli_folder_save_key(&place, key, error) || !cli_folder_save(call, &place, document, error))
        return hl_error_prefix(error,
                               _("%s has a certificate now, but it could not be kept here: 'holdline %s revoke %s' "
                                 "ends it, then create it again"),
                               name, role, name);
    if (cli_show_json(call, document))
        return true;
    brokers = g_strsplit(cli_text(document, "brokers"), ",", 2);
    hl_say(_("%s/ contains the certificate, the key and %s.conf of %s.\n"), folder,
           strcmp(role, "console") == 0 ? "console" : "holdline", name);
    if (g_str_has_prefix(call->command->name, "monitor") && brokers[0] != NULL &&
        hl_place_parse(brokers[0], &broker, &port))
        printf("mosquitto_sub -h %s -p %u -V mqttv5 --cafile %s/ca.pem --cert %s/%s.pem --key %s/%s.key -i %s -v "
               "-t 'holdline/v1/status/#'\n",
               broker, port, folder, folder, name, folder, name, name);
    return true;
}

/* NULL: none.  Caller frees. */
static char *names_in(const json_t *array)
{
    GString *names = g_string_new(NULL);
    const json_t *name;
    size_t i;

    json_array_foreach(array, i, name) g_string_append_printf(names, "%s%s", i > 0 ? " " : "", json_string_value(name));
    return g_string_free(names, names->len == 0);
}

/* Of an account that is deleted or disabled: what it made is not ended with it. */
static void print_left(const json_t *document)
{
    g_autofree char *bundles = names_in(json_object_get(document, "bundles"));
    g_autofree char *accounts = names_in(json_object_get(document, "accounts"));

    if (bundles != NULL)
        hl_say(_("bundles that it made are still good: %s; 'holdline bundle withdraw BUNDLE' ends one\n"), bundles);
    if (accounts != NULL)
        hl_say(_("accounts that it made go on: %s; check that each still belongs to somebody\n"), accounts);
}

bool cmd_client_revoke(HlInvocation *call, GError **error)
{
    const char *arguments[] = { "name", call->args[0], NULL };
    g_autofree char *kind = kind_of(call);
    g_autoptr(json_t) document = cli_call(call, call->command->name, arguments, error);

    if (document == NULL)
        return false;
    if (cli_show_json(call, document))
        return true;
    hl_say(strcmp(kind, "monitor") == 0   ? _("monitor %s is revoked; %s\n")
           : strcmp(kind, "console") == 0 ? _("console %s is revoked; %s\n")
                                          : _("admin %s is revoked; %s\n"),
           call->args[0], cli_ended_text(document));
    print_left(document);
    return true;
}

/* The files of the configuration; before a call, which needs the monitor's own. */
static bool load_monitor(HlInvocation *call, CliConfig *conf, GError **error)
{
    const char *name = call->args[0];

    if (!cli_config_load(conf, call, error))
        return false;
    return (conf->role == CLI_ROLE_MONITOR && strcmp(conf->name, name) == 0) ||
           hl_fail(error, HL_ERROR_USAGE,
                   _("%s is of the %s '%s': 'monitor renew %s' runs where the monitor's key is, with --config and the "
                     "holdline.conf beside that key"),
                   conf->path, conf->role == CLI_ROLE_MONITOR ? "monitor" : "account", conf->name, name);
}

static HlCert *load_certificate(const CliConfig *conf, GError **error)
{
    g_autofree char *path = cli_config_path(conf, conf->certificate);

    return hl_cert_load(path, error);
}

/* Another authority follows, and the broker has not read of it yet: a matter of seconds, or of its reload-command. */
static bool is_not_yet(const GError *problem)
{
    return g_strcmp0(hl_error_sentence(problem), "certificate.not-yet") == 0;
}

/* Asked for before it is due, as a timer does, the server's "not yet" is no failure: *not_yet is why, NULL if another
 * one is not due.  A unit that turns red for what the next month mends teaches people to overlook it. */
static bool renew_monitor(HlInvocation *call, const CliConfig *conf, bool *is_new, GError **not_yet, GError **error)
{
    g_autoptr(HlCert) cert = load_certificate(conf, error);
    g_autoptr(CliClient) client = cert != NULL ? cli_client_open(call, NULL, NULL, error) : NULL;
    g_autoptr(GError) problem = NULL;
    HlTime deadline = hl_clock_mono() + NOT_YET_WAIT;

    if (client == NULL)
        return false;
    while (!(*is_new = cli_client_renew(client, &problem)) && is_not_yet(problem) && hl_clock_mono() < deadline) {
        g_clear_error(&problem);
        g_usleep(NOT_YET_PAUSE * 1000);
    }
    if (*is_new)
        return true;
    if ((hl_error_code(problem) == HL_ERROR_EXISTS || is_not_yet(problem)) && !hl_pair_is_due(cert, hl_clock_wall())) {
        if (is_not_yet(problem))
            *not_yet = g_steal_pointer(&problem);
        return true;
    }
    g_propagate_error(error, g_steal_pointer(&problem));
    return false;
}

static void print_renewed(const CliConfig *conf, bool is_new, const GError *not_yet, const char *end)
{
    if (not_yet != NULL)
        hl_say(_("monitor %s: the certificate ends at %s.  Not yet: %s; run this again then\n"), conf->name, end,
               not_yet->message);
    else
        hl_say(is_new ? _("monitor %s has a new key and certificate, which ends at %s; programs that run use them once "
                          "they are restarted\n")
                      : _("monitor %s: the certificate ends at %s, and another one is not due yet\n"),
               conf->name, end);
}

bool cmd_monitor_renew(HlInvocation *call, GError **error)
{
    g_auto(CliConfig) conf = { 0 };
    g_autoptr(HlCert) cert = NULL;
    g_autoptr(json_t) document = NULL;
    g_autoptr(GError) not_yet = NULL;
    g_autofree char *end = NULL;
    bool is_new = false;

    if (!load_monitor(call, &conf, error) || !renew_monitor(call, &conf, &is_new, &not_yet, error))
        return false;
    cert = load_certificate(&conf, error);
    if (cert == NULL)
        return false;
    end = hl_time_format(hl_cert_info(cert)->not_after);
    document = json_pack("{s:s, s:b, s:b, s:s, s:s}", "name", conf.name, "renewed", is_new, "again", not_yet != NULL,
                         "serial", hl_cert_info(cert)->serial, "expires", end);
    if (!cli_show_json(call, document))
        print_renewed(&conf, is_new, not_yet, end);
    return true;
}

bool cmd_client_list(HlInvocation *call, GError **error)
{
    static const CliColumn columns[] = {
        { "NAME", "name", NULL },     { "ROLE", "role", NULL },    { "STATE", "state", cli_format_state },
        { "ISSUED", "issued", NULL }, { "ENDS", "expires", NULL }, { "LAST CALL", "used", NULL },
        { "SERIAL", "serial", NULL }
    };
    g_autoptr(json_t) document = cli_call(call, call->command->name, NULL, error);

    if (document == NULL)
        return false;
    return cli_show_list(call, document, "certificates", columns, G_N_ELEMENTS(columns), error);
}

/* --------------------------------------------------------------------------------------------------------- accounts */

static char *format_end(const json_t *value, const json_t *row G_GNUC_UNUSED)
{
    return g_strdup(json_is_string(value) ? json_string_value(value) : _("no certificate"));
}

bool cmd_account_list(HlInvocation *call, GError **error)
{
    static const CliColumn columns[] = {
        { "ACCOUNT", "name", NULL },
        { "ROLE", "role", NULL },
        { "GROUPS", "groups", cli_format_limit },
        { "STATE", "state", cli_format_state },
        { "BY", "created_by", NULL },
        { "CERTIFICATE ENDS", "expires", format_end },
        { "NOTE", "note", NULL },
    };
    g_autoptr(json_t) document = cli_call_with_groups(call, "account list", NULL, "accounts", error);

    if (document == NULL)
        return false;
    return cli_show_list(call, document, "accounts", columns, G_N_ELEMENTS(columns), error);
}

/* What a certificate is good for; caller frees. */
static char *certificate_state(const json_t *certificate)
{
    static const struct {
        const char *state, *text;
    } rows[] = {
        { "valid", N_("valid") },
        { "renewal-due", N_("valid; the next call with it renews it") },
        { "expired", N_("ended") },
        { "authority-ended", N_("of an authority that has ended: it is no longer accepted") },
    };
    const char *state = cli_text(certificate, "state");

    if (strcmp(state, "revoked") == 0)
        return g_strdup_printf(_("revoked at %s"), cli_text(certificate, "revoked"));
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        if (strcmp(state, rows[i].state) == 0)
            return g_strdup(hl_tr(rows[i].text));
    return g_strdup(state);
}

/* One line for each; false: none of them is good. */
static bool print_certificates(const json_t *certificates)
{
    bool is_good = false;
    const json_t *row;
    size_t i;

    json_array_foreach(certificates, i, row)
    {
        g_autofree char *state = certificate_state(row);

        hl_say(_("certificate %s: %s (issued %s, end %s)\n"), cli_text(row, "serial"), state, cli_text(row, "issued"),
               cli_text(row, "expires"));
        is_good = is_good || strcmp(cli_text(row, "state"), "valid") == 0 ||
                  strcmp(cli_text(row, "state"), "renewal-due") == 0;
    }
    return is_good;
}

static void print_tokens(const json_t *tokens)
{
    const json_t *row;
    size_t i;

    json_array_foreach(tokens, i, row)
    {
        g_autofree char *groups = cli_format_limit(NULL, row);
        const char *used = cli_text(row, "used");

        hl_say(_("API token %s for '%s': %s, groups %s (made %s, last used %s, end %s)\n"), cli_text(row, "id"),
               cli_text(row, "name"), cli_text(row, "role"), groups, cli_text(row, "created"),
               *used != '\0' ? used : _("never"), cli_text(row, "ends"));
    }
}

static void print_account(const json_t *account)
{
    g_autofree char *groups = cli_format_limit(NULL, account);

    hl_say(_("account  %s\nrole     %s\ngroups   %s\nstate    %s\ncreated  %s by %s\n"), cli_text(account, "name"),
           cli_text(account, "role"), groups, cli_state_word_here(cli_text(account, "state")),
           cli_text(account, "created"), cli_text(account, "created_by"));
    if (*cli_text(account, "note") != '\0')
        hl_say(_("note     %s\n"), cli_text(account, "note"));
    if (json_is_boolean(json_object_get(account, "codes")))
        hl_say(_("codes    %s\n"),
               json_is_true(json_object_get(account, "codes")) ? _("a one-time code with the password") : _("none"));
    if (!print_certificates(json_object_get(account, "certificates")))
        hl_say(_("no valid certificate: 'holdline account request %s' on the person's machine, then 'holdline "
                 "account certificate' here\n"),
               cli_text(account, "name"));
    print_tokens(json_object_get(account, "tokens"));
}

bool cmd_account_show(HlInvocation *call, GError **error)
{
    const char *arguments[] = { "name", call->args[0], NULL };
    g_autoptr(json_t) account = cli_call_with_groups(call, "account show", arguments, NULL, error);

    if (account == NULL)
        return false;
    if (!cli_show_json(call, account))
        print_account(account);
    return true;
}

/* create, set */
bool cmd_account_change(HlInvocation *call, GError **error)
{
    const char *role = hl_cli_value(call, "role", NULL);
    const char *note = hl_cli_value(call, "note", NULL);
    g_autofree char *groups = groups_of(call);
    const char *arguments[] = { "name", call->args[0], "role", role, "groups", groups, "note", note, NULL };
    bool is_new = strcmp(call->command->name, "account create") == 0;
    g_autoptr(json_t) account = NULL;
    g_autoptr(json_t) password = NULL;

    if (is_new && role == NULL)
        return hl_fail(error, HL_ERROR_USAGE,
                       _("account create needs --role: auditor, operator, administrator or owner"));
    if (role == NULL && note == NULL && groups == NULL)
        return hl_fail(error, HL_ERROR_USAGE, _("account set needs --role, --group, --all-groups or --note"));
    account = cli_call_with_groups(call, call->command->name, arguments, NULL, error);
    if (account == NULL)
        return false;
    if (hl_cli_has(call, "password") || hl_cli_has(call, "password-file")) {
        password = cli_set_password(call, call->args[0], error);
        if (password == NULL)
            return false;
    }
    if (!cli_show_json(call, account))
        print_account(account);
    return true;
}

/* disable, enable, delete */
bool cmd_account_end(HlInvocation *call, GError **error)
{
    const char *arguments[] = { "name", call->args[0], NULL };
    const char *verb = strchr(call->command->name, ' ') + 1;
    g_autoptr(json_t) document = cli_call(call, call->command->name, arguments, error);

    if (document == NULL)
        return false;
    if (cli_show_json(call, document))
        return true;
    if (strcmp(verb, "delete") == 0)
        hl_say(_("account %s is deleted, and its certificates are revoked; %s\n"), call->args[0],
               cli_ended_text(document));
    else
        hl_say(strcmp(verb, "enable") == 0 ? _("account %s is enabled\n") : _("account %s is disabled\n"),
               call->args[0]);
    if (strcmp(verb, "enable") == 0 && json_is_null(json_object_get(document, "expires")))
        hl_say(_("it has no certificate in force: 'holdline account certificate %s' makes one\n"), call->args[0]);
    print_left(document);
    return true;
}

static bool write_request(const char *path, GBytes *csr, GError **error)
{
    g_autofree char *base64 = g_base64_encode(g_bytes_get_data(csr, NULL), g_bytes_get_size(csr));
    g_autoptr(GString) text = g_string_new(PEM_BEGIN);

    for (gsize at = 0; base64[at] != '\0'; at += strnlen(base64 + at, 64))
        g_string_append_printf(text, "%.64s\n", base64 + at);
    g_string_append(text, PEM_END);
    return hl_file_write_text(path, text->str, 0644, error);
}

/* Works without a server: the person has no certificate yet. */
bool cmd_account_request(HlInvocation *call, GError **error)
{
    const char *name = call->args[0];
    const char *folder = hl_cli_value(call, "output", name);
    const CliFolder place = { .path = folder, .role = "admin", .name = name };
    g_autofree char *key_path = g_strdup_printf("%s/%s.key", folder, name);
    g_autofree char *path = g_strdup_printf("%s/%s.csr", folder, name);
    g_autoptr(HlKey) key = NULL;
    g_autoptr(GBytes) csr = NULL;
    g_autoptr(json_t) document = json_pack("{s:s, s:s}", "request", path, "key", key_path);

    if (!mgr_site_check_name(name, error) || !cli_folder_check_key(&place, error) || !hl_dir_make(folder, 0700, error))
        return false;
    key = hl_key_generate(error);
    csr = key != NULL ? hl_csr_make(key, name, error) : NULL;
    if (csr == NULL || !cli_folder_save_key(&place, key, error) || !write_request(path, csr, error))
        return false;
    if (!cli_show_json(call, document))
        hl_say(_("%s stays here.  Give %s to an owner, who runs\n"
                 "  holdline account certificate %s --csr %s.csr --output %s\n"
                 "and gives you what is in that directory, to be put beside the key.\n"),
               key_path, path, name, name, name);
    return true;
}

/* The base 64 of a request in PEM.  Caller frees. */
static char *read_request(const char *path, GError **error)
{
    g_autofree char *text = hl_file_read_text(path, MAX_REQUEST, error);
    g_auto(GStrv) lines = text != NULL ? g_strsplit(text, "\n", -1) : NULL;
    GString *out = g_string_new(NULL);
    bool inside = false, ended = false;

    for (gsize i = 0; lines != NULL && lines[i] != NULL && !ended; i++) {
        const char *line = g_strstrip(lines[i]);

        if (inside && g_str_has_prefix(line, "-----END"))
            ended = true;
        else if (inside)
            g_string_append(out, line);
        else
            inside = g_str_has_prefix(line, "-----BEGIN") && strstr(line, "CERTIFICATE REQUEST") != NULL;
    }
    if (text != NULL && !ended)
        hl_fail(error, HL_ERROR_INVALID, _("%s has no certificate request, as 'holdline account request' makes it"),
                path);
    return g_string_free(out, !ended);
}

bool cmd_account_certificate(HlInvocation *call, GError **error)
{
    const char *name = call->args[0];
    const char *path = hl_cli_value(call, "csr", NULL);
    const char *folder = hl_cli_value(call, "output", name);
    const CliFolder place = { .path = folder, .role = "admin", .name = name };
    g_autofree char *csr = NULL;
    g_autoptr(json_t) document = NULL;
    const char *arguments[] = {
        "name", name, "replace", hl_cli_has(call, "replace") ? "yes" : NULL, "csr", NULL, NULL
    };

    if (hl_cli_has(call, "site"))
        return cmd_site_certificate(call, error);
    if (path == NULL)
        return hl_fail(error, HL_ERROR_USAGE,
                       _("account certificate needs --csr FILE: 'holdline account request %s' makes it, on the machine "
                         "that the certificate is for; or, on the server, --site DIR"),
                       name);
    csr = read_request(path, error);
    if (csr == NULL || !mgr_site_check_name(name, error) || !cli_folder_check_conf(&place, error) ||
        !hl_dir_make(folder, 0700, error))
        return false;
    arguments[5] = csr;
    document = cli_call_files(call, "account certificate", arguments, error);
    if (document == NULL)
        rmdir(folder); /* only if it is empty */
    if (document == NULL || !cli_folder_save(call, &place, document, error))
        return false;
    if (!cli_show_json(call, document))
        hl_say(_("%s/ contains the certificate, the authority's, and holdline.conf of %s: they go beside %s.key.\n"),
               folder, name, name);
    if (!hl_cli_has(call, "json") && hl_cli_has(call, "replace"))
        hl_say(_("Of what was replaced: %s.\n"), cli_ended_text(document));
    return true;
}
