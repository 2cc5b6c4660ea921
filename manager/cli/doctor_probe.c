/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/conf.h"
#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/base/json.h"
#include "lib/base/unconst.h"
#include "lib/pki/cert.h"
#include "lib/store/stmt.h"
#include "manager/cli/commands.h"
#include "manager/cli/config.h"
#include "manager/cli/doctor.h"
#include "manager/core/broker_life.h"
#include "manager/core/pattern_age.h"
#include "manager/site/owners.h"
#include "manager/site/registry.h"
#include "manager/site/repository.h"
#include "manager/site/site.h"
#include "manager/store/accounts.h"
#include "manager/store/places.h"
#include "manager/store/registry.h"
#include "proto/components.h"
#include "proto/settings.h"

#define MAX_SMALL    4096 /* of files that hold a number or two */
#define MAX_METADATA (1024 * 1024)
#define EARLY        (14 * HL_DAY)  /* those that are renewed by themselves have a third of 90 days left then */
#define EARLY_CA     (180 * HL_DAY) /* one that follows waits for machines that are away */

static void clear_check(gpointer item)
{
    MgrSiteFinding *check = item;

    g_free(hl_unconst(check->text));
    g_free(hl_unconst(check->remedy));
}

static void clear_told(gpointer data)
{
    CliToldFact *told = data;

    g_free(told->group);
    g_strfreev(told->brokers);
}

void cli_doctor_clear(CliDoctor *doctor)
{
    g_clear_pointer(&doctor->told, g_array_unref);
    g_clear_pointer(&doctor->ends, g_array_unref);
    g_free(doctor->dir);
    g_free(doctor->latest);
    g_free(doctor->owner);
    g_clear_pointer(&doctor->checks, g_array_unref);
    hl_options_clear(mgr_conf_table(), &doctor->conf);
    g_free(doctor->client_path);
    g_free(doctor->client_problem);
    g_strfreev(doctor->brokers);
    g_strfreev(doctor->urls);
    for (guint i = 0; i < doctor->n_ports; i++)
        g_free(doctor->ports[i].log);
    g_free(doctor->ca);
    g_free(doctor->cert);
    g_free(doctor->key);
    hl_facts_clear(&doctor->client);
    hl_doctor_facts_clear(&doctor->facts);
}

/* --------------------------------------------------------------------------------------------------------- the site */

static void keep_check(const MgrSiteFinding *finding, gpointer user)
{
    MgrSiteFinding copy = *finding;

    copy.text = g_strdup(finding->text);
    copy.remedy = g_strdup(finding->remedy);
    g_array_append_val((GArray *)user, copy);
}

/* What a site that lost something has left of it. */
static bool has_any(const char *dir)
{
    static const char *const names[] = { "manager.conf", "registry.db", "pki", "repo", "broker", "admins" };

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = mgr_site_path(dir, names[i]);

        if (g_file_test(path, G_FILE_TEST_EXISTS))
            return true;
    }
    return false;
}

static CliSiteView look(const char *dir)
{
    struct stat st;

    if (stat(dir, &st) != 0 || !S_ISDIR(st.st_mode))
        return CLI_SITE_ABSENT;
    if (access(dir, R_OK | X_OK) != 0)
        return CLI_SITE_HIDDEN;
    return has_any(dir) ? CLI_SITE_OPEN : CLI_SITE_EMPTY;
}

