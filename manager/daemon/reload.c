/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/reload.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/conf.h"
#include "lib/base/log.h"

/* What is fixed for the life of the process. */
static const char *const fixed_options[] = { "broker.mode",    "broker.listen", "broker.port", "broker.count",
                                             "broker.program", "http.listen",   "http.port",   "http.downloads" };

void mgr_reload_clear(MgrReload *reload)
{
    hl_options_clear(mgr_conf_table(), &reload->conf);
    mgr_console_policy_clear(&reload->policy);
    g_clear_pointer(&reload->identity, hl_http_identity_free);
}

static bool keep_fixed(const MgrConf *current, MgrConf *fresh, GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS(fixed_options); i++) {
        const HlOption *option = hl_option_find(mgr_conf_table(), fixed_options[i]);
        g_autofree char *old_value = hl_option_get(option, current);
        g_autofree char *new_value = hl_option_get(option, fresh);

        if (strcmp(old_value, new_value) == 0)
            continue;
        hl_warn("manager", "%s = %s takes effect at the next start; it stays %s now", fixed_options[i], new_value,
                old_value);
        if (!hl_option_set(option, fresh, old_value, error))
            return false;
    }
    return true;
}

bool mgr_reload_read(MgrReload *reload, const char *conf_path, const MgrConf *current, const MgrFront *front,
                     GError **error)
{
    if (!hl_conf_load(conf_path, mgr_conf_table(), &reload->conf, error) || !mgr_conf_check(&reload->conf, error) ||
        !mgr_console_policy_init(&reload->policy, &reload->conf, error))
        return false;
    reload->identity = mgr_front_read_identity(front, error);
    return reload->identity != NULL && keep_fixed(current, &reload->conf, error);
}

static bool check_whole(void *values, GError **error)
{
    g_auto(MgrConsolePolicy) policy = { 0 };

    return mgr_conf_check(values, error) && mgr_console_policy_init(&policy, values, error);
}

/* Each is read when it is used, and may be replaced meanwhile. */
static const struct {
    const char *name, *without;
    const char *only_with; /* counts only where this option is set; NULL: always */
} files[] = {
    { "mail.password-file", "nobody can sign in to the mail server", NULL },
    { "mail.ca-file", "the certificate of the mail server cannot be checked", NULL },
    { "notification.ca-file", "the certificates of webhooks and syslog servers cannot be checked", NULL },
    { "patterns.ca-file", "the certificate of the pattern source cannot be checked", NULL },
    { "patterns.activeupdate-root", "nothing can be copied from the pattern source", "patterns.activeupdate-url" },
};

static char *value_of(const char *name, const void *values)
{
    return hl_option_get(hl_option_find(mgr_conf_table(), name), values);
}

static guint look_at_files(const char *path, const void *values, HlConfFault fault, gpointer user)
{
    g_autofree char *absolute = g_canonicalize_filename(path, NULL);
    g_autofree char *dir = g_path_get_dirname(absolute);
    guint n = 0;

    for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *named = value_of(files[i].name, values);
        g_autofree char *condition = files[i].only_with != NULL ? value_of(files[i].only_with, values) : g_strdup("x");
        g_autofree char *whole = *named != '\0' ? g_canonicalize_filename(named, dir) : NULL;
        g_autofree char *sentence = NULL;

        if (whole == NULL || *condition == '\0' || access(whole, R_OK) == 0)
            continue;
        sentence = g_strdup_printf("%s: %s: %s: %s", files[i].name, whole, g_strerror(errno), files[i].without);
        fault(sentence, user);
        n++;
    }
    return n;
}

static void warn(const char *sentence, gpointer user G_GNUC_UNUSED)
{
    hl_warn("manager", "%s", sentence);
}

void mgr_reload_warn(const char *conf_path, const MgrConf *conf)
{
    (void)hl_options_unmet(mgr_conf_table(), conf, warn, NULL);
    (void)look_at_files(conf_path, conf, warn, NULL);
}

bool mgr_reload_check(const char *conf_path, GError **error)
{
    MgrConf conf = { 0 };
    HlConfRules rules = { check_whole, look_at_files };

    return hl_conf_check_print(conf_path, mgr_conf_table(), &conf, rules, error);
}
