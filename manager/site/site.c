/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/site/site.h"

#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/base/ident.h"
#include "lib/base/log.h"
#include "lib/pki/key.h"
#include "manager/core/refusal.h"

#define BACKDATE        (5 * HL_MINUTE) /* clocks differ */
#define CLIENT_LIFETIME (730 * HL_DAY)
#define CRL_LIFETIME    (3650 * HL_DAY) /* the file is local and rewritten at each revocation: it must never expire */

#define PLUGIN       "holdline-broker.so"
#define PLUGIN_RULES 2 /* see manager/broker/plugin.c */

extern const char broker_mosquitto_conf[];
extern const char broker_acl[];

const char *const mgr_site_console_names[] = { "localhost", "127.0.0.1", "::1", NULL };

char *mgr_site_path(const char *dir, const char *name)
{
    return g_build_filename(dir, name, NULL);
}

bool mgr_site_is_running(const char *dir)
{
    g_autofree char *path = mgr_site_path(dir, "lock");
    hl_autofd int lock = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    return lock >= 0 && flock(lock, LOCK_SH | LOCK_NB) != 0;
}

char *mgr_site_named_path(const char *dir, const char *path)
{
    return g_path_is_absolute(path) ? g_strdup(path) : mgr_site_path(dir, path);
}

/* Beside the program that runs (in the build tree), or where it was installed with it. */
char *mgr_site_plugin_path(void)
{
    static const char *const places[] = { PLUGIN, "../lib/holdline/" PLUGIN };
    g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *bin = program != NULL ? g_path_get_dirname(program) : g_strdup("/usr/bin");

    for (gsize i = 0; i < G_N_ELEMENTS(places); i++) {
        g_autofree char *path = g_canonicalize_filename(places[i], bin);

        if (g_file_test(path, G_FILE_TEST_IS_REGULAR))
            return g_steal_pointer(&path);
    }
    return NULL;
}

/* A broker that names a plugin which is not there does not start at all.  The option is for nobody but the manager:
 * with other rules the configuration is another one, and a broker that an earlier version left is replaced. */
static char *plugin_line(void)
{
    g_autofree char *path = mgr_site_plugin_path();

    if (path != NULL)
        return g_strdup_printf("plugin %s\nplugin_opt_rules %d", path, PLUGIN_RULES);
    hl_warn("broker", PLUGIN
            " is neither beside this program nor in ../lib/holdline: the broker grants every subscription, and one "
            "endpoint can fill its memory; install it again");
    return g_strdup("# " PLUGIN " was not found: subscriptions are not bounded");
}

char *mgr_site_broker_path(const char *dir, guint number, const char *name)
{
    g_autofree char *own = number == 0 ? NULL : g_strdup_printf("%u", number + 1);

    return own == NULL ? g_build_filename(dir, "broker", name, NULL) : g_build_filename(dir, "broker", own, name, NULL);
}

bool mgr_site_write_broker_conf(const char *dir, const MgrConf *conf, guint number, GError **error)
{
    g_autofree char *absolute = g_canonicalize_filename(dir, NULL);
    g_autofree char *place = mgr_site_broker_path(absolute, number, NULL);
    g_autofree char *path = g_build_filename(place, "mosquitto.conf", NULL);
    g_autofree char *port = g_strdup_printf("%d", (int)conf->broker_port + (int)number);
    g_autofree char *plugin = plugin_line();
    g_autofree char *kept = mgr_site_path(dir, "broker/mosquitto.db");
    const struct passwd *user = getpwuid(geteuid());
    g_autoptr(GString) text = g_string_new(broker_mosquitto_conf);

    g_string_replace(text, "@USER@", user != NULL ? user->pw_name : "root", 0);
    g_string_replace(text, "@PORT@", port, 0);
    g_string_replace(text, "@LISTEN@", conf->broker_listen, 0);
    g_string_replace(text, "@DIR@", absolute, 0);
    g_string_replace(text, "@BROKER@", place, 0);
    g_string_replace(text, "@PLUGIN@", plugin, 0);
    (void)unlink(kept); /* up to 0.1.0 it was on the disk, rewritten every five seconds */
    return hl_dir_make(place, 0700, error) && hl_file_write_text(path, text->str, 0600, error);
}