void cli_probe_site(CliDoctor *doctor, HlInvocation *call)
{
    g_autofree char *path = NULL;

    hl_doctor_facts_init(&doctor->facts);
    hl_facts_init(&doctor->client, sizeof(HlPlaceFact));
    doctor->dir = cli_find_site(call);
    doctor->is_named = hl_cli_has(call, "site");
    doctor->view = look(doctor->dir);
    doctor->owner = mgr_site_owner(doctor->dir);
    doctor->checks = g_array_new(FALSE, FALSE, sizeof(MgrSiteFinding));
    g_array_set_clear_func(doctor->checks, clear_check);
    path = mgr_site_path(doctor->dir, "manager.conf");
    doctor->has_conf =
        doctor->view == CLI_SITE_OPEN && hl_conf_load(path, mgr_conf_table(), &doctor->conf, NULL); /* checked below */
    if (!doctor->has_conf) {
        hl_options_clear(mgr_conf_table(), &doctor->conf);
        hl_options_init(mgr_conf_table(), &doctor->conf);
    }
    if (doctor->view == CLI_SITE_OPEN) {
        g_autofree char *repo = mgr_site_path(doctor->dir, "repo");

        doctor->has_repository = g_file_test(repo, G_FILE_TEST_EXISTS);
        (void)mgr_site_check(doctor->dir, keep_check, doctor->checks);
    }
}

/* ------------------------------------------------------------------------------------------- the manager, its ports */

/* The number at the beginning of a file; 0: there is none. */
static pid_t read_pid(const char *dir, const char *name)
{
    g_autofree char *path = mgr_site_path(dir, name);
    g_autofree char *text = hl_file_read_text(path, MAX_SMALL, NULL);

    return text != NULL ? (pid_t)g_ascii_strtoll(text, NULL, 10) : 0;
}

static pid_t read_broker(const char *dir, guint number)
{
    g_autofree char *path = mgr_site_broker_path(dir, number, "process");
    g_autofree char *text = hl_file_read_text(path, MAX_SMALL, NULL);
    MgrBrokerNote note;

    return text != NULL && mgr_broker_note_parse(text, &note) ? note.id.pid : 0;
}

/* A broker without a note, of a manager that was killed before it wrote one, is known by its configuration. */
static bool has_our_conf(const char *dir, pid_t pid)
{
    g_auto(GStrv) argv = pid > 0 ? hl_proc_argv(pid) : NULL;

    for (guint i = 0; argv != NULL && i < MGR_MAX_BROKERS; i++) {
        g_autofree char *conf = mgr_site_broker_path(dir, i, "mosquitto.conf");

        if (g_strv_contains((const char *const *)argv, conf))
            return true;
    }
    return false;
}

static bool is_drained(const char *dir, guint number)
{
    g_autofree char *path = mgr_site_broker_path(dir, number, MGR_SITE_DRAINED);

    return g_file_test(path, G_FILE_TEST_EXISTS);
}

static CliPortFact *add_port(CliDoctor *doctor, const char *what, const char *option, int64_t port, pid_t owner)
{
    CliPortFact *fact = &doctor->ports[doctor->n_ports++];
    g_autoptr(GArray) listeners = hl_proc_listeners((uint16_t)port);

    fact->what = what;
    fact->option = option;
    fact->port = (uint16_t)port;
    fact->listeners = listeners->len;
    for (guint i = 0; i < listeners->len; i++) {
        const HlListener *listener = &g_array_index(listeners, HlListener, i);

        /* a process that is not seen, while the manager of this site runs, is taken for its own */
        if ((listener->pid != 0 && (listener->pid == owner || has_our_conf(doctor->dir, listener->pid))) ||
            (listener->pid == 0 && doctor->is_running))
            fact->is_ours = true;
        else
            fact->another = *listener;
    }
    return fact;
}

static void add_broker_port(CliDoctor *doctor, guint number)
{
    CliPortFact *fact = add_port(doctor, N_("the broker"), "[broker] port", doctor->conf.broker_port + number,
                                 read_broker(doctor->dir, number));

    fact->log = mgr_site_broker_path(doctor->dir, number, "mosquitto.log");
}

