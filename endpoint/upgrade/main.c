/* SPDX-License-Identifier: Apache-2.0 */
/* holdline-upgrade: replaces the daemon's packages by those of another version, and puts the ones before back if the
 * line does not come up.  Started by systemd outside the daemon's restrictions; the work is in helper.c. */
#include <unistd.h>

#include "endpoint/core/conf.h"
#include "endpoint/upgrade/helper.h"
#include "lib/base/cli.h"
#include "lib/base/log.h"
#include "proto/copied.h"

static bool read_duration(const HlInvocation *call, const char *flag, HlTime fallback, HlTime *duration, GError **error)
{
    const char *text = hl_cli_value(call, flag, NULL);

    *duration = fallback;
    return text == NULL || hl_duration_parse(text, duration, error);
}

static bool cmd_run(HlInvocation *call, GError **error)
{
    g_auto(EpConf) conf = { 0 };
    EpHelperOptions options;

    if (!ep_conf_load(&conf, hl_cli_value(call, "c", NULL), error))
        return false;
    options = (EpHelperOptions){ .state_dir = conf.state_dir,
                                 .health = conf.upgrade_health,
                                 .tools = { .directory = hl_cli_value(call, "tools", EP_TOOLS_DIRECTORY),
                                            .lock = hl_cli_value(call, "lock", EP_TOOLS_LOCK) } };
    if (!read_duration(call, "patience", EP_TOOLS_PATIENCE, &options.tools.patience, error) ||
        !read_duration(call, "pause", EP_HELPER_PAUSE, &options.pause, error))
        return false;
    hl_log_follow_journal();
    hl_log_set_level((HlLogLevel)conf.log_level);
    ep_tools_set_environment();
    return ep_helper_run(&options, error);
}

static const char *const run_flags[] = { "c", "tools", "lock", "patience", "pause", NULL };
static const HlFlag flags[] = {
    { "c", "FILE", "Configuration of the endpoint; the default is " EP_CONF_DEFAULT_PATH " if it is there" },
    { "tools", "DIR", "Where dpkg, dpkg-deb, dpkg-query and systemctl are, instead of " EP_TOOLS_DIRECTORY },
    { "lock", "FILE", "Lock that package managers hold while they work, instead of " EP_TOOLS_LOCK },
    { "patience", "DURATION", "How long that lock is waited for, instead of 10m" },
    { "pause", "DURATION",
      "Before the second attempt to go back, then twice as long each time up to 1h, instead of 30s" },
};
static const HlCommand commands[] = {
    { "run", "[-c FILE] [--tools DIR] [--lock FILE] [--patience DURATION] [--pause DURATION]",
      "Carry the upgrade through that the daemon asks for, or that was cut off", cmd_run, 0, 0, run_flags },
};
static const HlProgram program = {
    .name = "holdline-upgrade",
    .copied = &hl_copied,
    .summary = "Upgrades this machine's Holdline endpoint, and takes the upgrade back if its line does not come up",
    .commands = commands,
    .n_commands = G_N_ELEMENTS(commands),
    .flags = flags,
    .n_flags = G_N_ELEMENTS(flags),
    .usual = "run",
};

int main(int argc, char **argv)
{
    return hl_cli_main(&program, argc, argv, NULL);
}
