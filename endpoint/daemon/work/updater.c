/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/daemon/work/updater.h"

#include "endpoint/core/round.h"
#include "endpoint/identity/machine.h"

static void add(GPtrArray *argv, const char *name, const char *value)
{
    g_ptr_array_add(argv, g_strdup(name));
    g_ptr_array_add(argv, g_strdup(value));
}

static void add_taken(GPtrArray *argv, const char *name, char *value)
{
    g_ptr_array_add(argv, g_strdup(name));
    g_ptr_array_add(argv, value);
}

static GPtrArray *begin(const EpUpdaterContext *context, const char *verb)
{
    GPtrArray *argv = g_ptr_array_new_with_free_func(g_free);

    g_ptr_array_add(argv, g_strdup(context->conf->updater));
    g_ptr_array_add(argv, g_strdup(verb));
    add(argv, "--state-dir", context->directory);
    g_ptr_array_add(argv, g_strdup("--json"));
    return argv;
}

static GPtrArray *find_sources(const EpUpdaterContext *context, EpUpdateWork work)
{
    static const char *const server_only[] = { "server", NULL };
    g_auto(GStrv) own = ep_machine_addresses(context->identity->brokers[0]);
    EpSourcesWanted wanted = { .sources = work == EP_UPDATE_SYNCHRONIZE
                                              ? server_only
                                              : (const char *const *)context->settings->update_sources,
                               .addresses = (const char *const *)own,
                               .activeupdate = context->settings->activeupdate_url,
                               .servers = context->servers };

    return ep_round_sources(&wanted);
}

/* Identity and authority of the enrolment are for the server alone: another source must not learn who asks. */
static void add_sources(const EpUpdaterContext *context, const GPtrArray *sources, GPtrArray *argv)
{
    const EpIdentity *identity = context->identity;
    const EpConf *conf = context->conf;

    for (guint i = 0; i < sources->len; i++) {
        const EpSource *source = sources->pdata[i];

        add_taken(argv, "--source", g_strdup_printf("%s=%s", source->name, source->url));
    }
    add(argv, "--private-source", "server");
    add(argv, "--ca-file", identity->ca_path);
    add(argv, "--cert-file", identity->pem_path);
    add(argv, "--key-file", identity->pem_path);
    if (*conf->ca_file != '\0')
        add(argv, "--public-ca-file", conf->ca_file);
    add(argv, "--ca-option", "update.ca-file");
    if (*conf->proxy != '\0')
        add(argv, "--proxy", conf->proxy);
}

static void add_program(const EpUpdaterContext *context, GPtrArray *argv)
{
    if (context->program == NULL)
        return;
    add(argv, "--program-dir", context->program);
    add(argv, "--installed-program", HOLDLINE_VERSION);
    if (context->settings->block_program_upgrade)
        g_ptr_array_add(argv, g_strdup("--block-program"));
}

/* What is one's own to decide stays as it is, but for synchronizing, which is asked for what the server has. */
static bool add_components(const EpUpdaterContext *context, EpUpdateWork work, GPtrArray *argv, GError **error)
{
    const HlSettings *settings = context->settings;
    g_autofree char *kept = hl_settings_kept_components(settings, context->component);

    if (context->component != NULL && !hl_settings_has_component(settings, context->component))
        return hl_fail(error, HL_ERROR_NOT_FOUND, "this machine takes no component '%s': by its scan.method it has %s",
                       context->component, hl_scan_components[settings->scan_method]);
    add(argv, "--components", hl_scan_components[settings->scan_method]);
    if (work == EP_UPDATE_UPDATE && *kept != '\0')
        add(argv, "--keep", kept);
    return true;
}

/* A tenth of the child's time is kept from downloads: checking and switching come after them. */
static bool add_update(const EpUpdaterContext *context, EpUpdateWork work, HlTime timeout, GPtrArray *argv,
                       GError **error)
{
    g_autoptr(GPtrArray) sources = NULL;

    if (context->identity == NULL)
        return hl_fail(error, HL_ERROR_UNAVAILABLE,
                       "this machine is not enrolled: run 'holdline-endpoint enrol BUNDLE' first");
    sources = find_sources(context, work);
    if (sources->len == 0)
        return hl_fail(
            error, HL_ERROR_NOT_FOUND,
            "there is no source: nothing in update.sources is for this machine's addresses, or it names activeupdate "
            "and update.activeupdate-url is not set");
    if (!g_file_test(context->identity->root_path, G_FILE_TEST_EXISTS))
        return hl_fail(error, HL_ERROR_NOT_FOUND,
                       "the server had no pattern repository when this machine was enrolled: enrol again with "
                       "--replace");
    add(argv, "--root", context->identity->root_path);
    add_sources(context, sources, argv);
    if (!add_components(context, work, argv, error))
        return false;
    add_taken(argv, "--time", hl_duration_format(timeout / 10 * 9));
    if (work == EP_UPDATE_SYNCHRONIZE)
        g_ptr_array_add(argv, g_strdup("--force"));
    else
        add_program(context, argv);
    return true;
}

GPtrArray *ep_updater_arguments(const EpUpdaterContext *context, EpUpdateWork work, HlTime timeout, GError **error)
{
    static const char *const verbs[EP_UPDATE_N_WORKS] = { "update", "rollback", "update" };
    g_autoptr(GPtrArray) argv = begin(context, verbs[work]);

    if (work != EP_UPDATE_ROLLBACK && !add_update(context, work, timeout, argv, error))
        return NULL;
    add(argv, "--engine", context->conf->engine);
    if (*context->conf->clamd != '\0')
        add(argv, "--clamd-socket", context->conf->clamd);
    g_ptr_array_add(argv, NULL);
    return g_steal_pointer(&argv);
}

GPtrArray *ep_updater_show_arguments(const EpUpdaterContext *context)
{
    GPtrArray *argv = begin(context, "show");

    g_ptr_array_add(argv, NULL);
    return argv;
}
