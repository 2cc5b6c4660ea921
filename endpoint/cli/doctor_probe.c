/* SPDX-License-Identifier: Apache-2.0 */
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "endpoint/cli/apparmor.h"
#include "endpoint/cli/call.h"
#include "endpoint/cli/doctor.h"
#include "endpoint/identity/identity.h"
#include "endpoint/scan/confine.h"
#include "endpoint/upgrade/desk.h"
#include "lib/base/conf.h"

#define EARLY (14 * HL_DAY) /* it is renewed from 30 days before its end on, where it has 90 */

void ep_doctor_clear(EpDoctor *doctor)
{
    ep_conf_clear(&doctor->conf);
    g_free(doctor->conf_problem);
    g_clear_pointer(&doctor->conf_doubles, g_ptr_array_unref);
    json_decref(doctor->status);
    g_free(doctor->silence);
    g_free(doctor->identity_problem);
    g_strfreev(doctor->brokers);
    g_strfreev(doctor->urls);
    g_free(doctor->ca);
    g_free(doctor->pem);
    g_free(doctor->patterns);
    g_free(doctor->profile);
    hl_doctor_facts_clear(&doctor->facts);
}

static void keep_double(const char *fault, gpointer user)
{
    g_ptr_array_add(user, g_strdup(fault));
}

void ep_probe_configuration(EpDoctor *doctor, HlInvocation *call)
{
    EpTool *tool = call->user;
    g_autoptr(GError) error = NULL;

    hl_doctor_facts_init(&doctor->facts);
    doctor->conf_doubles = g_ptr_array_new_with_free_func(g_free);
    hl_conf_doubles_in(hl_cli_value(call, "c", EP_CONF_DEFAULT_PATH), ep_conf_table(), keep_double,
                       doctor->conf_doubles);
    if (ep_tool_load(call, &error)) {
        doctor->conf = tool->conf; /* taken */
        tool->conf = (EpConf){ 0 };
        return;
    }
    doctor->conf_problem = g_strdup(error->message);
    ep_conf_clear(&doctor->conf);
    hl_options_init(ep_conf_table(), &doctor->conf);
}

void ep_probe_daemon(EpDoctor *doctor, HlInvocation *call G_GNUC_UNUSED)
{
    CallSpec spec = CALL("status");
    g_autoptr(GError) error = NULL;

    if (!ep_call(&doctor->conf, &spec, &doctor->status, NULL, &error))
        doctor->silence = g_strdup(error->message);
    doctor->is_upgrading = ep_desk_has(doctor->conf.state_dir, EP_DESK_RUNNING);
}

/* ------------------------------------------------------------------------------------------------ enrolment and way */

/* A list of texts in the daemon's answer; NULL: there is none.  Caller frees. */
static char **texts_of(const json_t *status, const char *name)
{
    const json_t *list = json_object_get(status, name);
    g_autoptr(GStrvBuilder) out = g_strv_builder_new();

    for (size_t i = 0; i < json_array_size(list); i++)
        if (json_is_string(json_array_get(list, i)))
            g_strv_builder_add(out, json_string_value(json_array_get(list, i)));
    return list != NULL ? g_strv_builder_end(out) : NULL;
}

static EpIdentityView view_of(const GError *error)
{
    switch (hl_error_code(error)) {
    case HL_ERROR_NOT_FOUND:
        return EP_IDENTITY_NONE;
    case HL_ERROR_DENIED:
        return EP_IDENTITY_HIDDEN;
    default:
        return EP_IDENTITY_UNUSABLE;
    }
}

static bool is_hidden(const char *state_dir)
{
    g_autofree char *path = g_build_filename(state_dir, "identity", NULL);

    return g_file_test(path, G_FILE_TEST_EXISTS) && access(path, R_OK | X_OK) != 0;
}

static void use_identity(EpDoctor *doctor, const EpIdentity *identity)
{
    doctor->identity = EP_IDENTITY_USABLE;
    doctor->ca = g_strdup(identity->ca_path);
    doctor->pem = g_strdup(identity->pem_path);
    if (doctor->brokers == NULL)
        doctor->brokers = g_strdupv(identity->brokers);
    if (doctor->urls == NULL)
        doctor->urls = g_strdupv(identity->servers);
}

/* The daemon knows the addresses that are in force; without it, those of the enrolment are the best guess. */
void ep_probe_enrolment(EpDoctor *doctor, HlInvocation *call G_GNUC_UNUSED)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(EpIdentity) identity = NULL;

    doctor->brokers = texts_of(doctor->status, "brokers");
    doctor->urls = texts_of(doctor->status, "servers");
    if (is_hidden(doctor->conf.state_dir)) {
        doctor->identity = EP_IDENTITY_HIDDEN;
        return;
    }
    identity = ep_identity_load(doctor->conf.state_dir, &error);
    if (identity != NULL) {
        use_identity(doctor, identity);
        return;
    }
    doctor->identity = view_of(error);
    doctor->identity_problem = g_strdup(error->message);
}