void cli_probe_manager(CliDoctor *doctor, HlInvocation *call G_GNUC_UNUSED)
{
    g_autofree char *fenced = mgr_site_path(doctor->dir, MGR_SITE_FENCED);
    g_autofree char *word = mgr_site_path(doctor->dir, MGR_SITE_TAKE_OVER);

    if (doctor->view != CLI_SITE_OPEN)
        return;
    doctor->is_running = mgr_site_is_running(doctor->dir);
    doctor->is_fenced = g_file_test(fenced, G_FILE_TEST_EXISTS) && !g_file_test(word, G_FILE_TEST_EXISTS);
    if (!doctor->has_conf)
        return;
    for (guint i = 0; doctor->conf.broker_mode == MGR_BROKER_MANAGED && i < mgr_conf_brokers(&doctor->conf); i++)
        if (!is_drained(doctor->dir, i))
            add_broker_port(doctor, i);
    (void)add_port(doctor, N_("the HTTPS front"), "[http] port", doctor->conf.http_port,
                   doctor->is_running ? read_pid(doctor->dir, "lock") : 0);
}

/* ---------------------------------------------------------------------------------------------------- the way to it */

/* NULL: none can be read as it is now; the check of the site says why. */
static HlDb *open_registry(const CliDoctor *doctor)
{
    g_autofree char *path = mgr_site_path(doctor->dir, MGR_SITE_REGISTRY);

    return hl_db_open(path, doctor->is_running ? HL_DB_READ_ONLY : HL_DB_FROZEN, NULL);
}

/* Where endpoints are told that it is: as was announced, or else as is configured. */
static void read_addresses(CliDoctor *doctor)
{
    g_autoptr(HlDb) db = open_registry(doctor);
    g_auto(MgrPlaceRecord) place = { 0 };
    HlTime mark = 0;

    if (db != NULL && mgr_registry_load_mark(db, &mark, NULL))
        doctor->alive = mark;
    if (db != NULL && mgr_registry_load_place(db, &place, NULL) && place.counter != 0) {
        doctor->brokers = g_steal_pointer(&place.brokers);
        doctor->urls = g_steal_pointer(&place.servers);
    } else if (doctor->has_conf) {
        doctor->brokers = g_strdupv(doctor->conf.broker_addresses);
        doctor->urls = g_strdupv(doctor->conf.http_urls);
    }
    if (doctor->brokers == NULL)
        return; /* the client configuration names them, and its own files */
    doctor->ca = mgr_site_path(doctor->dir, "pki/ca.pem");
    doctor->cert = mgr_site_path(doctor->dir, "pki/manager.pem");
    doctor->key = mgr_site_path(doctor->dir, "pki/manager.key");
}

static void use_client(CliDoctor *doctor, const CliConfig *config)
{
    doctor->brokers = g_strdupv(config->brokers);
    doctor->urls = g_new0(char *, 1);
    doctor->ca = cli_config_path(config, config->ca);
    doctor->cert = cli_config_path(config, config->certificate);
    doctor->key = cli_config_path(config, config->key);
}

/* On a server the command line may still be led elsewhere than to its site. */
static void try_client(CliDoctor *doctor, const CliConfig *config)
{
    g_autofree char *ca = cli_config_path(config, config->ca);
    g_autofree char *cert = cli_config_path(config, config->certificate);
    g_autofree char *key = cli_config_path(config, config->key);
    const HlProbeIdentity identity = { .ca = ca, .cert = cert, .key = key };
    g_autoptr(GPtrArray) others = g_ptr_array_new();

    for (char **at = config->brokers; *at != NULL; at++)
        if (!g_strv_contains((const char *const *)doctor->brokers, *at))
            g_ptr_array_add(others, *at);
    g_ptr_array_add(others, NULL);
    hl_probe_places(&doctor->client, (const char *const *)others->pdata, &identity);
}

static void read_client(CliDoctor *doctor, HlInvocation *call)
{
    CliConfig config = { 0 };
    g_autoptr(GError) error = NULL;
    bool is_usable = cli_config_load(&config, call, &error);
    g_autofree char *path = is_usable ? cli_config_path(&config, config.certificate) : NULL;

    if (is_usable)
        hl_probe_certificate(
            &doctor->facts.certificates, N_("the certificate of the client configuration"), path, EARLY,
            N_("have an owner issue another one: holdline account certificate NAME; an owner's own, on "
               "the server: holdline account certificate NAME --site DIR"));
    else if (config.path != NULL)
        doctor->client_problem = g_strdup(error->message);
    if (is_usable && doctor->brokers == NULL)
        use_client(doctor, &config);
    else if (is_usable)
        try_client(doctor, &config);
    doctor->client_hidden = hl_error_code(error) == HL_ERROR_DENIED;
    doctor->client_path = g_strdup(config.path);
    cli_config_clear(&config);
}

