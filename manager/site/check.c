/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/site/check.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/base/json.h"
#include "lib/store/stmt.h"
#include "manager/core/refusal.h"
#include "manager/site/audit.h"
#include "manager/site/backup.h"
#include "manager/site/check_conf.h"
#include "manager/site/exchange.h"
#include "manager/site/owners.h"
#include "manager/site/pairs.h"
#include "manager/site/registry.h"
#include "manager/site/repository.h"
#include "manager/site/site.h"
#include "manager/store/detections.h"
#include "manager/store/schema.h"

#define MAX_THINGS   20 /* named, of those that are neither file nor directory; endpoints, of those with wrong counts */
#define MAX_METADATA (1024 * 1024)

typedef struct Look Look;

/* One look over a site. */
typedef struct {
    const char *dir;
    MgrFinding finding;
    gpointer user;
    guint problems;
    const Look *look; /* under way */
    MgrConf conf;     /* all defaults if it cannot be read */
    HlDb *db;         /* NULL: not to be relied on */
    guint things;
} Check;

struct Look {
    const char *subject;
    void (*run)(Check *check);
    const char *remedy; /* of its problems, unless they name their own; for hl_tr */
};

static void tell(Check *check, const MgrSiteFinding *finding)
{
    check->problems += finding->kind == MGR_FINDING_PROBLEM;
    check->finding(finding, check->user);
}

/* The text says it all. */
G_GNUC_PRINTF(3, 4) static void say(Check *check, MgrFindingKind kind, const char *format, ...)
{
    MgrSiteFinding finding = { .kind = kind, .subject = check->look->subject };
    g_autofree char *text = NULL;
    va_list arguments;

    va_start(arguments, format);
    text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    finding.text = text;
    tell(check, &finding);
}

static void problem_with(Check *check, const char *what, const char *remedy)
{
    MgrSiteFinding finding = { MGR_FINDING_PROBLEM, check->look->subject, what, remedy, false };

    tell(check, &finding);
}

static const char *remedy_of(const Check *check)
{
    const char *remedy = check->look->remedy;

    return remedy != NULL && *remedy != '\0' ? hl_tr(remedy) : remedy;
}

static void problem(Check *check, const char *what)
{
    problem_with(check, what, remedy_of(check));
}

/* Nothing is damaged where this user was only denied it: a restore would replace what is sound. */
static const char *remedy_for(const Check *check, const GError *error)
{
    return hl_error_code(error) == HL_ERROR_DENIED
               ? _("as root, 'holdline check' says whose the files are, and what lets the manager's user use them")
               : remedy_of(check);
}

static void failure(Check *check, const GError *error)
{
    g_autofree char *words = mgr_refusal_word(error, hl_tr);

    problem_with(check, words, remedy_for(check, error));
}

static void key_problem(Check *check, const GError *error)
{
    bool is_end = hl_error_code(error) == HL_ERROR_EXPIRED;
    MgrSiteFinding finding = { MGR_FINDING_PROBLEM, check->look->subject, error->message,
                               is_end ? _("set the clock, or start the manager, which renews it")
                                      : remedy_for(check, error),
                               is_end };

    tell(check, &finding);
}

char *mgr_site_finding_text(const MgrSiteFinding *finding)
{
    return finding->remedy == NULL
               ? g_strdup(finding->text)
               : g_strdup_printf("%s: %s (%s)", hl_tr(finding->subject), finding->text, finding->remedy);
}

/* --------------------------------------------------------------------------------------------------------- the keys */

static void look_at_keys(Check *check)
{
    g_auto(MgrAuthority) authority = { 0 };
    g_autoptr(GError) untrusted = NULL;
    g_autoptr(GError) unsigned_ = NULL;

    if (!mgr_authority_open(&authority, check->dir, &untrusted))
        failure(check, untrusted);
    for (gsize i = 0; untrusted == NULL && i < mgr_site_n_pairs; i++) {
        g_autoptr(GError) error = NULL;

        if (!mgr_site_check_pair(check->dir, authority.trust, &mgr_site_pairs[i], &error))
            key_problem(check, error);
    }
    if (!mgr_site_check_signing_key(check->dir, &unsigned_))
        failure(check, unsigned_);
}

