/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/site/check.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>

#include "lib/base/conf.h"
#include "lib/base/file.h"
#include "lib/store/stmt.h"
#include "manager/site/registry.h"
#include "manager/site/site.h"

/* One look over a site. */
typedef struct {
    const char *dir;
    MgrFinding finding;
    gpointer user;
    guint problems;
} Check;

static void say(Check *check, MgrFindingKind kind, const char *format, ...) G_GNUC_PRINTF(3, 4);

static void say(Check *check, MgrFindingKind kind, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list arguments;

    va_start(arguments, format);
    text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    check->problems += kind == MGR_FINDING_PROBLEM;
    check->finding(kind, text, check->user);
}

/* --------------------------------------------------------------------------------------------------------- the keys */

static bool check_pair(const char *dir, const HlCert *ca, const char *name, HlTime now, GError **error)
{
    g_autofree char *cert_name = g_strdup_printf("pki/%s.pem", name);
    g_autofree char *key_name = g_strdup_printf("pki/%s.key", name);
    g_autofree char *cert_path = mgr_site_path(dir, cert_name);
    g_autofree char *key_path = mgr_site_path(dir, key_name);
    g_autoptr(HlCert) cert = hl_cert_load(cert_path, error);
    g_autoptr(HlKey) key = cert != NULL ? hl_key_load(key_path, error) : NULL;

    if (key == NULL)
        return false;
    if (!hl_cert_has_key(cert, key))
        return hl_fail(error, HL_ERROR_INVALID, "%s is not the key of %s", key_path, cert_path);
    return hl_cert_verify(cert, ca, now, error) || hl_error_prefix(error, "%s", cert_path);
}

bool mgr_site_check_keys(const char *dir, GError **error)
{
    g_autofree char *signing_path = mgr_site_path(dir, "pki/sealing.key");
    g_auto(MgrAuthority) authority = { 0 };
    g_autoptr(HlSigningKey) signing = NULL;
    HlTime now = hl_clock_wall();

    if (!mgr_authority_open(&authority, dir, error) || !check_pair(dir, authority.cert, "server", now, error) ||
        !check_pair(dir, authority.cert, "manager", now, error))
        return false;
    signing = hl_signing_key_load(signing_path, error);
    return signing != NULL;
}

static void check_keys(Check *check)
{
    g_autoptr(GError) error = NULL;

    if (!mgr_site_check_keys(check->dir, &error))
        say(check, MGR_FINDING_PROBLEM, "keys: %s", error->message);
}

/* -------------------------------------------------------------------------------------------------------- the files */

static void check_mode(Check *check, const char *name, mode_t allowed)
{
    g_autofree char *path = mgr_site_path(check->dir, name);
    struct stat site, st;

    if (stat(path, &st) != 0) {
        if (errno != ENOENT)
            say(check, MGR_FINDING_PROBLEM, "%s: %s", path, g_strerror(errno));
        return;
    }
    if ((st.st_mode & 0777 & ~allowed) != 0)
        say(check, MGR_FINDING_PROBLEM, "%s has mode %04o, and at most %04o is safe: chmod %04o %s", path,
            (unsigned)(st.st_mode & 0777), (unsigned)allowed, (unsigned)(st.st_mode & allowed), path);
    if (stat(check->dir, &site) == 0 && st.st_uid != site.st_uid)
        say(check, MGR_FINDING_PROBLEM,
            "%s belongs to another user than the site: the manager may not be able to read it", path);
}

static void check_modes(Check *check)
{
    static const char *const secrets[] = { "registry.db",     "registry.db-wal", "pki/ca.key",    "pki/server.key",
                                           "pki/manager.key", "pki/sealing.key", MGR_SITE_JOURNAL };
    static const char *const directories[] = { ".", "pki", "admins", "repo/private" };
    g_autofree char *admins = mgr_site_path(check->dir, "admins");
    g_autoptr(GDir) dir = g_dir_open(admins, 0, NULL);
    const char *name;

    for (gsize i = 0; i < G_N_ELEMENTS(directories); i++)
        check_mode(check, directories[i], 0700);
    for (gsize i = 0; i < G_N_ELEMENTS(secrets); i++)
        check_mode(check, secrets[i], 0600);
    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *key = g_strdup_printf("admins/%s/%s.key", name, name);

        check_mode(check, key, 0600);
    }
}

static void check_conf(Check *check)
{
    g_autofree char *path = mgr_site_path(check->dir, "manager.conf");
    g_autoptr(GError) error = NULL;
    MgrConf conf = { 0 };

    if (!hl_conf_load(path, mgr_conf_table(), &conf, &error))
        say(check, MGR_FINDING_PROBLEM, "configuration: %s", error->message);
    hl_options_clear(mgr_conf_table(), &conf);
}

