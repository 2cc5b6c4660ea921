/* SPDX-License-Identifier: Apache-2.0 */
/* holdline init: creates a site. */
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/conf.h"
#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/base/network.h"
#include "lib/base/process.h"
#include "lib/store/stmt.h"
#include "manager/cli/commands.h"
#include "manager/cli/repository.h"
#include "manager/cli/show.h"
#include "manager/core/dialable.h"
#include "manager/site/exchange.h"
#include "manager/site/names.h"
#include "manager/site/site.h"
#include "proto/settings.h"

#define BACKDATE (5 * HL_MINUTE)
#define SERVER_LIFETIME \
    (3649 * HL_DAY) /* of the site's own certificates; those of endpoints are short-lived and renewed */
#define FIRST_GROUP "default"

static void free_account(gpointer item)
{
    mgr_account_record_clear(item);
    g_free(item);
}

static bool add_host(GPtrArray *hosts, const char *host, GError **error)
{
    if (!hl_host_is_valid(host))
        return hl_fail(error, HL_ERROR_USAGE, _("--host: '%s' is neither a host name nor an IP address"), host);
    g_ptr_array_add(hosts, g_strdup(host));
    return true;
}

/* The names by which endpoints reach the server; at least two, so that renaming it strands nobody. */
static GPtrArray *collect_hosts(HlInvocation *call, GError **error)
{
    g_autoptr(GPtrArray) hosts = g_ptr_array_new_null_terminated(8, g_free, TRUE);
    gsize n;
    const char *const *given = hl_cli_values(call, "host", &n);
    const char *const fallbacks[] = { g_get_host_name(), "localhost", "127.0.0.1" };

    for (gsize i = 0; i < n; i++)
        if (!add_host(hosts, given[i], error))
            return NULL;
    for (gsize i = 0; n == 0 && i < G_N_ELEMENTS(fallbacks); i++)
        if (i == 0 || strcmp(fallbacks[i], fallbacks[0]) != 0)
            g_ptr_array_add(hosts, g_strdup(fallbacks[i]));
    return g_steal_pointer(&hosts);
}

static bool set_option(MgrConf *conf, const char *name, const char *value, GError **error)
{
    return value == NULL || hl_options_set(mgr_conf_table(), conf, name, value, error);
}

/* Every address by which endpoints come leads back to this machine: they live on it too. */
static bool is_trial(const GPtrArray *hosts)
{
    for (guint i = 0; i < hosts->len; i++)
        if (strcmp(hosts->pdata[i], "localhost") != 0 &&
            mgr_dialable(hosts->pdata[i], false, false) != MGR_DIAL_LOOPBACK)
            return false;
    return true;
}

static bool fill_conf(HlInvocation *call, MgrConf *conf, const GPtrArray *hosts, GError **error)
{
    g_autoptr(GString) addresses = g_string_new(NULL);
    g_autoptr(GString) urls = g_string_new(NULL);
    bool ok;

    if (!set_option(conf, "broker.port", hl_cli_value(call, "broker-port", NULL), error) ||
        !set_option(conf, "http.port", hl_cli_value(call, "http-port", NULL), error) ||
        !set_option(conf, "broker.listen", hl_cli_value(call, "listen", NULL), error) ||
        !set_option(conf, "http.listen", hl_cli_value(call, "listen", NULL), error))
        return false;
    for (guint i = 0; i < hosts->len; i++) {
        g_autofree char *place = hl_place_print(hosts->pdata[i], (uint16_t)conf->broker_port);

        g_autofree char *front = hl_place_print(hosts->pdata[i], (uint16_t)conf->http_port);

        g_string_append_printf(addresses, "%s%s", i > 0 ? "," : "", place);
        g_string_append_printf(urls, "%shttps://%s", i > 0 ? "," : "", front);
    }
    ok = set_option(conf, "broker.addresses", addresses->str, error) && set_option(conf, "http.urls", urls->str, error);
    conf->dial_own = is_trial(hosts);
    if (ok && conf->broker_port == conf->http_port)
        return hl_fail(error, HL_ERROR_USAGE, _("--broker-port and --http-port are both %d: use different ports"),
                       (int)conf->http_port);
    return ok;
}

