#include "manager/daemon/manager.h"

#include <string.h>

#include "lib/base/conf.h"
#include "lib/base/exec.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "manager/core/rate.h"
#include "manager/daemon/broker.h"
#include "manager/daemon/calls.h"
#include "manager/daemon/commands.h"
#include "manager/daemon/display.h"
#include "manager/daemon/front.h"
#include "manager/daemon/line.h"
#include "manager/daemon/observed.h"
#include "manager/daemon/patterns.h"
#include "manager/daemon/report.h"
#include "manager/daemon/revoke.h"
#include "manager/daemon/status.h"

#define FLUSH_MS    20 /* status topics and acknowledgements: gathered this long */
#define PRUNE_EVERY HL_HOUR

void mgr_note(Manager *manager, const char *endpoint, const char *what, const char *format, ...)
{
    g_autofree char *detail = NULL;
    va_list args;

    va_start(args, format);
    detail = g_strdup_vprintf(format, args);
    va_end(args);
    mgr_write_history(manager->lazy, hl_clock_wall(), endpoint, what, detail);
}

static gboolean on_flush(gpointer user)
{
    Manager *manager = user;

    mgr_report_flush_acks(manager);
    mgr_status_flush(manager);
    mgr_watch_flush(manager);
    return G_SOURCE_CONTINUE;
}

static gboolean on_second(gpointer user)
{
    Manager *manager = user;
    HlTime now = hl_clock_mono();

    mgr_commands_tick(manager);
    mgr_display_tick(manager);
    mgr_patterns_tick(manager);
    mgr_observed_tick(manager);
    if (now - manager->pruned_mono > PRUNE_EVERY) {
        manager->pruned_mono = now;
        mgr_write_prune(manager->lazy, hl_clock_wall() - manager->conf.retention);
    }
    mgr_line_tick(manager);
    return G_SOURCE_CONTINUE;
}

static bool open_registry(Manager *manager, GError **error)
{
    g_autofree char *path = mgr_site_path(manager->dir, "registry.db");
    g_autoptr(HlDb) db = NULL;

    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        return hl_fail(error, HL_ERROR_NOT_FOUND, "%s does not exist: run 'holdline init %s' first", path,
                       manager->dir);
    db = mgr_registry_open(path, error);
    if (db == NULL || !mgr_fleet_load(&manager->fleet, db, error))
        return false;
    hl_db_close(g_steal_pointer(&db));
    manager->reader = hl_db_open(path, HL_DB_READ_ONLY, error);
    manager->writer = manager->reader != NULL ? hl_writer_new(&(HlWriterOptions){ .path = path }, error) : NULL;
    return manager->writer != NULL;
}

static bool open_keys(Manager *manager, GError **error)
{
    g_autofree char *path = mgr_site_path(manager->dir, "pki/sealing.key");

    manager->signing_key = hl_signing_key_load(path, error);
    return manager->signing_key != NULL && mgr_authority_open(&manager->authority, manager->dir, error);
}

static bool start_parts(Manager *manager, GError **error)
{
    if (!mgr_revoke_publish(manager, error)) /* before the broker reads them */
        return false;
    if (manager->conf.broker_mode == MGR_BROKER_MANAGED) {
        manager->broker = mgr_broker_start(manager->dir, &manager->conf, error);
        if (manager->broker == NULL)
            return false;
    }
    /* the line before the display, whose first judgements are told on it; neither hears anything before the loop runs
     */
    if (!mgr_display_configure(manager, &manager->conf, error) || !mgr_front_start(manager, error) ||
        !mgr_line_start(manager, error) || !mgr_display_start(manager, error))
        return false;
    manager->second_timer = g_timeout_add(1000, on_second, manager);
    manager->flush_timer = g_timeout_add(FLUSH_MS, on_flush, manager);
    mgr_patterns_tick(manager);
    return true;
}

