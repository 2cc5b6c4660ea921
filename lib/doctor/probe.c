/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/doctor/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "lib/base/exec.h"
#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/base/network.h"
#include "lib/base/resolve.h"
#include "lib/bus/diagnosis.h"
#include "lib/http/fetch.h"
#include "lib/pki/cert.h"

#define NAME_PATIENCE  (4 * HL_SECOND)
#define FRONT_PATIENCE (8 * HL_SECOND)
#define MAX_HEALTH     (64 * 1024)
#define MAX_METRICS    (4 * 1024 * 1024)
#define HTTPS_PORT     443

void hl_facts_init(HlFacts *facts, gsize size)
{
    facts->facts = g_array_new(FALSE, TRUE, (guint)size);
    facts->texts = g_ptr_array_new_with_free_func(g_free);
}

void hl_facts_clear(HlFacts *facts)
{
    g_clear_pointer(&facts->facts, g_array_unref);
    g_clear_pointer(&facts->texts, g_ptr_array_unref);
}

void hl_doctor_facts_init(HlDoctorFacts *facts)
{
    hl_facts_init(&facts->names, sizeof(HlNameFact));
    hl_facts_init(&facts->places, sizeof(HlPlaceFact));
    hl_facts_init(&facts->fronts, sizeof(HlFrontFact));
    hl_facts_init(&facts->certificates, sizeof(HlCertFact));
    hl_facts_init(&facts->disks, sizeof(HlDiskFact));
    hl_facts_init(&facts->programs, sizeof(HlProgramFact));
}

void hl_doctor_facts_clear(HlDoctorFacts *facts)
{
    hl_facts_clear(&facts->names);
    hl_facts_clear(&facts->places);
    hl_facts_clear(&facts->fronts);
    hl_facts_clear(&facts->certificates);
    hl_facts_clear(&facts->disks);
    hl_facts_clear(&facts->programs);
}

const char *hl_facts_keep(HlFacts *facts, char *text)
{
    if (text != NULL)
        g_ptr_array_add(facts->texts, text);
    return text;
}

/* -------------------------------------------------------------------------------------------------------- the names */

static const char *resolve(HlFacts *names, const char *host)
{
    HlResolution *resolution = hl_resolve(host, 0);
    const char *problem = _("the name servers do not answer");

    if (resolution != NULL) {
        struct pollfd wait = { .fd = hl_resolution_fd(resolution), .events = POLLIN };

        if (poll(&wait, 1, (int)NAME_PATIENCE) > 0 && hl_resolution_addresses(resolution, &problem) != NULL)
            problem = NULL;
    }
    problem = problem != NULL ? hl_facts_keep(names, g_strdup(problem)) : NULL;
    hl_resolution_free(resolution);
    return problem;
}

/* Takes host. */
static void add_name(HlFacts *names, char *host)
{
    HlNameFact fact = { .host = hl_facts_keep(names, host) };

    if (host == NULL || g_hostname_is_ip_address(host))
        return;
    for (guint i = 0; i < names->facts->len; i++)
        if (strcmp(HL_FACTS(names, HlNameFact)[i].host, host) == 0)
            return;
    fact.problem = resolve(names, host);
    g_array_append_val(names->facts, fact);
}

void hl_probe_names(HlFacts *names, const char *const *brokers, const char *const *urls)
{
    for (gsize i = 0; brokers[i] != NULL; i++) {
        char *host = NULL;
        uint16_t port;

        if (hl_place_parse(brokers[i], &host, &port))
            add_name(names, host);
    }
    for (gsize i = 0; urls[i] != NULL; i++) {
        g_autoptr(GUri) uri = g_uri_parse(urls[i], G_URI_FLAGS_NONE, NULL);

        if (uri != NULL)
            add_name(names, g_strdup(g_uri_get_host(uri)));
    }
}

/* ------------------------------------------------------------------------------------------------------- the places */

static void on_result(gpointer item, gpointer user)
{
    HlDiagnosisResult **result = user;

    *result = item;
}

static bool is_by_proxy(const HlProbeIdentity *identity)
{
    return identity->proxy != NULL && *identity->proxy != '\0';
}