static void look_at_client(Check *check, const HlTrust *trust, const char *name)
{
    g_autofree char *cert = g_strdup_printf("admins/%s/%s.pem", name, name);
    g_autofree char *key = g_strdup_printf("admins/%s/%s.key", name, name);
    g_autofree char *path = mgr_site_path(check->dir, cert);
    g_autofree char *key_path = mgr_site_path(check->dir, key);
    MgrSitePair pair = { cert, key, name, HL_CERT_OTHER };
    g_autoptr(GError) error = NULL;

    /* taken along, and not left here */
    if (!g_file_test(path, G_FILE_TEST_EXISTS) || !g_file_test(key_path, G_FILE_TEST_EXISTS))
        return;
    if (mgr_site_check_pair(check->dir, trust, &pair, &error))
        return;
    if (hl_error_code(error) == HL_ERROR_EXPIRED)
        say(check, MGR_FINDING_NOTE, "%s: %s", hl_tr(check->look->subject), error->message);
    else
        failure(check, error);
}

/* Each child of admins/. */
static GDir *open_clients(const Check *check)
{
    g_autofree char *admins = mgr_site_path(check->dir, "admins");

    return g_dir_open(admins, 0, NULL);
}

static void look_at_clients(Check *check)
{
    g_auto(MgrAuthority) authority = { 0 };
    g_autoptr(GDir) dir = open_clients(check);
    const char *name;

    if (!mgr_authority_open(&authority, check->dir, NULL))
        return; /* said above */
    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL)
        look_at_client(check, authority.trust, name);
}

/* -------------------------------------------------------------------------------------------------------- the files */

static void check_mode(Check *check, const char *name, mode_t allowed)
{
    g_autofree char *path = mgr_site_path(check->dir, name);
    g_autofree char *what = NULL;
    g_autofree char *remedy = NULL;
    struct stat st;

    if (stat(path, &st) != 0) {
        if (errno == ENOENT)
            return;
        what = g_strdup_printf("%s: %s", path, g_strerror(errno));
        problem(check, what);
        return;
    }
    if ((st.st_mode & 0777 & ~allowed) == 0)
        return;
    what = g_strdup_printf(_("%s has mode %04o, and at most %04o is safe"), path, (unsigned)(st.st_mode & 0777),
                           (unsigned)allowed);
    remedy = g_strdup_printf("chmod %04o %s", (unsigned)(st.st_mode & allowed), path);
    problem_with(check, what, remedy);
}

static void look_at_modes(Check *check)
{
    static const char *const secrets[] = { "registry.db",
                                           "registry.db-wal",
                                           "pki/ca.key",
                                           "pki/server.key",
                                           "pki/manager.key",
                                           "pki/sealing.key",
                                           MGR_SITE_NEXT_SEALING_KEY,
                                           MGR_SITE_NEXT_AUTHORITY_KEY,
                                           MGR_SITE_JOURNAL };
    static const char *const directories[] = { ".", "pki", "admins", "repo/private" };
    g_autoptr(GDir) dir = open_clients(check);
    g_autofree char *barred = mgr_site_describe_barred(check->dir);
    g_autofree char *remedy = mgr_site_mode_remedy(check->dir);
    const char *name;

    if (barred != NULL)
        problem_with(check, barred, remedy);
    for (gsize i = 0; i < G_N_ELEMENTS(directories); i++)
        check_mode(check, directories[i], 0700);
    for (gsize i = 0; i < G_N_ELEMENTS(secrets); i++)
        check_mode(check, secrets[i], 0600);
    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *key = g_strdup_printf("admins/%s/%s.key", name, name);

        check_mode(check, key, 0600);
    }
}

static void look_at_owners(Check *check)
{
    g_autofree char *foreign = mgr_site_describe_foreign(check->dir);
    g_autofree char *remedy = mgr_site_own_remedy(check->dir);

    if (foreign != NULL)
        problem_with(check, foreign, remedy);
}

static void look_below(Check *check, const char *relative);

static void look_at_thing(Check *check, const char *relative)
{
    g_autofree char *path = mgr_site_path(check->dir, relative);
    g_autofree char *text = NULL;
    struct stat st;

    if (lstat(path, &st) != 0 || S_ISREG(st.st_mode) || check->things == MAX_THINGS)
        return;
    if (S_ISDIR(st.st_mode)) {
        look_below(check, relative);
        return;
    }
    check->things++;
    text = g_strdup_printf(_("%s is neither a file nor a directory"), path);
    problem(check, text);
}