Manager *mgr_manager_new(const char *conf_path, GError **error)
{
    Manager *manager = g_new0(Manager, 1);
    g_autofree char *lock = NULL;

    manager->lock = -1;
    manager->conf_path = g_canonicalize_filename(conf_path, NULL);
    manager->dir = g_path_get_dirname(manager->conf_path);
    manager->lazy = hl_write_set_new();
    manager->evictions = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    manager->streams = mgr_call_streams_new();
    manager->started_wall = hl_clock_wall();
    g_queue_init(&manager->status_queue);
    g_queue_init(&manager->ack_queue);
    lock = mgr_site_path(manager->dir, "lock");
    if (hl_conf_load(manager->conf_path, mgr_conf_table(), &manager->conf, error)) {
        hl_log_set_level((HlLogLevel)manager->conf.log_level);
        manager->rates = mgr_rates_new(manager->conf.enrol_per_minute);
        manager->lock = hl_file_lock(lock, error);
        if (manager->lock < 0)
            hl_error_prefix(error, "a manager runs on %s already", manager->dir);
    }
    if (manager->lock >= 0 && open_keys(manager, error) && open_registry(manager, error) && start_parts(manager, error))
        return manager;
    mgr_manager_free(manager);
    return NULL;
}

void mgr_manager_free(Manager *manager)
{
    if (manager->second_timer != 0)
        g_source_remove(manager->second_timer);
    if (manager->flush_timer != 0)
        g_source_remove(manager->flush_timer);
    mgr_patterns_stop(manager);
    if (manager->bus != NULL && manager->writer != NULL)
        mgr_line_tick(manager); /* what was noted last; nothing is begun any more */
    /* Before the bus and the front: what is committed now is still acknowledged, sent and answered through them.  It is
     * set NULL afterwards: callbacks that want to write more are refused by a writer that ends. */
    hl_writer_free(manager->writer);
    manager->writer = NULL;
    if (manager->bus != NULL) {
        mgr_report_flush_acks(manager);
        mgr_status_flush(manager);
    }
    g_clear_pointer(&manager->front, hl_http_server_free);
    mgr_line_stop(manager);
    mgr_display_stop(manager);
    g_ptr_array_unref(manager->streams);
    g_hash_table_unref(manager->evictions);
    g_clear_pointer(&manager->broker, mgr_broker_free);
    g_clear_pointer(&manager->reader, hl_db_close);
    hl_write_set_free(manager->lazy);
    g_clear_pointer(&manager->watchers, g_ptr_array_unref);
    g_queue_clear(&manager->status_queue);
    g_queue_clear(&manager->ack_queue);
    mgr_fleet_clear(&manager->fleet);
    mgr_authority_clear(&manager->authority);
    g_clear_pointer(&manager->signing_key, hl_signing_key_free);
    g_clear_pointer(&manager->rates, mgr_rates_free);
    hl_options_clear(mgr_conf_table(), &manager->conf);
    hl_fd_clear(&manager->lock);
    g_free(manager->dir);
    g_free(manager->conf_path);
    g_free(manager);
}

/* What is fixed for the life of the process. */
static const char *const fixed_options[] = { "broker.mode", "broker.listen", "broker.port",   "broker.program",
                                             "http.listen", "http.port",     "http.downloads" };

bool mgr_manager_reload(Manager *manager, GError **error)
{
    MgrConf fresh = { 0 };

    if (!hl_conf_load(manager->conf_path, mgr_conf_table(), &fresh, error))
        return false;
    for (gsize i = 0; i < G_N_ELEMENTS(fixed_options); i++) {
        const HlOption *option = hl_option_find(mgr_conf_table(), fixed_options[i]);
        g_autofree char *old_value = hl_option_get(option, &manager->conf);
        g_autofree char *new_value = hl_option_get(option, &fresh);

        if (strcmp(old_value, new_value) != 0) {
            hl_warn("manager", "%s = %s takes effect at the next start; it stays %s now", fixed_options[i], new_value,
                    old_value);
            if (!hl_option_set(option, &fresh, old_value, error))
                return false;
        }
    }
    if (!mgr_display_configure(manager, &fresh, error)) {
        hl_options_clear(mgr_conf_table(), &fresh);
        return false;
    }
    hl_options_clear(mgr_conf_table(), &manager->conf);
    manager->conf = fresh;
    mgr_display_reconfigured(manager);
    hl_log_set_level((HlLogLevel)manager->conf.log_level);
    mgr_rates_set(manager->rates, manager->conf.enrol_per_minute);
    manager->sight_policy.window = manager->conf.reconnect_window;
    return mgr_front_reload(manager, error) && mgr_revoke_publish(manager, error);
}