void cli_probe_names(CliDoctor *doctor, HlInvocation *call)
{
    if (doctor->view == CLI_SITE_OPEN)
        read_addresses(doctor);
    read_client(doctor, call);
    if (doctor->brokers != NULL)
        hl_probe_names(&doctor->facts.names, (const char *const *)doctor->brokers, (const char *const *)doctor->urls);
}

static void keep_told(MgrGroupRecord *record, gpointer user)
{
    g_auto(HlSettings) settings = { 0 };
    CliToldFact told = { 0 };

    hl_settings_init(&settings);
    if (hl_settings_parse(&settings, record->settings, NULL) && settings.brokers[0] != NULL) {
        told.group = g_strdup(record->name);
        told.brokers = g_strdupv(settings.brokers);
        g_array_append_val((GArray *)user, told);
    }
    mgr_group_record_clear(record);
}

void cli_probe_told(CliDoctor *doctor, HlInvocation *call G_GNUC_UNUSED)
{
    g_autoptr(HlDb) db = NULL;
    CliToldFact server = { 0 };

    if (doctor->view != CLI_SITE_OPEN || !doctor->has_conf || doctor->conf.broker_mode != MGR_BROKER_MANAGED ||
        mgr_conf_brokers(&doctor->conf) < 2 || doctor->brokers == NULL)
        return;
    for (guint i = 0; i < mgr_conf_brokers(&doctor->conf); i++)
        doctor->drained |= (guint)is_drained(doctor->dir, i) << i;
    doctor->told = g_array_new(FALSE, FALSE, sizeof(CliToldFact));
    g_array_set_clear_func(doctor->told, clear_told);
    server.brokers = g_strdupv(doctor->brokers);
    g_array_append_val(doctor->told, server);
    db = open_registry(doctor);
    if (db != NULL && !mgr_registry_load_groups(db, keep_told, doctor->told, NULL))
        return; /* the check of the site says what is wrong with it */
}

static HlProbeIdentity identity_of(const CliDoctor *doctor)
{
    return (HlProbeIdentity){ .ca = doctor->ca, .cert = doctor->cert, .key = doctor->key };
}

void cli_probe_broker(CliDoctor *doctor, HlInvocation *call G_GNUC_UNUSED)
{
    HlProbeIdentity identity = identity_of(doctor);

    if (doctor->brokers != NULL)
        hl_probe_places(&doctor->facts.places, (const char *const *)doctor->brokers, &identity);
}

void cli_probe_front(CliDoctor *doctor, HlInvocation *call G_GNUC_UNUSED)
{
    HlProbeIdentity identity = identity_of(doctor);

    if (doctor->urls != NULL)
        hl_probe_fronts(&doctor->facts.fronts, (const char *const *)doctor->urls, &identity);
}

/* ------------------------------------------------------------------------------------------------------ what it has */

#define RENEWED                                                                                                    \
    N_("start the manager, which renews it: systemctl start holdline-managerd; where the authority ends with it: " \
       "holdline server rollover start ca")

/* Of several certificates of a name the one that ends last counts, of a role's metadata the newest: one that was signed
 * while the clock was ahead ends later than what is in force. */
static void add_end(CliDoctor *doctor, CliEndFact end)
{
    for (guint i = 0; i < doctor->ends->len; i++) {
        CliEndFact *known = &g_array_index(doctor->ends, CliEndFact, i);

        if (known->kind != end.kind || strcmp(known->name, end.name) != 0)
            continue;
        if (known->version < end.version || (known->version == end.version && known->end < end.end)) {
            end.name = known->name;
            *known = end;
        }
        return;
    }
    end.name = g_strdup(end.name);
    g_array_append_val(doctor->ends, end);
}

