/* SPDX-License-Identifier: Apache-2.0 */
/* holdline server ...: the server's own identity. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/i18n.h"
#include "lib/base/unconst.h"
#include "manager/cli/client.h"
#include "manager/cli/commands.h"
#include "manager/cli/config.h"
#include "manager/cli/show.h"
#include "manager/cli/shown.h"

/* "a, b"; caller frees. */
static char *join(const json_t *array)
{
    g_autoptr(GString) out = g_string_new(NULL);

    for (size_t i = 0; i < json_array_size(array); i++)
        g_string_append_printf(out, "%s%s", i > 0 ? ", " : "", json_string_value(json_array_get(array, i)));
    return g_string_free(g_steal_pointer(&out), FALSE);
}

static void print_certificate(const json_t *document)
{
    const json_t *certificate = json_object_get(document, "certificate");
    const json_t *uncovered = json_object_get(document, "uncovered");
    g_autofree char *names = join(json_object_get(certificate, "names"));
    g_autofree char *missing = join(uncovered);

    if (certificate == NULL) {
        hl_say(_("certificate  none: %s\n"), cli_text(document, "certificate_error"));
        return;
    }
    hl_say(_("certificate  %s, ends %s\nnames        %s\n"), cli_text(certificate, "serial"),
           cli_text(certificate, "expires"), names);
    if (json_array_size(uncovered) > 0)
        hl_say(_("not covered  %s: endpoints refuse the server there; 'holdline server certificate --host ...' mends "
                 "it\n"),
               missing);
}

/* Who does not follow, and why: one line each. */
static void print_left(const json_t *document)
{
    const json_t *left = json_object_get(document, "left");
    int64_t more = cli_int(document, "more");

    for (size_t i = 0; i < json_array_size(left); i++) {
        const json_t *endpoint = json_array_get(left, i);
        const char *state = cli_text(endpoint, "state");
        const char *detail = cli_text(endpoint, "detail");

        if (json_is_true(json_object_get(endpoint, "shut_out")))
            hl_say(_("  %s (%s): its certificate is of an authority that has ended: it has to enrol again, with "
                     "'holdline bundle create --for %s'\n"),
                   cli_text(endpoint, "id"), cli_text(endpoint, "host"), cli_text(endpoint, "id"));
        else
            hl_say("  %s (%s): %s%s%s\n", cli_text(endpoint, "id"), cli_text(endpoint, "host"),
                   *state != '\0' ? state : _("has not got it"), *detail != '\0' ? ": " : "", detail);
    }
    if (more > 0)
        hl_say(_("  and %" PRId64 " more\n"), more);
}

static void print_announced(const json_t *announced)
{
    hl_say(_("announced    %s by %s\nfollowing    %" PRId64 " of %" PRId64 " endpoints\n"),
           cli_text(announced, "changed_at"), cli_text(announced, "changed_by"), cli_int(announced, "following"),
           cli_int(announced, "of"));
    print_left(announced);
}

static void print_server(const json_t *document)
{
    g_autofree char *brokers = join(json_object_get(document, "brokers"));
    g_autofree char *servers = join(json_object_get(document, "servers"));

    hl_say(_("brokers      %s\nservers      %s\n"), brokers, servers);
    hl_say(_("authority    %s, ends %s\n"), cli_text(document, "authority"), cli_text(document, "authority_expires"));
    print_certificate(document);
    if (json_object_get(document, "announced") != NULL)
        print_announced(json_object_get(document, "announced"));
}

bool cmd_server_show(HlInvocation *call, GError **error)
{
    g_autoptr(json_t) document = cli_call(call, "server show", NULL, error);

    if (document == NULL)
        return false;
    if (!cli_show_json(call, document))
        print_server(document);
    return true;
}