static bool make_directories(const char *dir, GError **error)
{
    static const char *const names[] = { "pki", "broker", "admins", "repo" };
    g_autofree char *registry = mgr_site_path(dir, "registry.db");
    g_autofree char *conf = mgr_site_path(dir, "manager.conf");

    if (!mgr_exchange_check(dir, error))
        return false;
    if (g_file_test(registry, G_FILE_TEST_EXISTS) || g_file_test(conf, G_FILE_TEST_EXISTS))
        return hl_fail(error, HL_ERROR_EXISTS,
                       _("%s already contains a site: choose another directory; nothing was changed"), dir);
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = mgr_site_path(dir, names[i]);

        if (!hl_dir_make(path, 0700, error))
            return false;
    }
    return true;
}

static bool make_keys(const char *dir, HlTime now, GError **error)
{
    g_autofree char *key_path = mgr_site_path(dir, "pki/ca.key");
    g_autofree char *cert_path = mgr_site_path(dir, "pki/ca.pem");
    g_autofree char *signing_path = mgr_site_path(dir, "pki/sealing.key");
    g_autoptr(HlKey) key = hl_key_generate(error);
    g_autoptr(HlCert) ca =
        key != NULL ? hl_cert_make_ca(key, "Holdline CA", now - BACKDATE, now + MGR_SITE_CA_LIFETIME, error) : NULL;
    g_autoptr(HlSigningKey) signing = ca != NULL ? hl_signing_key_generate(error) : NULL;

    return signing != NULL && hl_key_save(key, key_path, error) && hl_cert_save(ca, cert_path, error) &&
           hl_signing_key_save(signing, signing_path, error);
}

/* Issues, and keeps the record for the registry and the lists. */
static bool issue(const MgrAuthority *authority, const char *dir, const HlCertSpec *spec, const char *name,
                  GHashTable *certificates, GError **error)
{
    g_autofree char *cert = g_strdup_printf("pki/%s.pem", name);
    g_autofree char *key = g_strdup_printf("pki/%s.key", name);
    MgrCertificateRecord *record = g_new0(MgrCertificateRecord, 1);

    if (!mgr_authority_issue_files(authority, dir, cert, key, spec, record, error)) {
        g_free(record);
        return false;
    }
    g_hash_table_insert(certificates, record->serial, record);
    return true;
}

static void keep(GHashTable *certificates, const MgrCertificateRecord *issued)
{
    MgrCertificateRecord *record = g_new(MgrCertificateRecord, 1);

    *record = *issued;
    g_hash_table_insert(certificates, record->serial, record);
}

/* The directories of the first administrator, and of the console on this machine. */
static bool write_clients(const MgrAuthority *authority, const char *dir, const MgrConf *conf, const char *admin,
                          GHashTable *certificates, GError **error)
{
    MgrCertificateRecord record = { 0 };

    if (!mgr_site_write_client(authority, dir, conf, admin, HL_CERT_ADMIN, &record, error))
        return false;
    keep(certificates, &record);
    if (!mgr_site_write_console(authority, dir, conf, &record, error))
        return false;
    keep(certificates, &record);
    return true;
}

static bool check_admin(const char *name, GError **error)
{
    return mgr_site_check_name(name, error) &&
           (strcmp(name, MGR_SITE_CONSOLE) != 0 ||
            hl_fail(error, HL_ERROR_USAGE, _("--admin: '%s' is the name of the site's console: choose another"), name));
}

/* Who makes the site owns it. */
static GHashTable *make_accounts(const char *admin, HlTime now)
{
    GHashTable *accounts = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_account);
    MgrAccountRecord *owner = g_new0(MgrAccountRecord, 1);

    *owner = (MgrAccountRecord){ .name = g_strdup(admin),
                                 .created_by = g_strdup("init"),
                                 .note = g_strdup(""),
                                 .role = MGR_ROLE_OWNER,
                                 .groups = g_strdup(""),
                                 .created_at = now };
    g_hash_table_insert(accounts, owner->name, owner);
    return accounts;
}