static int compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp((*(const MgrCertificateRecord *const *)a)->name, (*(const MgrCertificateRecord *const *)b)->name);
}

static bool is_kind(const MgrCertificateRecord *record, HlCertKind kind)
{
    return strcmp(record->kind, hl_cert_kind_name(kind)) == 0;
}

/* Those who ask the manager: for themselves, or for the people at their pages. */
static bool asks(const MgrCertificateRecord *record)
{
    return is_kind(record, HL_CERT_ADMIN) || is_kind(record, HL_CERT_CONSOLE);
}

/* A caller without an account, or with a disabled one, may still ask: the manager's answer says why nothing is done.
 * Status topics are about all groups, so an account that is limited to some asks for what is there. */
static bool sees_status(const MgrCertificateRecord *record, GHashTable *accounts)
{
    const MgrAccountRecord *account = g_hash_table_lookup(accounts, record->name);

    return !is_kind(record, HL_CERT_ADMIN) || (account != NULL && mgr_account_sees_status(account));
}

static void append_requests(GString *acl, const char *kind, const char *name)
{
    g_string_append_printf(acl, "topic write holdline/v1/%s/request/%s\ntopic read holdline/v1/%s/reply/%s\n", kind,
                           name, kind, name);
}

static void append_user(GString *acl, const MgrCertificateRecord *record, GHashTable *accounts)
{
    /* The patterns apply to every name: without the denials administrators, consoles and monitors too would have
     * endpoint topics with their own name, and monitors would see the manager's state. */
    g_string_append_printf(acl, "\nuser %s\ntopic deny holdline/v1/endpoint/#\n", record->name);
    if (sees_status(record, accounts))
        g_string_append(acl, "topic read holdline/v1/status/#\n");
    append_requests(acl, "admin", record->name);
    if (asks(record))
        return;
    append_requests(acl, "monitor", record->name);
    g_string_append(acl, "topic deny holdline/v1/manager/#\n");
}

static int compare_ids(gconstpointer a, gconstpointer b)
{
    return strcmp(a, b);
}

static void append_held_off(GString *acl, GHashTable *held_off)
{
    g_autoptr(GList) names = g_list_sort(g_hash_table_get_keys(held_off), compare_ids);

    for (GList *at = names; at != NULL; at = at->next)
        g_string_append_printf(acl, "\nuser %s\ntopic deny holdline/v1/#\n", (const char *)at->data);
}

/* One may have been issued since the backup that was restored: who comes with it can ask, and so show it
 * (manager/daemon/state/strangers.h). */
static void append_without(GString *acl, GHashTable *accounts, GHashTable *known)
{
    g_autoptr(GList) names = g_list_sort(g_hash_table_get_keys(accounts), compare_ids);

    for (GList *at = names; at != NULL; at = at->next) {
        if (g_hash_table_contains(known, at->data))
            continue;
        g_string_append_printf(acl, "\nuser %s\ntopic deny holdline/v1/endpoint/#\n", (const char *)at->data);
        append_requests(acl, "admin", at->data);
    }
}