static void look_below(Check *check, const char *relative)
{
    g_autofree char *path = mgr_site_path(check->dir, relative);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *below = *relative == '\0' ? g_strdup(name) : g_build_filename(relative, name, NULL);

        if (!mgr_backup_leaves_out(below))
            look_at_thing(check, below);
    }
}

static void look_at_things(Check *check)
{
    look_below(check, "");
    look_at_thing(check, "lock");
}

static void note_double(const char *fault, gpointer user)
{
    Check *check = user;

    say(check, MGR_FINDING_NOTE, "%s: %s", hl_tr(check->look->subject), fault);
}

static void look_at_conf(Check *check)
{
    g_autoptr(GError) error = NULL;

    if (!mgr_check_conf(check->dir, &check->conf, note_double, check, &error))
        failure(check, error);
}

/* A name without a slash is looked up in the PATH of this process; the manager's may be another one. */
static void look_at_broker(Check *check)
{
    const char *command = check->conf.broker_reload_command;
    g_auto(GStrv) argv = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *program = NULL;

    if (check->conf.broker_mode != MGR_BROKER_EXTERNAL) {
        if (*command != '\0')
            say(check, MGR_FINDING_NOTE, _("%s: broker.reload-command is not used while broker.mode is managed"),
                hl_tr(check->look->subject));
        return;
    }
    if (*command == '\0') {
        say(check, MGR_FINDING_NOTE,
            _("%s: it is external and broker.reload-command is empty: after each revocation somebody has to make it "
              "read pki/crl.pem and broker/acl"),
            hl_tr(check->look->subject));
        return;
    }
    if (!g_shell_parse_argv(command, NULL, &argv, &error)) {
        failure(check, error);
        return;
    }
    program = g_find_program_in_path(argv[0]);
    if (program == NULL)
        say(check, MGR_FINDING_PROBLEM, _("%s: '%s' of broker.reload-command is not a program (%s)"),
            hl_tr(check->look->subject), argv[0], remedy_of(check));
}

/* --------------------------------------------------------------------------------------------------- the repository */

static void look_at_json(Check *check, const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = hl_file_read_text(path, MAX_METADATA, &error);
    g_autoptr(json_t) document = text != NULL ? hl_json_parse(path, text, strlen(text), &error) : NULL;

    if (document == NULL)
        failure(check, error);
}

static void look_at_metadata(Check *check, const char *repo)
{
    g_autofree char *metadata = g_build_filename(repo, "metadata", NULL);
    g_autofree char *root = g_build_filename(metadata, "1.root.json", NULL);
    g_autofree char *timestamp = g_build_filename(metadata, "timestamp.json", NULL);
    bool is_copy = *check->conf.activeupdate_url != '\0';
    bool has_metadata = g_file_test(metadata, G_FILE_TEST_EXISTS);
    g_autofree char *remedy = mgr_repository_remedy(repo, is_copy);
    g_autofree char *noted = mgr_repository_noted(check->dir);
    g_auto(MgrRepositoryFiles) files = { 0 };
    g_autofree char *lost = NULL;

    mgr_repository_look(&files, repo, *noted != '\0' ? noted : is_copy && !has_metadata ? "" : NULL);
    lost = mgr_repository_describe(&files);
    if (lost != NULL)
        problem_with(check, lost, remedy);
    if (has_metadata)
        look_at_json(check, root);
    if (g_file_test(timestamp, G_FILE_TEST_EXISTS))
        look_at_json(check, timestamp);
    else if (lost == NULL)
        say(check, MGR_FINDING_NOTE, _("%s: %s has nothing published yet"), hl_tr(check->look->subject), repo);
}

/* Whether what it holds is signed and intact, 'holdline-updater repo check' knows. */
static void look_at_repository(Check *check)
{
    g_autofree char *repo = mgr_site_path(check->dir, "repo");
    g_autofree char *root = mgr_site_named_path(check->dir, check->conf.activeupdate_root);
    g_autofree char *missing =
        g_strdup_printf(_("%s is missing, and manager.conf names a source that it is a copy of"), repo);
    g_autofree char *noted = mgr_repository_noted(check->dir);
    bool is_copy = *check->conf.activeupdate_url != '\0';

    if (is_copy)
        look_at_json(check, root);
    if (g_file_test(repo, G_FILE_TEST_EXISTS) || (!is_copy && *noted != '\0'))
        look_at_metadata(check, repo);
    else if (is_copy)
        problem(check, missing);
    else
        say(check, MGR_FINDING_NOTE,
            _("%s: there is none, so endpoints get no patterns from this server: 'holdline-updater repo init %s' makes "
              "one"),
            hl_tr(check->look->subject), repo);
}