static bool make_certificates(const char *dir, const MgrConf *conf, const GPtrArray *hosts, const char *admin,
                              HlTime now, GHashTable *certificates, GHashTable *accounts, GError **error)
{
    g_auto(MgrAuthority) authority = { 0 };
    g_auto(GStrv) names = mgr_server_names((const char *const *)hosts->pdata, conf);
    HlCertSpec server = {
        .cn = "server", .kind = HL_CERT_SERVER, .not_before = now - BACKDATE, .not_after = now + SERVER_LIFETIME
    };
    HlCertSpec manager = {
        .cn = "manager", .kind = HL_CERT_MANAGER, .not_before = now - BACKDATE, .not_after = now + SERVER_LIFETIME
    };

    server.names = (const char *const *)names;
    if (!mgr_authority_open(&authority, dir, error) ||
        !issue(&authority, dir, &server, "server", certificates, error) ||
        !issue(&authority, dir, &manager, "manager", certificates, error) ||
        !write_clients(&authority, dir, conf, admin, certificates, error))
        return false;
    return mgr_authority_write_crl(&authority, dir, certificates, 0, error) &&
           mgr_site_write_acl(dir, certificates, accounts, NULL, error) &&
           mgr_site_write_broker_conf(dir, conf, 0, error);
}

/* What a run that was killed left. */
static void clear_draft(const char *registry)
{
    static const char *const endings[] = { "", "-wal", "-shm" };

    for (gsize i = 0; i < G_N_ELEMENTS(endings); i++) {
        g_autofree char *path = g_strconcat(registry, endings[i], NULL);

        unlink(path);
    }
}

/* With its version, to which people can go back. */
static bool put_first_group(HlDb *db, HlTime now, GError **error)
{
    g_auto(HlSettings) settings = { 0 };
    g_autofree char *text = NULL;

    hl_settings_init_group(&settings);
    text = hl_settings_print(&settings);
    return hl_db_run(db, NULL, error,
                     "INSERT INTO grp (name, version, counter, settings, changed_at, changed_by) VALUES "
                     "(?, 1, 1, ?, ?, 'init')",
                     "tti", FIRST_GROUP, text, (int64_t)now) &&
           hl_db_exec(db,
                      "INSERT INTO grp_version (grp, version, settings, changed_at, changed_by, restored)"
                      " SELECT name, version, settings, changed_at, changed_by, 0 FROM grp",
                      error);
}

/* Complete, or not there. */
static bool make_registry(const char *dir, GHashTable *certificates, const MgrAccountRecord *owner, HlTime now,
                          GError **error)
{
    g_autofree char *path = mgr_site_path(dir, "registry.db");
    g_autofree char *temporary = g_strconcat(path, ".new", NULL);
    g_autoptr(HlDb) db = NULL;
    GHashTableIter iter;
    gpointer value;

    clear_draft(temporary);
    db = mgr_registry_open(temporary, error);
    if (db == NULL || !put_first_group(db, now, error))
        return false;
    g_hash_table_iter_init(&iter, certificates);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const MgrCertificateRecord *record = value;

        if (!hl_db_run(db, NULL, error,
                       "INSERT INTO certificate (serial, name, kind, issued_at, expires_at, key)"
                       " VALUES (?, ?, ?, ?, ?, ?)",
                       "tttiit", record->serial, record->name, record->kind, (int64_t)record->issued_at,
                       (int64_t)record->expires_at, mgr_certificate_key(record)))
            return false;
    }
    if (!mgr_registry_put_account(db, owner, error) || !hl_db_exec(db, "PRAGMA wal_checkpoint(TRUNCATE)", error))
        return false;
    hl_db_close(g_steal_pointer(&db));
    if (rename(temporary, path) != 0)
        return hl_fail(error, HL_ERROR_IO, _("cannot move the registry to %s"), path);
    return hl_dir_sync(dir, error);
}