/* What counts beside a certificate's own dates, as in the manager (state/ends). */
typedef struct {
    CliDoctor *doctor;
    GHashTable *disabled; /* names of accounts */
    MgrPlaceRecord place;
    HlTime began; /* the authority */
} People;

static void keep_disabled(MgrAccountRecord *account, gpointer user)
{
    if (account->disabled_at != 0)
        g_hash_table_add(((People *)user)->disabled, g_strdup(account->name));
}

static void keep_end(MgrCertificateRecord *record, gpointer user)
{
    People *people = user;
    MgrEndKind kind;

    if (record->revoked_at == 0 && mgr_end_kind_parse(record->kind, &kind) && kind <= MGR_END_CONSOLE &&
        !(kind == MGR_END_ADMIN && g_hash_table_contains(people->disabled, record->name)))
        add_end(people->doctor, (CliEndFact){ kind, record->name, 0, record->issued_at,
                                              mgr_place_end_of(&people->place, record, people->began) });
}

/* What cannot be read is not counted: the check of the site says what is wrong with it. */
static void find_people(CliDoctor *doctor, HlDb *db)
{
    g_autoptr(GHashTable) disabled = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autofree char *path = mgr_site_path(doctor->dir, "pki/ca.pem");
    g_autoptr(HlCert) authority = hl_cert_load(path, NULL);
    People people = { .doctor = doctor, .disabled = disabled };

    people.began = authority != NULL ? hl_cert_info(authority)->not_before : 0;
    if (!mgr_registry_load_accounts(db, keep_disabled, &people, NULL))
        g_hash_table_remove_all(disabled);
    if (!mgr_registry_load_place(db, &people.place, NULL))
        mgr_place_record_clear(&people.place);
    if (!mgr_registry_load_certificates(db, keep_end, &people, NULL))
        g_array_set_size(doctor->ends, 0);
    mgr_place_record_clear(&people.place);
}

static HlTime expiry_in(const char *path)
{
    g_autofree char *text = hl_file_read_text(path, MAX_METADATA, NULL);
    g_autoptr(json_t) document = text != NULL ? hl_json_parse(path, text, strlen(text), NULL) : NULL;
    const char *expires = json_string_value(json_object_get(json_object_get(document, "signed"), "expires"));
    HlTime end = 0;

    return expires != NULL && hl_time_parse(expires, &end, NULL) ? end : 0;
}

/* Of "3.root.json" and its like the newest ones; the timestamp, which has no number, is the repository's check. */
static void find_roles(CliDoctor *doctor)
{
    g_autofree char *metadata = mgr_site_path(doctor->dir, "repo/metadata");
    g_autoptr(GDir) dir = g_dir_open(metadata, 0, NULL);
    char no_name[] = "";
    const char *name;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_auto(GStrv) words = g_strsplit(name, ".", 3);
        g_autofree char *path = g_build_filename(metadata, name, NULL);
        MgrEndKind kind;
        HlTime end;

        if (g_strv_length(words) != 3 || !g_ascii_isdigit(*name) || strcmp(words[2], "json") != 0 ||
            (end = expiry_in(path)) == 0)
            continue;
        kind = mgr_end_kind_of_role(words[1]);
        add_end(doctor, (CliEndFact){ kind, kind == MGR_END_COMPONENT ? words[1] : no_name,
                                      g_ascii_strtoull(name, NULL, 10), 0, end });
    }
}

static void clear_end(gpointer data)
{
    g_free(((CliEndFact *)data)->name);
}

static void find_ends(CliDoctor *doctor)
{
    g_autoptr(HlDb) db = open_registry(doctor);

    doctor->ends = g_array_new(FALSE, FALSE, sizeof(CliEndFact));
    g_array_set_clear_func(doctor->ends, clear_end);
    if (db != NULL)
        find_people(doctor, db);
    find_roles(doctor);
}