/* ------------------------------------------------------------------------------------------ registry and journal */

/* NULL: said why. */
static HlDb *open_registry(Check *check)
{
    g_autofree char *path = mgr_site_path(check->dir, MGR_SITE_REGISTRY);
    g_autofree char *log = mgr_site_path(check->dir, MGR_SITE_REGISTRY "-wal");
    g_autoptr(GError) error = NULL;
    bool running = mgr_site_is_running(check->dir);
    struct stat st;
    HlDb *db;

    if (!running && stat(log, &st) == 0 && st.st_size > 0) {
        say(check, MGR_FINDING_NOTE,
            _("%s was left by a manager that was killed: the registry is whole, and can be looked at, once one has "
              "been started"),
            log);
        return NULL;
    }
    db = hl_db_open(path, running ? HL_DB_READ_ONLY : HL_DB_FROZEN, &error);
    if (db == NULL)
        failure(check, error);
    return db;
}

static void look_at_registry(Check *check)
{
    g_autoptr(HlDb) db = open_registry(check);
    g_autoptr(GError) error = NULL;

    if (db == NULL)
        return;
    if (hl_db_check(db, &error) && mgr_schema_check(db, &error))
        check->db = g_steal_pointer(&db);
    else
        failure(check, error);
}

static void compare(Check *check, HlDb *db, const MgrLedger *ledger)
{
    g_auto(MgrGaps) gaps = { 0 };
    g_autoptr(GError) error = NULL;
    g_autofree char *what = NULL;

    if (!mgr_ledger_compare(ledger, db, hl_clock_wall(), &gaps, &error)) {
        failure(check, error);
        return;
    }
    what = mgr_gaps_describe(&gaps);
    if (what != NULL)
        say(check, MGR_FINDING_PROBLEM,
            _("the registry is older than the journal: it lacks %s; the next start of the manager takes them from "
              "there"),
            what);
}

