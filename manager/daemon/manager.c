/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/manager.h"

#include <sys/statvfs.h>

#include "lib/base/conf.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "manager/core/health.h"
#include "manager/daemon/parts.h"
#include "manager/daemon/reload.h"
#include "manager/daemon/state/standing.h"
#include "manager/site/site.h"

#define FLUSH_MS 20 /* status topics and acknowledgements: gathered this long */

struct Manager {
    const MgrManagerOptions *starting; /* NULL: it has started */
    int lock;
    MgrParts parts;
    MgrStanding standing;
    guint second_timer, flush_timer;
};

/* ----------------------------------------------------------------------------------------------------------- timers */

static gboolean on_flush(gpointer user)
{
    Manager *manager = user;

    mgr_delivery_flush_acks(manager->parts.delivery);
    if (mgr_delivery_is_busy(manager->parts.delivery))
        mgr_status_yield(manager->parts.status);
    else
        mgr_status_flush(manager->parts.status);
    mgr_command_calls_flush(manager->parts.command_calls);
    mgr_console_go_on(manager->parts.console);
    return G_SOURCE_CONTINUE;
}

static char *disk_problem(const MgrParts *parts)
{
    const char *unwritten = mgr_record_unwritten(parts->record);
    struct statvfs disk = { 0 }; /* a size of 0 is not judged */

    if (statvfs(parts->dir, &disk) != 0)
        disk.f_blocks = 0;
    return mgr_disk_describe((uint64_t)disk.f_bavail * disk.f_frsize, (uint64_t)disk.f_blocks * disk.f_frsize,
                             unwritten);
}

/* What the summary tells is wrong with the server; the others tell of it by themselves. */
static void gather_problems(const MgrParts *parts)
{
    g_autofree char *disk = disk_problem(parts);

    mgr_status_set_problem(parts->status, MGR_PROBLEM_BROKER_RELOAD,
                           mgr_rereader_problem(mgr_pki_rereader(parts->pki)));
    mgr_status_set_problem(parts->status, MGR_PROBLEM_BROKER_SPLIT, mgr_fence_split(parts->fence));
    mgr_status_set_problem(parts->status, MGR_PROBLEM_BROKER_REFUSED, mgr_down_refused(parts->down));
    mgr_status_set_problem(parts->status, MGR_PROBLEM_BROKER_AWAY, mgr_lines_away(mgr_arrivals_lines(parts->arrivals)));
    mgr_status_set_problem(parts->status, MGR_PROBLEM_BROKER_DRAINED,
                           mgr_lines_drained(mgr_arrivals_lines(parts->arrivals)));
    mgr_status_set_problem(parts->status, MGR_PROBLEM_BROKER_HUNG,
                           parts->brokers != NULL ? mgr_brokers_trouble(parts->brokers) : NULL);
    mgr_status_set_problem(parts->status, MGR_PROBLEM_DISK, disk);
}

static gboolean on_second(gpointer user)
{
    Manager *manager = user;

    mgr_upkeep_tick(&manager->parts.upkeep);
    mgr_trend_tick(&manager->parts.trend);
    mgr_pacing_tick(&manager->parts.pacing);
    mgr_commands_tick(manager->parts.commands);
    mgr_rollouts_tick(manager->parts.rollouts);
    mgr_console_tick(manager->parts.console);
    mgr_clock_tick(&manager->parts.clock);
    mgr_patterns_tick(manager->parts.patterns);
    mgr_timestamp_tick(manager->parts.timestamp);
    mgr_own_tick(manager->parts.own);
    mgr_issued_tick(manager->parts.issued);
    mgr_ends_tick(manager->parts.ends);
    mgr_witness_tick(manager->parts.witness);
    mgr_notifications_tick(manager->parts.notifications);
    if (manager->parts.observed != NULL)
        mgr_observed_tick(manager->parts.observed);
    mgr_fence_tick(manager->parts.fence, mgr_down_is_up(manager->parts.down),
                   mgr_location_brokers(manager->parts.location));
    mgr_lines_tick(mgr_arrivals_lines(manager->parts.arrivals));
    gather_problems(&manager->parts);
    mgr_standing_tick(&manager->standing, manager->parts.status, manager->parts.down, manager->parts.fleet.epoch);
    mgr_floods_tick(manager->parts.floods);
    mgr_tracker_flush(manager->parts.tracker);
    mgr_record_flush(manager->parts.record);
    return G_SOURCE_CONTINUE;
}

/* Between the steps of the start, and within one that may take seconds. */
static bool is_stopped(gpointer user)
{
    const Manager *manager = user;
    MgrBrokerEnd end;

    return manager->starting->stopped(&end, manager->starting->user);
}

/* What an earlier 'init' wrote into the configuration had another meaning. */
static void warn_of_window(const MgrParts *parts)
{
    guint endpoints = g_hash_table_size(parts->fleet.endpoints);

    if (parts->conf.update_window == 0 && endpoints > (guint)parts->conf.http_downloads)
        hl_warn("manager",
                "an update-now has all %u endpoints at the server at once, which lets %d of them download at a "
                "time: command.update-window is 0s; 10m lets it spread them",
                endpoints, (int)parts->conf.http_downloads);
}