/* NULL: no thread to spare. */
static HlDiagnosisResult *diagnose(const char *broker, const HlProbeIdentity *identity)
{
    bool by_proxy = is_by_proxy(identity);
    HlDiagnosisSpec spec = { .broker = broker,
                             .ca_path = identity->ca,
                             .cert_path = identity->cert,
                             .key_path = identity->key,
                             .proxy = by_proxy ? identity->proxy : NULL,
                             .said = _("it answers") };
    HlDiagnosisResult *result = NULL;
    HlMailbox *mailbox = hl_mailbox_new("doctor", 1, NULL, on_result, &result, hl_diagnosis_result_free);
    HlDiagnosis *diagnosis = hl_diagnosis_start(&spec, mailbox, 0);

    while (diagnosis != NULL && result == NULL)
        g_main_context_iteration(NULL, TRUE);
    hl_diagnosis_free(diagnosis);
    hl_mailbox_free(mailbox);
    return result;
}

#define NO_THREAD "this machine has no thread to spare"

/* Whether one can be bound to here. */
static bool is_own(const struct addrinfo *address)
{
    hl_autofd int fd = socket(address->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    return fd >= 0 && bind(fd, address->ai_addr, address->ai_addrlen) == 0;
}

/* A name that does not resolve leads nowhere. */
static bool leads_here(const char *broker)
{
    g_autofree char *host = NULL;
    uint16_t port;
    HlResolution *resolution = hl_place_parse(broker, &host, &port) ? hl_resolve(host, 0) : NULL;
    struct pollfd wait = { .fd = resolution != NULL ? hl_resolution_fd(resolution) : -1, .events = POLLIN };
    const char *problem;
    const struct addrinfo *address =
        resolution != NULL && poll(&wait, 1, NAME_PATIENCE) > 0 ? hl_resolution_addresses(resolution, &problem) : NULL;
    bool is_here = address != NULL && is_own(address);

    hl_resolution_free(resolution);
    return is_here;
}

static HlPlaceFact examine(HlFacts *places, const char *broker, const HlProbeIdentity *identity)
{
    HlDiagnosisResult *result = diagnose(broker, identity);
    HlPlaceFact fact = { .place = broker,
                         .cause = HL_CAUSE_BROKEN,
                         .sentence = NO_THREAD,
                         .is_verified = identity->ca != NULL,
                         .by_proxy = is_by_proxy(identity) };

    if (result == NULL)
        return fact;
    fact.cause = result->cause;
    fact.is_here = fact.cause != HL_CAUSE_NONE && leads_here(broker);
    fact.sentence = hl_facts_keep(places, g_strdup(result->sentence));
    hl_diagnosis_result_free(result);
    return fact;
}

HlCert *hl_probe_shown(const char *broker, const HlProbeIdentity *identity, char **why)
{
    HlDiagnosisResult *result = diagnose(broker, identity);
    HlCert *cert = result != NULL ? g_steal_pointer(&result->shown) : NULL;

    *why = cert == NULL ? g_strdup(result != NULL ? result->sentence : NO_THREAD) : NULL;
    if (result != NULL)
        hl_diagnosis_result_free(result);
    return cert;
}

void hl_probe_places(HlFacts *places, const char *const *brokers, const HlProbeIdentity *identity)
{
    for (gsize i = 0; brokers[i] != NULL; i++) {
        HlPlaceFact fact = examine(places, hl_facts_keep(places, g_strdup(brokers[i])), identity);

        g_array_append_val(places->facts, fact);
    }
}

/* ------------------------------------------------------------------------------------------------------- the fronts */

/* "not healthy" or "ok", then what is wrong, a line each: those lines, joined; NULL: there are none. */
static char *complaint(GBytes *body)
{
    gsize size;
    const char *data = g_bytes_get_data(body, &size);
    g_autofree char *text = g_strndup(data != NULL ? data : "", size);
    char *lines = strchr(text, '\n');
    g_auto(GStrv) parts = NULL;

    if (lines == NULL || *g_strstrip(lines) == '\0')
        return NULL;
    parts = g_strsplit(lines, "\n", -1);
    return g_strjoinv("; ", parts);
}

/* Why nothing takes connections where the URL's server does not answer; HL_CAUSE_NONE: something does. */
static HlCause cause_at(const char *url)
{
    g_autoptr(GUri) uri = g_uri_parse(url, G_URI_FLAGS_NONE, NULL);
    int port = uri != NULL ? g_uri_get_port(uri) : 0;
    g_autofree char *place = uri != NULL && g_uri_get_host(uri) != NULL
                                 ? hl_place_print(g_uri_get_host(uri), (uint16_t)(port > 0 ? port : HTTPS_PORT))
                                 : NULL;
    HlDiagnosisResult *result = place != NULL ? diagnose(place, &(HlProbeIdentity){ 0 }) : NULL;
    HlCause cause = result != NULL ? result->cause : HL_CAUSE_UNUSABLE;

    if (result != NULL)
        hl_diagnosis_result_free(result);
    return cause;
}

static HlFrontFact ask(HlFacts *fronts, HlFetch *fetch, const char *url)
{
    g_autofree char *page = g_strconcat(url, g_str_has_suffix(url, "/") ? "healthz" : "/healthz", NULL);
    HlFetchRequest request = { .url = page, .max_size = MAX_HEALTH, .deadline = FRONT_PATIENCE };
    g_auto(HlFetchResult) result = { 0 };
    g_autoptr(GError) error = NULL;
    HlFrontFact fact = { .url = url };

    if (!hl_fetch_run(fetch, &request, &result, &error)) {
        fact.cause = cause_at(url);
        fact.is_connected = fact.cause == HL_CAUSE_NONE;
        fact.problem = hl_facts_keep(fronts, g_strdup(error->message));
        fact.code = hl_error_code(error);
        return fact;
    }
    fact.status = result.status;
    fact.server = result.date;
    fact.machine = hl_clock_wall();
    fact.said = hl_facts_keep(fronts, complaint(result.body));
    return fact;
}

void hl_probe_fronts(HlFacts *fronts, const char *const *urls, const HlProbeIdentity *identity)
{
    HlFetchOptions options = { .ca_file = identity->ca,
                               .proxy = identity->proxy != NULL ? identity->proxy : "",
                               .connect_timeout = FRONT_PATIENCE / 2 };
    g_autoptr(HlFetch) fetch = hl_fetch_new(&options);

    for (gsize i = 0; urls[i] != NULL; i++) {
        HlFrontFact fact = ask(fronts, fetch, hl_facts_keep(fronts, g_strdup(urls[i])));

        fact.by_proxy = is_by_proxy(identity);
        g_array_append_val(fronts->facts, fact);
    }
}

#define BUILD_INFO "holdline_build_info{version=\""

void hl_probe_server_version(HlFacts *programs, const char *program, const char *url, const HlProbeIdentity *identity)
{
    HlFetchOptions options = { .ca_file = identity->ca, .proxy = "", .connect_timeout = FRONT_PATIENCE / 2 };
    g_autoptr(HlFetch) fetch = hl_fetch_new(&options);
    g_autofree char *page = g_strconcat(url, g_str_has_suffix(url, "/") ? "metrics" : "/metrics", NULL);
    HlFetchRequest request = { .url = page, .max_size = MAX_METRICS, .deadline = FRONT_PATIENCE };
    g_auto(HlFetchResult) result = { 0 };
    g_autofree char *text = NULL;
    const char *version;
    HlProgramFact fact = { .program = program, .package = "holdline-server" };
    gsize size;

    if (!hl_fetch_run(fetch, &request, &result, NULL) || result.status != 200)
        return;
    version = g_bytes_get_data(result.body, &size);
    text = g_strndup(version != NULL ? version : "", size);
    version = strstr(text, BUILD_INFO);
    if (version == NULL)
        return;
    version += strlen(BUILD_INFO);
    fact.version = hl_facts_keep(programs, g_strndup(version, strcspn(version, "\"\n")));
    g_array_append_val(programs->facts, fact);
}

/* ----------------------------------------------------------------------------------------------------- this machine */

void hl_probe_certificate(HlFacts *certificates, const char *what, const char *path, HlTime early, const char *remedy)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(HlCert) cert = hl_cert_load(path, &error);
    HlCertFact fact = {
        .what = what, .path = hl_facts_keep(certificates, g_strdup(path)), .early = early, .remedy = remedy
    };

    if (cert != NULL) {
        fact.begin = hl_cert_info(cert)->not_before;
        fact.end = hl_cert_info(cert)->not_after;
    } else {
        fact.is_hidden = hl_error_code(error) == HL_ERROR_DENIED;
        fact.problem = hl_facts_keep(certificates, g_strdup(error->message));
    }
    g_array_append_val(certificates->facts, fact);
}