bool mgr_site_write_acl(const char *dir, GHashTable *certificates, GHashTable *accounts, GHashTable *held_off,
                        GError **error)
{
    g_autofree char *path = mgr_site_path(dir, "broker/acl");
    g_autoptr(GString) acl = g_string_new(broker_acl);
    g_autoptr(GPtrArray) users = g_ptr_array_new();
    g_autoptr(GHashTable) known = g_hash_table_new(g_str_hash, g_str_equal);
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, certificates);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const MgrCertificateRecord *record = value;

        g_hash_table_add(known, record->name);
        if (record->revoked_at == 0 && (asks(record) || is_kind(record, HL_CERT_MONITOR)))
            g_ptr_array_add(users, value);
    }
    g_ptr_array_sort(users, compare_names);
    for (guint i = 0; i < users->len; i++)
        if (i == 0 || compare_names(&users->pdata[i - 1], &users->pdata[i]) != 0) /* a name may have several */
            append_user(acl, users->pdata[i], accounts);
    append_without(acl, accounts, known);
    if (held_off != NULL)
        append_held_off(acl, held_off);
    return hl_file_write_text(path, acl->str, 0600, error);
}

bool mgr_site_check_name(const char *name, GError **error)
{
    static const char *const reserved[] = { "manager", "server", "holdline", NULL };

    if (!hl_ident_is_valid(name) || g_str_has_prefix(name, "e-") || g_str_has_prefix(name, MGR_SITE_LOOKOUT) ||
        g_strv_contains(reserved, name))
        return mgr_refuse(error, MGR_REFUSE_NAME_INVALID, name, MGR_SITE_LOOKOUT, NULL);
    return true;
}

/* Whichever file its key lies in: killed while one followed another, that may be the other's still. */
static HlKey *key_of(const char *dir, const HlCert *cert, GError **error)
{
    static const char *const names[] = { MGR_SITE_CA_KEY, MGR_SITE_NEXT_AUTHORITY_KEY };

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = mgr_site_path(dir, names[i]);
        g_autoptr(HlKey) key = NULL;

        if (i > 0 && !g_file_test(path, G_FILE_TEST_EXISTS))
            break;
        key = hl_key_load(path, error);
        if (key == NULL || hl_cert_has_key(cert, key))
            return g_steal_pointer(&key);
    }
    hl_fail(error, HL_ERROR_INVALID, _("%s/%s is not the key of %s/%s"), dir, MGR_SITE_CA_KEY, dir, MGR_SITE_CA);
    return NULL;
}

/* Without its key there is no list of it for the broker, which then refuses each certificate of it that is out. */
static bool open_next(MgrAuthority *authority, const char *dir, GError **error)
{
    const HlCert *next = hl_trust_count(authority->trust) > 1 ? hl_trust_at(authority->trust, 1) : NULL;
    g_autoptr(HlKey) key = next != NULL ? key_of(dir, next, NULL) : NULL;

    if (next != NULL && key == NULL)
        return hl_fail(
            error, HL_ERROR_INVALID,
            _("the key of the second certificate in %s/%s, the authority that follows, is missing or cannot be read: "
              "restore %s/%s from a backup; or, if that authority has issued nothing yet, delete its certificate from "
              "the first file"),
            dir, MGR_SITE_CA, dir, MGR_SITE_NEXT_AUTHORITY_KEY);
    authority->next_key = g_steal_pointer(&key);
    authority->next = next != NULL ? hl_cert_copy(next) : NULL;
    return true;
}

bool mgr_authority_open(MgrAuthority *authority, const char *dir, GError **error)
{
    g_autofree char *cert_path = mgr_site_path(dir, MGR_SITE_CA);

    *authority = (MgrAuthority){ .trust = hl_trust_load(cert_path, error) };
    if (authority->trust != NULL)
        authority->cert = hl_cert_copy(hl_trust_at(authority->trust, 0));
    authority->key = authority->cert != NULL ? key_of(dir, authority->cert, error) : NULL;
    if (authority->key == NULL)
        return hl_error_prefix(error, _("certificate authority of %s"), dir);
    return open_next(authority, dir, error) || hl_error_prefix(error, _("certificate authority of %s"), dir);
}

void mgr_authority_clear(MgrAuthority *authority)
{
    g_clear_pointer(&authority->key, hl_key_free);
    g_clear_pointer(&authority->cert, hl_cert_free);
    g_clear_pointer(&authority->next_key, hl_key_free);
    g_clear_pointer(&authority->next, hl_cert_free);
    g_clear_pointer(&authority->trust, hl_trust_free);
}