/* ------------------------------------------------------------------------------------------ registry and journal */

/* Looks without taking the lock: its owner's number stays in it. */
static bool is_running(const char *dir)
{
    g_autofree char *path = mgr_site_path(dir, "lock");
    hl_autofd int lock = open(path, O_RDONLY | O_CLOEXEC);

    return lock >= 0 && flock(lock, LOCK_SH | LOCK_NB) != 0;
}

/* NULL: said why. */
static HlDb *open_registry(Check *check)
{
    g_autofree char *path = mgr_site_path(check->dir, MGR_SITE_REGISTRY);
    g_autofree char *log = mgr_site_path(check->dir, MGR_SITE_REGISTRY "-wal");
    g_autoptr(GError) error = NULL;
    bool running = is_running(check->dir);
    struct stat st;
    HlDb *db;

    if (!running && stat(log, &st) == 0 && st.st_size > 0) {
        say(check, MGR_FINDING_NOTE,
            "%s was left by a manager that was killed: the registry is whole, and can be looked at, once one has been "
            "started",
            log);
        return NULL;
    }
    db = hl_db_open(path, running ? HL_DB_READ_ONLY : HL_DB_FROZEN, &error);
    if (db == NULL)
        say(check, MGR_FINDING_PROBLEM, "registry: %s", error->message);
    return db;
}

static void compare(Check *check, HlDb *db, const MgrLedger *ledger)
{
    g_auto(MgrGaps) gaps = { 0 };
    g_autoptr(GError) error = NULL;
    g_autofree char *what = NULL;

    if (!mgr_ledger_compare(ledger, db, hl_clock_wall(), &gaps, &error)) {
        say(check, MGR_FINDING_PROBLEM, "registry: %s", error->message);
        return;
    }
    what = mgr_gaps_describe(&gaps);
    if (what != NULL)
        say(check, MGR_FINDING_PROBLEM,
            "the registry is older than the journal: it lacks %s; the next start of the manager takes them from there",
            what);
}

static bool on_stranger(HlStmt *row, gpointer user)
{
    g_autofree char *at = hl_time_format(hl_stmt_int(row, 1));

    say(user, MGR_FINDING_NOTE,
        "%s connected at %s with a certificate of this site and is not in the registry: it enrolled after the backup "
        "that "
        "was restored, and must enrol again",
        hl_stmt_text(row, 0), at);
    return true;
}

static void list_strangers(Check *check, HlDb *db)
{
    g_autoptr(GError) error = NULL;

    if (!hl_db_query(db, on_stranger, check, &error,
                     "SELECT endpoint, max(at) FROM history WHERE what = 'unknown'"
                     " AND endpoint NOT IN (SELECT id FROM endpoint) GROUP BY endpoint ORDER BY 2 DESC LIMIT 1000",
                     ""))
        say(check, MGR_FINDING_PROBLEM, "registry: %s", error->message);
}

static void check_journal(Check *check, HlDb *db)
{
    g_autofree char *path = mgr_site_path(check->dir, MGR_SITE_JOURNAL);
    g_autofree char *restored = NULL;
    g_autoptr(GError) error = NULL;
    HlJournalState state;
    g_autoptr(MgrLedger) ledger = mgr_ledger_read(path, &state, &error);

    if (ledger == NULL) {
        say(check, MGR_FINDING_PROBLEM, "journal: %s", error->message);
        return;
    }
    if (state.lines == 0)
        say(check, MGR_FINDING_NOTE, "there is no journal yet: the next start of the manager begins it");
    if (state.torn > 0)
        say(check, MGR_FINDING_NOTE, "%s: the last line is not finished; the next start cuts it off", path);
    if (state.damaged + state.gaps + mgr_ledger_malformed(ledger) > 0)
        say(check, MGR_FINDING_PROBLEM, "%s is damaged: %u lines are unreadable, and lines are missing in %u places",
            path, state.damaged + mgr_ledger_malformed(ledger), state.gaps);
    restored = mgr_site_describe_restore(ledger);
    if (restored != NULL)
        say(check, MGR_FINDING_NOTE, "%s", restored);
    if (db == NULL)
        return;
    compare(check, db, ledger);
    list_strangers(check, db);
}

guint mgr_site_check(const char *dir, MgrFinding finding, gpointer user)
{
    Check check = { .dir = dir, .finding = finding, .user = user };
    g_autoptr(HlDb) db = NULL;
    g_autoptr(GError) error = NULL;

    check_conf(&check);
    check_keys(&check);
    check_modes(&check);
    db = open_registry(&check);
    if (db != NULL && !hl_db_check(db, &error))
        say(&check, MGR_FINDING_PROBLEM, "registry: %s", error->message);
    check_journal(&check, error == NULL ? db : NULL);
    return check.problems;
}