static bool is_known(const HlFacts *disks, dev_t device)
{
    for (guint i = 0; i < disks->facts->len; i++) {
        struct stat st;

        if (stat(HL_FACTS(disks, HlDiskFact)[i].path, &st) == 0 && st.st_dev == device)
            return true;
    }
    return false;
}

/* Why nothing can be stored there although it is mounted for writing: after an error of the disk ext4 stops all writing
 * and goes on being mounted "rw" (emergency_ro).  A file without a name, of which nothing stays.  NULL: it can be, or
 * this user may not try. */
static const char *try_storing(const char *path)
{
    int fd = open(path, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);

    if (fd < 0)
        return errno == EROFS || errno == EIO ? hl_errno_text(errno) : NULL;
    close(fd);
    return NULL;
}

void hl_probe_disk(HlFacts *disks, const char *path)
{
    HlDiskFact fact = { .path = hl_facts_keep(disks, g_strdup(path)) };
    struct statvfs fs;
    struct stat st;

    if (stat(path, &st) != 0 && errno == ENOENT)
        return;
    if (statvfs(path, &fs) != 0) {
        fact.problem = hl_errno_text(errno);
    } else if (stat(path, &st) == 0 && is_known(disks, st.st_dev)) {
        return;
    } else {
        fact.size = (uint64_t)fs.f_blocks * fs.f_frsize;
        fact.free = (uint64_t)fs.f_bavail * fs.f_frsize; /* what root alone may take is not there for a service */
        fact.files = fs.f_files;
        fact.files_free = fs.f_favail;
        fact.is_read_only = (fs.f_flag & ST_RDONLY) != 0;
        fact.unwritten = fact.is_read_only ? NULL : try_storing(path);
    }
    g_array_append_val(disks->facts, fact);
}