void cli_probe_certificates(CliDoctor *doctor, HlInvocation *call G_GNUC_UNUSED)
{
    static const struct {
        const char *what, *name;
        HlTime early;
        const char *remedy;
    } certificates[] = {
        { N_("the authority's certificate"), "pki/ca.pem", EARLY_CA,
          N_("have another one follow it, which takes as long as machines are away: holdline server rollover start "
             "ca") },
        { N_("the server's certificate"), "pki/server.pem", EARLY, RENEWED },
        { N_("the manager's certificate"), "pki/manager.pem", EARLY, RENEWED },
    };

    for (gsize i = 0; doctor->view == CLI_SITE_OPEN && i < G_N_ELEMENTS(certificates); i++) {
        g_autofree char *path = mgr_site_path(doctor->dir, certificates[i].name);

        if (g_file_test(path, G_FILE_TEST_EXISTS)) /* else the check of the keys says so */
            hl_probe_certificate(&doctor->facts.certificates, certificates[i].what, path, certificates[i].early,
                                 certificates[i].remedy);
    }
    if (doctor->view == CLI_SITE_OPEN)
        find_ends(doctor);
}

void cli_probe_disk(CliDoctor *doctor, HlInvocation *call G_GNUC_UNUSED)
{
    static const char *const places[] = { "", "repo", "broker" };

    for (gsize i = 0; doctor->view == CLI_SITE_OPEN && i < G_N_ELEMENTS(places); i++) {
        g_autofree char *path = mgr_site_path(doctor->dir, places[i]);

        hl_probe_disk(&doctor->facts.disks, path);
    }
}

/* As the manager has it: signed when its file was written. */
void cli_probe_repository(CliDoctor *doctor, HlInvocation *call G_GNUC_UNUSED)
{
    g_autofree char *path = mgr_site_path(doctor->dir, "repo/metadata/timestamp.json");
    g_autofree char *repo = mgr_site_path(doctor->dir, "repo");
    g_autofree char *noted = mgr_repository_noted(doctor->dir);
    g_auto(MgrRepositoryFiles) files = { 0 };
    struct stat st;

    mgr_repository_look(&files, repo, *noted != '\0' ? noted : NULL); /* a copy that lost all: said of the site */
    doctor->is_copy = *doctor->conf.activeupdate_url != '\0';
    doctor->has_patterns = files.patterns > 0 || files.missing > 0; /* what is missing was said of the site */
    doctor->latest = g_strndup(noted, strcspn(noted, ",")); /* "agent=2026112201 virus=2026112203, program 0.2" */
    doctor->expires = expiry_in(path);
    if (stat(path, &st) == 0)
        doctor->signed_at = (HlTime)st.st_mtim.tv_sec * HL_SECOND;
}

/* What the site's owner has named is not run by root. */
static bool is_own(const char *dir)
{
    struct stat st;

    return stat(dir, &st) == 0 && st.st_uid == geteuid();
}

void cli_probe_versions(CliDoctor *doctor, HlInvocation *call G_GNUC_UNUSED)
{
    HlProbeIdentity identity = identity_of(doctor);

    for (guint i = 0; i < doctor->facts.fronts.facts->len; i++)
        if (HL_FACTS(&doctor->facts.fronts, HlFrontFact)[i].problem == NULL) {
            hl_probe_server_version(&doctor->facts.programs, N_("the running manager"),
                                    HL_FACTS(&doctor->facts.fronts, HlFrontFact)[i].url, &identity);
            break;
        }
    if (doctor->view != CLI_SITE_OPEN)
        return;
    hl_probe_program(&doctor->facts.programs, "holdline-managerd", "holdline-server", HL_PROGRAM_OURS);
    hl_probe_program(&doctor->facts.programs, doctor->conf.updater_program, "holdline-updater",
                     is_own(doctor->dir) ? HL_PROGRAM_OURS : HL_PROGRAM_FOREIGN);
    if (doctor->conf.broker_mode == MGR_BROKER_MANAGED)
        hl_probe_program(&doctor->facts.programs, doctor->conf.broker_program, "mosquitto", HL_PROGRAM_FOREIGN);
}