static void print_rollover(const json_t *document)
{
    const json_t *keys = json_object_get(document, "keys");
    bool is_on = json_array_size(keys) > 1;

    for (size_t i = 0; i < json_array_size(keys); i++) {
        const json_t *key = json_array_get(keys, i);

        hl_say(_("sealing key  %s, %s\n"), cli_text(key, "id"),
               json_is_true(json_object_get(key, "signs")) ? _("signs") : _("announced"));
    }
    if (!is_on) {
        hl_say(_("rollover     none\n"));
        return;
    }
    hl_say(_("rollover     since %s\nholding both %" PRId64 " of %" PRId64 " endpoints\n"), cli_text(document, "since"),
           cli_int(document, "holding"), cli_int(document, "of"));
    print_left(document);
}

static void print_authorities(const json_t *document)
{
    const json_t *authorities = json_object_get(document, "authorities");

    for (size_t i = 0; i < json_array_size(authorities); i++) {
        const json_t *authority = json_array_get(authorities, i);

        hl_say(strcmp(cli_text(authority, "role"), "next") == 0 ? _("authority    %s, ends %s, announced\n")
                                                                : _("authority    %s, ends %s\n"),
               cli_text(authority, "id"), cli_text(authority, "expires"));
    }
}

/* What of an endpoint is missing, and what helps. */
static const char *say_state(const char *state)
{
    return strcmp(state, "untold") == 0
               ? _("does not know the new authority yet: switch it on, or upgrade it; one that refuses the server's "
                   "key has to enrol again ('holdline endpoint history' says so)")
               : _("knows it, and has a certificate of the old one still: asks for another by itself");
}

/* The machines of an account that have called with a certificate of the old one, and not with another since. */
static void print_machines(const json_t *one)
{
    const json_t *certificates = json_object_get(one, "certificates");

    for (size_t i = 0; i < json_array_size(certificates); i++) {
        const json_t *certificate = json_array_get(certificates, i);

        hl_say(_("    with certificate %s the last call came on %.10s\n"), cli_text(certificate, "serial"),
               cli_text(certificate, "used"));
    }
    if (strcmp(cli_text(one, "kind"), "admin") != 0)
        return;
    if (json_array_size(certificates) == 0)
        hl_say(_("    if nobody has its key: 'holdline account certificate %s --replace'\n"), cli_text(one, "name"));
    else
        hl_say(
            _("    if such a machine is gone: 'holdline account certificate %s --replace' ends its certificates, and "
              "all others of %s\n"),
            cli_text(one, "name"), cli_text(one, "name"));
}

static void print_people(const json_t *document)
{
    const json_t *people = json_object_get(document, "people");

    for (size_t i = 0; i < json_array_size(people); i++) {
        const json_t *one = json_array_get(people, i);
        const char *name = cli_text(one, "name");
        const char *kind = cli_text(one, "kind");

        if (strcmp(kind, "monitor") == 0)
            hl_say(_("  %s (monitor): 'holdline monitor renew %s' where its key is, with its own holdline.conf; or "
                     "'holdline monitor revoke %s', then 'holdline monitor create %s'\n"),
                   name, name, name, name);
        else if (strcmp(kind, "console") == 0)
            hl_say(_("  %s (console): start it: it asks for another certificate by itself\n"), name);
        else
            hl_say(_("  %s (%s): has to make any call of 'holdline': that replaces the certificate\n"), name, kind);
        print_machines(one);
    }
}

static void print_succession(const json_t *document)
{
    const json_t *left = json_object_get(document, "left");
    int64_t more = cli_int(document, "more");

    print_authorities(document);
    if (strcmp(cli_text(document, "state"), "none") == 0) {
        hl_say(_("rollover     none\n"));
        return;
    }
    hl_say(_("rollover     since %s\nthrough      %" PRId64 " of %" PRId64 " endpoints\n"), cli_text(document, "since"),
           cli_int(document, "through"), cli_int(document, "of"));
    for (size_t i = 0; i < json_array_size(left); i++) {
        const json_t *endpoint = json_array_get(left, i);

        hl_say("  %s (%s): %s\n", cli_text(endpoint, "id"), cli_text(endpoint, "host"),
               say_state(cli_text(endpoint, "state")));
    }
    print_people(document);
    if (more > 0)
        hl_say(_("  and %" PRId64 " more\n"), more);
    if (strcmp(cli_text(document, "state"), "broker") == 0)
        hl_say(_(
            "The broker has to read the server's new certificate: 'holdline status' says what keeps it from that.\n"));
}