static void free_record(gpointer item)
{
    mgr_certificate_record_clear(item);
    g_free(item);
}

/* What the steps have in common. */
typedef struct {
    const char *dir, *admin;
    const MgrConf *conf;
    CliRepository repository;
    bool has_unit; /* the service unit starts it */
    char *as;      /* before a command that touches the site: people become its owner */
} Founded;

/* As a shell takes it for one word; plain where it can be.  Caller frees. */
static char *shell_word(const char *text)
{
    return text[strspn(text, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "/._-+:,@")] == '\0' ? g_strdup(text)
                                                                                          : g_shell_quote(text);
}

/* At the place of an installed server, root goes on, and systemd where it runs the machine. */
static void place(Founded *founded)
{
    const struct passwd *owner = getpwuid(geteuid());
    bool installed = strcmp(founded->dir, MGR_SITE_DEFAULT) == 0 && geteuid() != 0 && owner != NULL;

    founded->has_unit = installed && cli_site_has_unit(founded->dir);
    founded->as = installed ? g_strdup_printf("runuser -u %s -- ", owner->pw_name) : g_strdup("");
}

/* Clients refuse a repository three days after its timestamp was signed; with encrypted keys the server cannot do it.
 */
static void print_passphrase(const Founded *founded, const char *word)
{
    printf(_("     # at least daily, or endpoints refuse it after three days: holdline-repo-resign.timer does it, with "
             "HOLDLINE_REPO_PASSPHRASE=... in /etc/holdline/repo.env (mode 0600)\n"));
    if (!founded->has_unit)
        printf("     %sholdline-updater repo resign %s\n", founded->as, word);
}

static void print_patterns(const Founded *founded)
{
    g_autofree char *repo = mgr_site_path(founded->dir, "repo");
    g_autofree char *word = shell_word(repo);

    if (founded->repository == CLI_REPOSITORY_NONE) {
        printf(_("     # before the first bundle: holdline-updater repo init %s ..., or a source in manager.conf\n"),
               word);
        return;
    }
    printf("     %sholdline-updater repo import %s\n"
           "     %sholdline-updater repo publish %s\n",
           founded->as, word, founded->as, word);
    if (founded->repository == CLI_REPOSITORY_ENCRYPTED)
        print_passphrase(founded, word);
    if (founded->has_unit)
        printf("     systemctl enable --now holdline-repo-import.timer holdline-repo-resign.timer "
               "holdline-backup.timer\n");
}

static void print_start(const Founded *founded)
{
    g_autofree char *conf = mgr_site_path(founded->dir, "manager.conf");
    g_autofree char *word = shell_word(conf);

    if (founded->has_unit)
        printf("     systemctl enable --now holdline-managerd\n");
    else
        printf("     %sholdline-managerd -c %s &\n", founded->as, word);
}

/* Each is a block to copy. */
static void print_steps(const Founded *founded, const char *client)
{
    g_autofree char *client_word = shell_word(client);

    printf(*founded->as != '\0' ? _("Three steps to a protected PC, as root:\n\n")
                                : _("Three steps to a protected PC:\n\n"));
    printf(_("  1. Start the server, and give it patterns: ClamAV's own, from /var/lib/clamav, where freshclam keeps "
             "them.\n"));
    print_start(founded);
    print_patterns(founded);
    printf(_("\n  2. Write a bundle, with which one PC enrols, and carry it there: it contains a secret.\n"
             "     export HOLDLINE_CONFIG=%s\n"
             "     holdline bundle create --group %s --output pc.bundle\n"
             "\n  3. On the PC, as root:\n"
             "     holdline-endpoint enrol pc.bundle\n"
             "     %s\n"),
           client_word, FIRST_GROUP,
           founded->has_unit ? "systemctl enable --now holdline-endpointd" : "holdline-endpointd &");
}