/* The link is made before the console's start, whose first judgements are told on it. */
static bool start(Manager *manager, GError **error)
{
    g_auto(MgrConsolePolicy) policy = { 0 };

    if (!mgr_console_policy_init(&policy, &manager->parts.conf, error) ||
        !mgr_parts_make(&manager->parts, is_stopped, manager, error))
        return false;
    mgr_console_apply(manager->parts.console, &policy);
    mgr_console_start(manager->parts.console);
    mgr_patterns_tick(manager->parts.patterns);
    mgr_timestamp_tick(manager->parts.timestamp);
    mgr_ends_tick(manager->parts.ends);
    mgr_notifications_tick(manager->parts.notifications);
    manager->second_timer = g_timeout_add(1000, on_second, manager);
    manager->flush_timer = g_timeout_add(FLUSH_MS, on_flush, manager);
    hl_info("manager", "version " HOLDLINE_VERSION " on %s: %u endpoints, %u groups", manager->parts.dir,
            g_hash_table_size(manager->parts.fleet.endpoints), g_hash_table_size(manager->parts.fleet.groups));
    warn_of_window(&manager->parts);
    mgr_reload_warn(manager->parts.conf_path, &manager->parts.conf);
    return true;
}

/* Nothing of the site is touched before it is known that no other manager lives. */
static bool enter(Manager *manager, const MgrManagerOptions *options, GError **error)
{
    manager->parts.fence = mgr_fence_new(&(MgrFenceOptions){ .dir = manager->parts.dir,
                                                             .conf = &manager->parts.conf,
                                                             .lock = manager->lock,
                                                             .take_over = options->take_over,
                                                             .fenced = options->fenced,
                                                             .user = options->user });
    return mgr_fence_enter(manager->parts.fence, is_stopped, manager, error);
}

static bool read_conf(Manager *manager, GError **error)
{
    g_autofree char *lock = mgr_site_path(manager->parts.dir, "lock");

    if (!hl_conf_load(manager->parts.conf_path, mgr_conf_table(), &manager->parts.conf, error) ||
        !mgr_conf_check(&manager->parts.conf, error))
        return false;
    hl_log_set_level((HlLogLevel)manager->parts.conf.log_level);
    manager->lock = hl_file_lock_as(lock, error, "a manager is already running on %s", manager->parts.dir);
    return manager->lock >= 0;
}

void mgr_manager_free(Manager *manager, MgrBrokerEnd end)
{
    g_clear_handle_id(&manager->second_timer, g_source_remove);
    g_clear_handle_id(&manager->flush_timer, g_source_remove);
    mgr_standing_clear(&manager->standing);
    mgr_parts_settle(&manager->parts);
    mgr_parts_clear(&manager->parts, end);
    g_clear_pointer(&manager->parts.fence, mgr_fence_free);
    hl_options_clear(mgr_conf_table(), &manager->parts.conf);
    hl_fd_clear(&manager->lock);
    g_free(manager->parts.dir);
    g_free(manager->parts.conf_path);
    g_free(manager);
}

/* One that cannot start leaves the broker that it found.  One that is stopped does with it what it would do later, even
 * if it had not come to look for it. */
static void end_early(Manager *manager, const GError *error)
{
    const MgrManagerOptions *options = manager->starting;
    const MgrParts *parts = &manager->parts;
    MgrBrokerEnd end;
    bool is_fenced = parts->fence != NULL && hl_error_code(error) == HL_ERROR_CONFLICT; /* endpoints would stay */
    bool is_over = options->stopped(&end, options->user);

    if (!is_over)
        end = MGR_BROKER_END_STARTED;
    if (is_fenced || (is_over && end == MGR_BROKER_END && manager->lock >= 0 && parts->brokers == NULL))
        mgr_brokers_end_left(parts->dir, &parts->conf);
    mgr_manager_free(manager, end);
}

Manager *mgr_manager_new(const MgrManagerOptions *options, GError **error)
{
    Manager *manager = g_new0(Manager, 1);

    manager->starting = options;
    manager->lock = -1;
    manager->parts.conf_path = g_canonicalize_filename(options->conf_path, NULL);
    manager->parts.dir = g_path_get_dirname(manager->parts.conf_path);
    manager->parts.started_wall = hl_clock_wall();
    manager->parts.upkeep.started_mono = hl_clock_mono();
    if (read_conf(manager, error) && enter(manager, options, error) && start(manager, error)) {
        manager->starting = NULL;
        return manager;
    }
    end_early(manager, error != NULL ? *error : NULL);
    return NULL;
}

/* ----------------------------------------------------------------------------------------------------------- reload */

static void swap_all(Manager *manager, MgrReload *reload)
{
    MgrConf old = manager->parts.conf;

    manager->parts.conf = reload->conf;
    reload->conf = old; /* cleared by the caller */
    hl_log_set_level((HlLogLevel)manager->parts.conf.log_level);
    mgr_front_set_identity(manager->parts.front, g_steal_pointer(&reload->identity));
    mgr_console_apply(manager->parts.console, &reload->policy);
    mgr_front_reconfigured(manager->parts.front);
    mgr_pki_reconfigured(manager->parts.pki);
    mgr_lines_reconfigured(mgr_arrivals_lines(manager->parts.arrivals));
    mgr_fence_reconfigured(manager->parts.fence);
}

bool mgr_manager_reload(Manager *manager, GError **error)
{
    g_auto(MgrReload) reload = { 0 };

    /* the lists are files made from the registry: writing them again changes nothing, and shows that it can be done */
    if (!mgr_reload_read(&reload, manager->parts.conf_path, &manager->parts.conf, manager->parts.front, error) ||
        !mgr_pki_publish(manager->parts.pki, error))
        return false;
    swap_all(manager, &reload);
    mgr_own_touch(manager->parts.own);
    mgr_reload_warn(manager->parts.conf_path, &manager->parts.conf);
    return true;
}