/* What brings back somebody who was shut out by 'finish --force'. */
static void print_way_back(const json_t *one)
{
    const char *name = cli_text(one, "name");
    const char *kind = cli_text(one, "kind");

    if (strcmp(kind, "monitor") == 0 || strcmp(kind, "console") == 0)
        hl_say(_("  %s (%s): 'holdline %s revoke %s', then 'holdline %s create %s --output DIR', the directory where "
                 "it is\n"),
               name, kind, kind, name, kind, name);
    else
        hl_say(_("  %s (%s): 'holdline account certificate %s --csr FILE', or on the server 'holdline account "
                 "certificate %s --site DIR'\n"),
               name, kind, name, name);
}

static void print_shut_out(const json_t *shut_out, const char *heading)
{
    const json_t *endpoints = json_object_get(shut_out, "left");
    const json_t *people = json_object_get(shut_out, "people");
    int64_t more = cli_int(shut_out, "more");

    if (shut_out == NULL)
        return;
    hl_say("%s\n", heading);
    for (size_t i = 0; i < json_array_size(endpoints); i++) {
        const json_t *endpoint = json_array_get(endpoints, i);

        if (*cli_text(endpoint, "host") == '\0')
            hl_say(_("  %s: enrols again with 'holdline bundle create --for %s'\n"), cli_text(endpoint, "id"),
                   cli_text(endpoint, "id"));
        else
            hl_say(_("  %s (%s): enrols again with 'holdline bundle create --for %s'\n"), cli_text(endpoint, "id"),
                   cli_text(endpoint, "host"), cli_text(endpoint, "id"));
    }
    for (size_t i = 0; i < json_array_size(people); i++)
        print_way_back(json_array_get(people, i));
    if (more > 0)
        hl_say(_("  and %" PRId64 " more\n"), more);
}

static const char *verb_of(const HlInvocation *call)
{
    return strrchr(call->command->name, ' ') + 1;
}

static json_t *ask_rollover(HlInvocation *call, const char *family, GError **error)
{
    g_autofree char *name = g_strdup_printf("server %s %s", family, verb_of(call));
    const char *arguments[] = { "force", hl_cli_has(call, "force") ? "yes" : NULL, NULL };

    return cli_call(call, name, arguments, error);
}

static void print_withdrawn(const json_t *document, bool of_key)
{
    int64_t withdrawn = cli_int(document, "bundles_withdrawn");

    if (withdrawn > 0)
        hl_say(of_key ? _("%" PRId64 " bundles name the old key and are withdrawn: make new ones.\n")
                      : _("%" PRId64 " bundles name the old authority and are withdrawn: make new ones.\n"),
               withdrawn);
}

static bool roll_key(HlInvocation *call, GError **error)
{
    g_autoptr(json_t) document = ask_rollover(call, "rollover", error);

    if (document == NULL)
        return false;
    if (cli_show_json(call, document))
        return true;
    print_withdrawn(document, true);
    print_rollover(document);
    print_shut_out(json_object_get(document, "shut_out"),
                   _("Not known to have the new sealing key; those without it are shut out:"));
    return true;
}

static bool roll_authority(HlInvocation *call, GError **error)
{
    g_autoptr(json_t) document = ask_rollover(call, "authority", error);

    if (document == NULL)
        return false;
    if (cli_show_json(call, document))
        return true;
    print_withdrawn(document, false);
    print_succession(document);
    print_shut_out(json_object_get(document, "shut_out"),
                   _("Without a certificate of the new authority, and shut out:"));
    return true;
}

/* Of both; an older server knows of the key alone. */
static bool show_both(HlInvocation *call, GError **error)
{
    g_autoptr(json_t) key = ask_rollover(call, "rollover", error);
    g_autoptr(json_t) authority = key != NULL ? ask_rollover(call, "authority", NULL) : NULL;

    if (key == NULL)
        return false;
    if (authority != NULL)
        json_object_set(key, "authority", authority);
    if (cli_show_json(call, key))
        return true;
    print_rollover(key);
    if (authority != NULL)
        print_succession(authority);
    return true;
}