static bool is_addressed(const EpDoctor *doctor)
{
    return doctor->brokers != NULL && doctor->urls != NULL;
}

static HlProbeIdentity identity_of(const EpDoctor *doctor)
{
    return (
        HlProbeIdentity){ .ca = doctor->ca, .cert = doctor->pem, .key = doctor->pem, .proxy = doctor->conf.line_proxy };
}

void ep_probe_names(EpDoctor *doctor, HlInvocation *call G_GNUC_UNUSED)
{
    /* with a proxy it is the proxy that resolves them */
    if (is_addressed(doctor) && *doctor->conf.line_proxy == '\0')
        hl_probe_names(&doctor->facts.names, (const char *const *)doctor->brokers, (const char *const *)doctor->urls);
}

void ep_probe_line(EpDoctor *doctor, HlInvocation *call G_GNUC_UNUSED)
{
    HlProbeIdentity identity = identity_of(doctor);

    if (is_addressed(doctor))
        hl_probe_places(&doctor->facts.places, (const char *const *)doctor->brokers, &identity);
}

/* Without the authority's certificate no answer could be trusted. */
void ep_probe_front(EpDoctor *doctor, HlInvocation *call G_GNUC_UNUSED)
{
    HlProbeIdentity identity = identity_of(doctor);

    if (is_addressed(doctor) && doctor->ca != NULL)
        hl_probe_fronts(&doctor->facts.fronts, (const char *const *)doctor->urls, &identity);
}

/* ----------------------------------------------------------------------------------------------------- this machine */

void ep_probe_certificate(EpDoctor *doctor, HlInvocation *call G_GNUC_UNUSED)
{
    if (doctor->pem != NULL)
        hl_probe_certificate(
            &doctor->facts.certificates, "this machine's certificate", doctor->pem, EARLY,
            "it is renewed while the server can be reached, also for some time after its end; else enrol "
            "again: holdline-endpoint enrol BUNDLE --replace");
}

void ep_probe_disk(EpDoctor *doctor, HlInvocation *call G_GNUC_UNUSED)
{
    hl_probe_disk(&doctor->facts.disks, doctor->conf.state_dir);
}

void ep_probe_patterns(EpDoctor *doctor, HlInvocation *call G_GNUC_UNUSED)
{
    json_t *patterns = json_object_get(doctor->status, "patterns");
    GString *list = g_string_new(NULL);
    const char *name;
    json_t *version;

    json_object_foreach(patterns, name, version)
    {
        g_string_append_printf(list, "%s%s %" JSON_INTEGER_FORMAT, list->len > 0 ? ", " : "", name,
                               json_integer_value(version));
    }
    doctor->patterns = g_string_free(list, FALSE);
    doctor->knows_patterns = patterns != NULL;
}

void ep_probe_scanner(EpDoctor *doctor, HlInvocation *call G_GNUC_UNUSED)
{
    g_autofree char *found = g_find_program_in_path(doctor->conf.clamd_program);
    g_autofree char *engine = found != NULL ? realpath(found, NULL) : NULL;

    doctor->has_scan_user = ep_confine_user(doctor->conf.scan_user, NULL) != NULL;
    if (engine != NULL)
        doctor->profile = ep_apparmor_profile("", engine, doctor->conf.state_dir);
}

static void add_daemon(EpDoctor *doctor)
{
    const char *version = json_string_value(json_object_get(doctor->status, "program_version"));
    HlProgramFact fact = { .program = "the running daemon", .package = "holdline-endpoint", .version = version };

    if (version != NULL)
        g_array_append_val(doctor->facts.programs.facts, fact);
}

void ep_probe_versions(EpDoctor *doctor, HlInvocation *call G_GNUC_UNUSED)
{
    const struct {
        const char *program, *package;
        HlProgramKind kind;
    } programs[] = {
        { doctor->conf.updater, "holdline-updater", HL_PROGRAM_OURS },
        { doctor->conf.scanner, "holdline-endpoint", HL_PROGRAM_OURS },
        { doctor->conf.clamd_program, "clamav-daemon", HL_PROGRAM_FOREIGN },
        { doctor->conf.engine, "clamav", HL_PROGRAM_FOREIGN },
    };

    add_daemon(doctor);
    for (gsize i = 0; i < G_N_ELEMENTS(programs); i++)
        hl_probe_program(&doctor->facts.programs, programs[i].program, programs[i].package, programs[i].kind);
}