/* Where the service finds it, whose PATH may be longer than this user's.  Caller frees. */
static char *find_program(const char *program)
{
    static const char *const places[] = { "/usr/sbin", "/usr/local/sbin", "/sbin" };
    char *found = g_find_program_in_path(program);

    for (gsize i = 0; found == NULL && !g_path_is_absolute(program) && i < G_N_ELEMENTS(places); i++) {
        g_autofree char *path = g_build_filename(places[i], program, NULL);

        found = g_file_test(path, G_FILE_TEST_IS_EXECUTABLE) ? g_steal_pointer(&path) : NULL;
    }
    return found;
}

/* "PROGRAM VERSION" -> "VERSION"; caller frees. */
static char *version_in(const char *output)
{
    g_autofree char *line = g_strndup(output, strcspn(output, "\n"));
    const char *blank = strrchr(line, ' ');

    return g_strdup(blank != NULL ? blank + 1 : line);
}

void hl_probe_program(HlFacts *programs, const char *program, const char *package, HlProgramKind kind)
{
    g_autofree char *path = find_program(program);
    g_autofree char *name = path != NULL ? g_path_get_basename(path) : NULL;
    const char *words[] = { path, "--version", NULL };
    /* another program under the configuration's name may do anything when it is run */
    bool is_run = kind == HL_PROGRAM_OURS && name != NULL && g_str_has_prefix(name, "holdline-");
    g_autofree char *output = NULL;
    g_autoptr(GError) error = NULL;
    HlProgramFact fact = { .program = program, .package = package };

    if (path == NULL)
        fact.problem = _("it is not there");
    else if (is_run && !hl_exec(words, &output, &error))
        fact.problem = hl_facts_keep(programs, g_strdup(error->message));
    else if (is_run)
        fact.version = hl_facts_keep(programs, version_in(output));
    g_array_append_val(programs->facts, fact);
}