bool cmd_server_is_before_rollover(const HlInvocation *call)
{
    return call->command->run == cmd_server_rollover &&
           (strcmp(verb_of(call), "start") == 0 || strcmp(verb_of(call), "cancel") == 0);
}

/* holdline server rollover start, status, finish, cancel [sealing-key | ca]. */
bool cmd_server_rollover(HlInvocation *call, GError **error)
{
    const char *what = call->n_args > 0 ? call->args[0] : "";

    if (strcmp(what, "ca") == 0)
        return roll_authority(call, error);
    if (*what != '\0' && strcmp(what, "sealing-key") != 0)
        return hl_fail(error, HL_ERROR_USAGE, _("'%s' does not roll over: say sealing-key, or ca"), what);
    return *what == '\0' && strcmp(verb_of(call), "status") == 0 ? show_both(call, error) : roll_key(call, error);
}

/* "a,b" of a flag that may be repeated; NULL: it was not given.  Caller frees. */
static char *list_of(HlInvocation *call, const char *flag)
{
    gsize n;
    const char *const *values = hl_cli_values(call, flag, &n);
    g_autoptr(GString) list = g_string_new(NULL);

    for (gsize i = 0; i < n; i++)
        g_string_append_printf(list, "%s%s", i > 0 ? "," : "", values[i]);
    return n > 0 ? g_string_free(g_steal_pointer(&list), FALSE) : NULL;
}

bool cmd_server_set(HlInvocation *call, GError **error)
{
    g_autofree char *brokers = list_of(call, "broker");
    g_autofree char *urls = list_of(call, "url");
    const char *arguments[] = { "brokers", brokers, "servers", urls, "force", hl_cli_has(call, "force") ? "yes" : NULL,
                                NULL };
    g_autoptr(json_t) document = NULL;

    if (brokers == NULL && urls == NULL)
        return hl_fail(
            error, HL_ERROR_USAGE,
            _("server set needs --broker ADDRESS or --url URL, each for every place where endpoints find the server"));
    document = cli_call(call, "server set", arguments, error);
    if (document == NULL)
        return false;
    if (!cli_show_json(call, document)) {
        hl_say(_("Endpoints are told this from now on.  Keep the old place open until all of them follow\n"
                 "('holdline server show').\n"));
        print_server(document);
    }
    return true;
}

/* The answer says that the broker was told: what its listener serves counts. */
static bool await_shown(HlInvocation *call, const json_t *document, GError **error)
{
    const char *serial = cli_text(json_object_get(document, "certificate"), "serial");
    const json_t *brokers = json_object_get(document, "brokers");
    g_autoptr(GPtrArray) addresses = g_ptr_array_new();
    g_auto(CliConfig) conf = { 0 };

    for (size_t i = 0; i < json_array_size(brokers); i++)
        g_ptr_array_add(addresses, hl_unconst(json_string_value(json_array_get(brokers, i))));
    g_ptr_array_add(addresses, NULL);
    return cli_config_load(&conf, call, error) &&
           cli_shown_await(&conf, (const char *const *)addresses->pdata, serial, error);
}

bool cmd_server_certificate(HlInvocation *call, GError **error)
{
    gsize n;
    const char *const *hosts = hl_cli_values(call, "host", &n);
    g_autoptr(GString) list = g_string_new(NULL);
    const char *arguments[] = { "hosts", NULL, "force", hl_cli_has(call, "force") ? "yes" : NULL, NULL };
    g_autoptr(json_t) document = NULL;

    if (n == 0)
        return hl_fail(error, HL_ERROR_USAGE,
                       _("server certificate needs --host NAME for each name and address by which endpoints reach the "
                         "server"));
    for (gsize i = 0; i < n; i++)
        g_string_append_printf(list, "%s%s", i > 0 ? "," : "", hosts[i]);
    arguments[1] = list->str;
    document = cli_call(call, "server certificate", arguments, error);
    if (document == NULL)
        return false;
    if (!cli_show_json(call, document)) {
        hl_say(_("The server has this certificate now:\n"));
        print_certificate(document);
        fflush(stdout);
    }
    return await_shown(call, document, error);
}