static bool on_stranger(HlStmt *row, gpointer user)
{
    g_autofree char *at = hl_time_format(hl_stmt_int(row, 1));

    say(user, MGR_FINDING_NOTE,
        _("%s connected at %s with a certificate of this site and is not in the registry: it enrolled after the backup "
          "that was restored, and must enrol again"),
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
        failure(check, error);
}

static void look_at_journal(Check *check)
{
    g_autofree char *path = mgr_site_path(check->dir, MGR_SITE_JOURNAL);
    g_autofree char *restored = NULL;
    g_autoptr(GError) error = NULL;
    HlJournalState state;
    g_autoptr(MgrLedger) ledger = mgr_ledger_read(path, &state, &error);

    if (ledger == NULL) {
        failure(check, error);
        return;
    }
    if (state.lines == 0)
        say(check, MGR_FINDING_NOTE, _("there is no journal yet: the next start of the manager begins it"));
    if (state.torn > 0)
        say(check, MGR_FINDING_NOTE, _("%s: the last line is not finished; the next start cuts it off"), path);
    if (state.damaged + state.gaps + mgr_ledger_malformed(ledger) > 0)
        say(check, MGR_FINDING_PROBLEM, _("%s is damaged: %u lines are unreadable, and lines are missing in %u places"),
            path, state.damaged + mgr_ledger_malformed(ledger), state.gaps);
    restored = mgr_site_describe_restore(ledger);
    if (restored != NULL)
        say(check, MGR_FINDING_NOTE, "%s", restored);
    if (check->db == NULL)
        return;
    compare(check, check->db, ledger);
    list_strangers(check, check->db);
}

static void on_miscount(const char *endpoint, const MgrFindCounts *shown, const MgrFindCounts *rows, gpointer user)
{
    g_autofree char *text = g_strdup_printf(
        _("%s is shown with %" PRIu64 " of %" PRIu64 " detections open, and has %" PRIu64 " of %" PRIu64), endpoint,
        shown->open, shown->kept, rows->open, rows->kept);

    problem(user, text);
}

static void look_at_detections(Check *check)
{
    g_autoptr(GError) error = NULL;

    if (check->db != NULL && !mgr_registry_compare_findings(check->db, MAX_THINGS, on_miscount, check, &error))
        failure(check, error);
}

static void look_at_accounts(Check *check)
{
    g_autoptr(GError) error = NULL;
    bool has = true;

    if (check->db != NULL && !mgr_registry_has_owner(check->db, hl_clock_wall(), &has, &error))
        failure(check, error);
    else if (!has)
        problem(check, _("no owner who is enabled has a certificate in force: nobody can decide who may do what"));
}

static void look_at_audit(Check *check)
{
    g_autoptr(GError) error = NULL;

    if (check->db != NULL && !mgr_site_check_audit(check->dir, check->db, &error))
        failure(check, error);
}

static void look_at_fence(Check *check)
{
    g_autofree char *path = mgr_site_path(check->dir, MGR_SITE_FENCED);
    g_autofree char *why = hl_file_read_text(path, MAX_METADATA, NULL); /* as a rule there is none */
    g_autofree char *word = mgr_site_path(check->dir, MGR_SITE_TAKE_OVER);

    if (g_file_test(word, G_FILE_TEST_EXISTS)) /* also where it was fenced before */
        say(check, MGR_FINDING_NOTE, _("the next start takes over from any other manager of this site: %s"), word);
    else if (why != NULL)
        say(check, MGR_FINDING_NOTE, _("this copy of the site does not start: %s"), g_strchomp(why));
}

static void look_at_restore(Check *check)
{
    g_autofree char *coming = mgr_site_path(check->dir, MGR_SITE_COMING);

    if (!mgr_site_is_running(check->dir) && g_file_test(coming, G_FILE_TEST_EXISTS))
        say(check, MGR_FINDING_NOTE,
            _("%s: a restore was interrupted before it changed anything: run it again, or remove %s, which has the "
              "keys of the backup"),
            hl_tr(check->look->subject), coming);
}

/* In this order: a later one uses what an earlier one found. */
static const Look looks[] = {
    { N_("configuration"), look_at_conf, N_("mend it: the manager does not start with it") },
    { N_("broker"), look_at_broker, N_("install it, or name it by its whole path") },
    { N_("keys"), look_at_keys,
      N_("restore a backup that has a pair: 'holdline restore BACKUP --site DIR --replace'") },
    { N_("access"), look_at_clients,
      N_("revoke that name, remove the directory, and issue a certificate under another name") },
    { N_("modes"), look_at_modes, N_("make it readable") },
    { N_("owners"), look_at_owners, N_("give them to the owner of the site") },
    { N_("files"), look_at_things, N_("move it out of the site: backups and the manager refuse it") },
    { N_("repository"), look_at_repository,
      N_("restore a backup of it; if it is a copy of another source, remove it and run 'holdline pattern sync'") },
    { N_("registry"), look_at_registry,
      N_("restore a backup: 'holdline restore BACKUP --site DIR --replace'; one of a later version needs the newer "
         "program") },
    { N_("detections"), look_at_detections, N_("restart the manager, which counts them again when it starts") },
    { N_("accounts"), look_at_accounts,
      N_("on the server: holdline account certificate NAME --site DIR, for an owner who is enabled; where there is "
         "none, it makes one of any name") },
    { N_("audit"), look_at_audit,
      N_("find out who can write registry.db, and compare with an export or a backup of an earlier day: "
         "'holdline audit verify --site DIR'") },
    { N_("journal"), look_at_journal, N_("restore a backup: 'holdline restore BACKUP --site DIR --replace'") },
    { N_("fence"), look_at_fence, "" },
    { N_("restore"), look_at_restore, "" },
};

guint mgr_site_check(const char *dir, MgrFinding finding, gpointer user)
{
    static const Look exchange = { "restore", NULL, NULL };
    Check check = { .dir = dir, .finding = finding, .user = user, .look = &exchange };
    g_autoptr(GError) half = NULL;

    if (!mgr_exchange_check(dir, &half)) { /* whatever else is wrong is of that */
        failure(&check, half);
        return check.problems;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(looks); i++) {
        check.look = &looks[i];
        check.look->run(&check);
    }
    g_clear_pointer(&check.db, hl_db_close);
    hl_options_clear(mgr_conf_table(), &check.conf);
    return check.problems;
}