MgrAuthority mgr_authority_next(const MgrAuthority *authority)
{
    return (MgrAuthority){ .key = authority->next_key, .cert = authority->next };
}

HlCert *mgr_authority_issue(const MgrAuthority *authority, GBytes *csr, const HlCertSpec *spec,
                            MgrCertificateRecord *record, GError **error)
{
    HlCert *cert = hl_cert_issue(authority->cert, authority->key, csr, spec, error);
    const HlCertInfo *info;

    if (cert == NULL)
        return NULL;
    info = hl_cert_info(cert);
    *record = (MgrCertificateRecord){ .serial = g_strdup(info->serial),
                                      .name = g_strdup(info->cn),
                                      .kind = g_strdup(hl_cert_kind_name(info->kind)),
                                      .authority = hl_trust_id(authority->cert),
                                      .key = info->kind != HL_CERT_ENDPOINT ? hl_cert_key_id(cert) : NULL,
                                      .issued_at = hl_clock_wall(),
                                      .expires_at = info->not_after };
    return cert;
}

bool mgr_authority_issue_files(const MgrAuthority *authority, const char *dir, const char *cert_name,
                               const char *key_name, const HlCertSpec *spec, MgrCertificateRecord *record,
                               GError **error)
{
    g_autofree char *cert_path = mgr_site_path(dir, cert_name);
    g_autofree char *key_path = mgr_site_path(dir, key_name);
    HlCertSpec dated = *spec;
    g_autoptr(HlKey) key = hl_key_generate(error);
    g_autoptr(GBytes) csr = key != NULL ? hl_csr_make(key, spec->cn, error) : NULL;
    g_autoptr(HlCert) cert = NULL;

    dated.not_after = MIN(dated.not_after, hl_cert_info(authority->cert)->not_after);
    dated.not_before = MIN(dated.not_before, dated.not_after - HL_MINUTE);
    cert = csr != NULL ? mgr_authority_issue(authority, csr, &dated, record, error) : NULL;

    return cert != NULL && hl_key_save(key, key_path, error) && hl_cert_save(cert, cert_path, error);
}

/* "This update" is as old as the CA: if it were dated by a clock that is set back afterwards, the list would not be
 * valid yet and nobody could connect.  The number tells which list is newer. */
static char *make_crl(const HlCert *cert, const HlKey *key, const GArray *revoked, uint64_t number, GError **error)
{
    return hl_crl_make(cert, key, (HlRevoked *)(void *)revoked->data, revoked->len, (int64_t)number,
                       hl_cert_info(cert)->not_before, hl_clock_wall() + CRL_LIFETIME, error);
}

bool mgr_authority_write_crl(const MgrAuthority *authority, const char *dir, GHashTable *certificates, uint64_t number,
                             GError **error)
{
    g_autofree char *path = mgr_site_path(dir, "pki/crl.pem");
    g_autoptr(GArray) revoked = g_array_new(FALSE, FALSE, sizeof(HlRevoked));
    g_autofree char *pem = NULL;
    g_autofree char *next = NULL;
    g_autofree char *both = NULL;
    HlTime now = hl_clock_wall();
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, certificates);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const MgrCertificateRecord *record = value;
        HlRevoked entry = { record->serial, record->revoked_at };

        if (record->revoked_at > 0 && record->expires_at > now)
            g_array_append_val(revoked, entry);
    }
    pem = make_crl(authority->cert, authority->key, revoked, number, error);
    if (pem == NULL || authority->next == NULL)
        return pem != NULL && hl_file_write_text(path, pem, 0644, error);
    next = make_crl(authority->next, authority->next_key, revoked, number, error);
    both = next != NULL ? g_strconcat(pem, next, NULL) : NULL;
    return both != NULL && hl_file_write_text(path, both, 0644, error);
}