static void print_repository(const Founded *founded)
{
    static const char *const said[] = {
        [CLI_REPOSITORY_NONE] = N_("There is no pattern repository yet"),
        [CLI_REPOSITORY_THERE] = N_("The pattern repository in repo/ is left as it was"),
        [CLI_REPOSITORY_PLAIN] =
            N_("The pattern repository is in repo/, its keys in the clear: for more than a trial see "
               "holdline-updater(1)"),
        [CLI_REPOSITORY_ENCRYPTED] =
            N_("The pattern repository is in repo/, its keys encrypted with HOLDLINE_REPO_PASSPHRASE"),
    };

    printf("  %s\n\n", hl_tr(said[founded->repository]));
}

static void print_founded(const HlInvocation *call, const Founded *founded)
{
    g_autofree char *brokers = g_strjoinv(", ", founded->conf->broker_addresses);
    g_autofree char *urls = g_strjoinv(", ", founded->conf->http_urls);
    g_autofree char *client = g_strdup_printf("%s/admins/%s/holdline.conf", founded->dir, founded->admin);
    g_autofree char *repo =
        founded->repository == CLI_REPOSITORY_NONE ? g_strdup("") : mgr_site_path(founded->dir, "repo");
    g_autoptr(json_t) document = json_pack("{s:s, s:s, s:s, s:s, s:s}", "site", founded->dir, "brokers", brokers, "url",
                                           founded->conf->http_urls[0], "client", client, "repository", repo);

    if (cli_show_json(call, document))
        return;
    if (founded->conf->broker_addresses[1] == NULL)
        printf(
            _("PCs elsewhere can only use '%s', and need a second address when that one changes.\n"
              "Give the server's name and its address, each with --host, unless this is a trial on one machine.\n\n"),
            hl_cli_has(call, "host") ? brokers : g_get_host_name());
    printf(_("The site is in %s.\n"
             "  Endpoints reach the broker at %s\n"
             "  and the HTTPS front at %s\n"),
           founded->dir, brokers, urls);
    print_repository(founded);
    print_steps(founded, client);
}

/* The configuration is the last: without it there is no site, and init can be run again. */
static bool make_conf(const char *dir, const MgrConf *conf, GError **error)
{
    g_autofree char *path = mgr_site_path(dir, "manager.conf");
    g_autofree char *registry = mgr_site_path(dir, "registry.db");
    g_autofree char *text = hl_conf_print(mgr_conf_table(), conf);

    if (hl_file_write_text(path, text, 0600, error))
        return true;
    unlink(registry);
    return false;
}

bool cmd_init(HlInvocation *call, GError **error)
{
    g_autofree char *dir = g_canonicalize_filename(call->args[0], NULL);
    g_autoptr(GHashTable) certificates = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_record);
    g_autoptr(GPtrArray) hosts = collect_hosts(call, error);
    HlTime now = hl_clock_wall();
    g_autoptr(GHashTable) accounts = NULL;
    MgrConf conf = { 0 };
    Founded founded = { .dir = dir, .admin = hl_cli_value(call, "admin", "admin"), .conf = &conf };
    bool ok;

    if (hosts == NULL || !check_admin(founded.admin, error) || !hl_process_become_owner(dir, error))
        return false;
    accounts = make_accounts(founded.admin, now);
    hl_options_init(mgr_conf_table(), &conf);
    ok = fill_conf(call, &conf, hosts, error) && make_directories(dir, error) &&
         (hl_cli_has(call, "no-repo") || cli_repository_found(dir, &founded.repository, error)) &&
         make_keys(dir, now, error) &&
         make_certificates(dir, &conf, hosts, founded.admin, now, certificates, accounts, error) &&
         make_registry(dir, certificates, g_hash_table_lookup(accounts, founded.admin), now, error) &&
         make_conf(dir, &conf, error);
    if (ok) {
        place(&founded);
        print_founded(call, &founded);
    }
    g_free(founded.as);
    hl_options_clear(mgr_conf_table(), &conf);
    return ok || hl_error_prefix(error, _("cannot create a site in %s"), dir);
}