char *mgr_site_client_conf(const char *role, const char *name, const char *brokers)
{
    return g_strdup_printf("# What the %s \"%s\" needs to reach the server; paths are relative to this file.\n"
                           "[client]\nrole = %s\nname = %s\nbrokers = %s\nca = ca.pem\ncertificate = %s.pem\n"
                           "key = %s.key\n",
                           role, name, role, name, brokers, name, name);
}

char *mgr_site_console_conf(const char *name, const char *brokers, const char *listen)
{
    return g_strdup_printf("# The console \"%s\": its certificate, and where its pages are; paths are relative to this "
                           "file.\n"
                           "[console]\nlisten = %s\n"
                           "[line]\nbrokers = %s\nca = ca.pem\ncertificate = %s.pem\nkey = %s.key\n",
                           name, listen, brokers, name, name);
}

/* What goes beside certificate and key: the authority's, and a configuration. */
static bool write_beside(const MgrAuthority *authority, const char *folder, const char *conf_name, const char *conf,
                         GError **error)
{
    g_autofree char *ca_path = g_build_filename(folder, "ca.pem", NULL);
    g_autofree char *conf_path = g_build_filename(folder, conf_name, NULL);
    g_autofree char *pem = hl_trust_print(authority->trust);

    return hl_file_write_text(ca_path, pem, 0644, error) && hl_file_write_text(conf_path, conf, 0600, error);
}

/* In a directory below the site, which is made. */
static bool issue_client(const MgrAuthority *authority, const char *dir, const char *folder, const char *name,
                         HlCertKind kind, MgrCertificateRecord *record, GError **error)
{
    HlTime now = hl_clock_wall();
    HlTime end = MIN(now + CLIENT_LIFETIME, hl_cert_info(authority->cert)->not_after);
    HlCertSpec spec = { .cn = name,
                        .kind = kind,
                        .names = kind == HL_CERT_CONSOLE ? mgr_site_console_names : NULL,
                        .not_before = now - BACKDATE,
                        .not_after = end };
    g_autofree char *cert_name = g_strdup_printf("%s/%s.pem", folder, name);
    g_autofree char *key_name = g_strdup_printf("%s/%s.key", folder, name);
    g_autofree char *path = mgr_site_path(dir, folder);

    return mgr_site_check_name(name, error) && hl_dir_make(path, 0700, error) &&
           mgr_authority_issue_files(authority, dir, cert_name, key_name, &spec, record, error);
}

bool mgr_site_write_console(const MgrAuthority *authority, const char *dir, const MgrConf *conf,
                            MgrCertificateRecord *record, GError **error)
{
    g_autofree char *path = mgr_site_path(dir, MGR_SITE_CONSOLE);
    g_autofree char *brokers = g_strjoinv(",", conf->broker_addresses);
    g_autofree char *text = mgr_site_console_conf(MGR_SITE_CONSOLE, brokers, MGR_SITE_CONSOLE_LISTEN);

    return issue_client(authority, dir, MGR_SITE_CONSOLE, MGR_SITE_CONSOLE, HL_CERT_CONSOLE, record, error) &&
           write_beside(authority, path, "console.conf", text, error);
}

bool mgr_site_write_client(const MgrAuthority *authority, const char *dir, const MgrConf *conf, const char *name,
                           HlCertKind kind, MgrCertificateRecord *record, GError **error)
{
    g_autofree char *folder = g_build_filename("admins", name, NULL);
    g_autofree char *path = mgr_site_path(dir, folder);
    g_autofree char *brokers = g_strjoinv(",", conf->broker_addresses);
    g_autofree char *text = mgr_site_client_conf(hl_cert_kind_name(kind), name, brokers);

    return issue_client(authority, dir, folder, name, kind, record, error) &&
           write_beside(authority, path, "holdline.conf", text, error);
}
