/* SPDX-License-Identifier: Apache-2.0 */
#include "updater/install/pattern_store.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/log.h"

#define RELOAD_MARK "reload-pending"

enum { HELD_MAX = 16 * 1024 };

char *upd_pattern_store_path(const UpdPatternStore *store, const char *format, ...)
{
    g_autofree char *name = NULL;
    va_list args;

    va_start(args, format);
    name = g_strdup_vprintf(format, args);
    va_end(args);
    return g_build_filename(store->dir, name, NULL);
}

char *upd_pattern_store_set(const UpdPatternStore *store, uint64_t number)
{
    return upd_pattern_store_path(store, "sets/%" G_GUINT64_FORMAT, number);
}

void upd_pattern_store_free(UpdPatternStore *store)
{
    if (store == NULL)
        return;
    hl_fd_clear(&store->lock);
    upd_set_free(store->active);
    upd_set_free(store->previous);
    json_decref(store->held);
    g_free(store->dir);
    g_free(store);
}

/* The number in "sets/N"; 0 if there is no such link. */
static uint64_t read_link(const UpdPatternStore *store, const char *name)
{
    g_autofree char *path = upd_pattern_store_path(store, "%s", name);
    char target[64];
    ssize_t n = readlink(path, target, sizeof target - 1);
    guint64 number;

    if (n < 0)
        return 0;
    target[n] = '\0';
    return g_str_has_prefix(target, "sets/") &&
                   g_ascii_string_to_unsigned(target + strlen("sets/"), 10, 1, G_MAXINT64, &number, NULL)
               ? number
               : 0;
}

/* One rename: anyone who follows the link sees the former target or the new one.  The sync makes it last: what is
 * reported as installed must not be gone after a power cut. */
static bool write_link(const UpdPatternStore *store, const char *name, uint64_t number, GError **error)
{
    g_autofree char *path = upd_pattern_store_path(store, "%s", name);
    g_autofree char *coming = upd_pattern_store_path(store, "%s.new", name);
    g_autofree char *target = g_strdup_printf("sets/%" G_GUINT64_FORMAT, number);

    if ((unlink(coming) != 0 && errno != ENOENT) || symlink(target, coming) != 0 || rename(coming, path) != 0)
        return hl_fail_errno(error, errno, "cannot switch %s to %s", path, target);
    return hl_dir_sync(store->dir, error);
}

static UpdSet *load_set(const UpdPatternStore *store, uint64_t number, GError **error)
{
    g_autofree char *directory = upd_pattern_store_set(store, number);

    return upd_set_load(directory, error);
}

static json_t *load_held(const UpdPatternStore *store)
{
    g_autofree char *path = upd_pattern_store_path(store, "held.json");
    g_autoptr(GBytes) bytes = hl_file_read(path, HELD_MAX, NULL);
    json_t *held =
        bytes == NULL ? NULL : hl_json_parse(path, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), NULL);

    if (json_is_object(held))
        return held;
    json_decref(held);
    return json_object();
}

static bool store_held(const UpdPatternStore *store, GError **error)
{
    g_autofree char *path = upd_pattern_store_path(store, "held.json");
    g_autofree char *text = hl_json_print(store->held);

    return hl_file_write_text(path, text, 0644, error);
}

/* Which set is the previous one is noted in the active set's record; the link is for people and for a record that
 * cannot be read. */
static void load_sets(UpdPatternStore *store)
{
    g_autoptr(GError) problem = NULL;
    uint64_t previous;

    store->active_number = read_link(store, "active");
    if (store->active_number != 0)
        store->active = load_set(store, store->active_number, &problem);
    if (problem != NULL)
        hl_warn("update", "%s", problem->message);
    previous = store->active != NULL ? store->active->replaces : read_link(store, "previous");
    if (previous != 0 && previous != store->active_number)
        store->previous = load_set(store, previous, NULL);
}

static UpdPatternStore *place_new(const char *dir)
{
    UpdPatternStore *store = g_new0(UpdPatternStore, 1);

    store->dir = g_canonicalize_filename(dir, NULL);
    store->lock = -1;
    return store;
}

UpdPatternStore *upd_pattern_store_read(const char *dir, GError **error)
{
    g_autoptr(UpdPatternStore) store = place_new(dir);

    if (!g_file_test(store->dir, G_FILE_TEST_IS_DIR)) {
        hl_fail(error, HL_ERROR_NOT_FOUND, "there is no directory %s: 'update --state-dir' makes it", store->dir);
        return NULL;
    }
    load_sets(store);
    store->held = load_held(store);
    return g_steal_pointer(&store);
}

static bool take_lock(UpdPatternStore *store, HlTime patience, GError **error)
{
    g_autofree char *path = upd_pattern_store_path(store, "lock");

    store->lock = hl_file_lock_wait(path, patience, error);
    if (store->lock < 0 && error != NULL && hl_error_code(*error) == HL_ERROR_CONFLICT)
        hl_error_prefix(error, "another update is running");
    return store->lock >= 0;
}

static bool write_previous(const UpdPatternStore *store, GError **error)
{
    g_autofree char *path = upd_pattern_store_path(store, "previous");
    uint64_t number = store->previous == NULL ? 0 : store->previous->number;

    if (read_link(store, "previous") == number)
        return true;
    if (number != 0)
        return write_link(store, "previous", number, error);
    if (unlink(path) != 0 && errno != ENOENT)
        return hl_fail_errno(error, errno, "cannot remove %s", path);
    return hl_dir_sync(store->dir, error);
}

bool upd_pattern_store_owe_reload(const UpdPatternStore *store, GError **error)
{
    g_autofree char *path = upd_pattern_store_path(store, RELOAD_MARK);

    return hl_file_write_text(path, "", 0644, error);
}

bool upd_pattern_store_owes_reload(const UpdPatternStore *store)
{
    g_autofree char *path = upd_pattern_store_path(store, RELOAD_MARK);

    return g_file_test(path, G_FILE_TEST_EXISTS);
}

void upd_pattern_store_reloaded(const UpdPatternStore *store)
{
    g_autofree char *path = upd_pattern_store_path(store, RELOAD_MARK);

    if (unlink(path) != 0 && errno != ENOENT) /* at worst there is one reload too many */
        hl_warn("update", "cannot remove %s: %s", path, g_strerror(errno));
}

/* Temporary files of hl_file_write that a crash left. */
static void remove_temporaries(const UpdPatternStore *store)
{
    g_autoptr(GDir) directory = g_dir_open(store->dir, 0, NULL);
    const char *name;

    while (directory != NULL && (name = g_dir_read_name(directory)) != NULL) {
        g_autofree char *path = upd_pattern_store_path(store, "%s", name);

        if (g_str_has_prefix(name, "held.json.") || g_str_has_prefix(name, RELOAD_MARK "."))
            unlink(path);
    }
}

bool upd_pattern_store_clean(const UpdPatternStore *store, GError **error)
{
    g_autofree char *sets = upd_pattern_store_path(store, "sets");
    g_autoptr(GDir) directory = g_dir_open(sets, 0, NULL);
    /* the link itself too: it may have been switched just before an error */
    const uint64_t keep[] = { store->active_number, store->previous == NULL ? 0 : store->previous->number,
                              read_link(store, "active") };
    const char *name;

    while (directory != NULL && (name = g_dir_read_name(directory)) != NULL) {
        g_autofree char *path = g_build_filename(sets, name, NULL);
        guint64 number = 0;
        bool kept = false;

        (void)g_ascii_string_to_unsigned(name, 10, 1, G_MAXINT64, &number, NULL);
        for (gsize i = 0; i < G_N_ELEMENTS(keep); i++)
            kept = kept || (number != 0 && number == keep[i]);
        if (!kept && !hl_tree_remove(path, error))
            return false;
    }
    return true;
}

UpdPatternStore *upd_pattern_store_open(const char *dir, HlTime patience, GError **error)
{
    static const char *const rooms[] = { "sets", "sources", "staging" };
    g_autoptr(UpdPatternStore) store = place_new(dir);

    for (gsize i = 0; i < G_N_ELEMENTS(rooms); i++) {
        g_autofree char *path = upd_pattern_store_path(store, "%s", rooms[i]);

        if (!hl_dir_make(path, 0755, error))
            return NULL;
    }
    if (!take_lock(store, patience, error))
        return NULL;
    load_sets(store);
    store->held = load_held(store);
    remove_temporaries(store);
    if (!write_previous(store, error) || !upd_pattern_store_clean(store, error))
        return NULL;
    return g_steal_pointer(&store);
}

/* One that is damaged, or cannot be read at all, is no set to go back to: the one before it stays that. */
static bool is_worth_keeping(const UpdSet *active)
{
    return active != NULL && upd_set_is_intact(active);
}

char *upd_pattern_store_begin(const UpdPatternStore *store, UpdSet *set, GError **error)
{
    uint64_t previous = store->previous == NULL ? 0 : store->previous->number;
    g_autofree char *directory = NULL;

    /* above every number in use, so that "replaces" never names another set than it meant */
    set->replaces = is_worth_keeping(store->active) ? store->active_number : previous;
    set->number = MAX(store->active_number, previous) + 1;
    directory = upd_pattern_store_set(store, set->number);
    if (!hl_tree_remove(directory, error) || !hl_dir_make(directory, 0755, error))
        return NULL;
    return g_steal_pointer(&directory);
}

bool upd_pattern_store_activate(UpdPatternStore *store, UpdSet *set, GError **error)
{
    g_autoptr(UpdSet) coming = set;
    g_autofree char *directory = upd_pattern_store_set(store, set->number);
    g_autofree char *sets = upd_pattern_store_path(store, "sets");

    /* what the link names is on disk before the link is: a power cut must not leave it pointing at half a set */
    if (!hl_dir_sync(directory, error) || !hl_dir_sync(sets, error) || !write_link(store, "active", set->number, error))
        return false;
    if (is_worth_keeping(store->active)) {
        upd_set_free(store->previous);
        store->previous = g_steal_pointer(&store->active);
    }
    upd_set_free(store->active);
    store->active_number = set->number;
    store->active = g_steal_pointer(&coming);
    return true;
}

/* The versions of the active set that the set before does not have. */
static void hold_back(UpdPatternStore *store)
{
    for (guint i = 0; store->active != NULL && i < store->active->components->len; i++) {
        const UpdSetComponent *component = store->active->components->pdata[i];
        const UpdSetComponent *before = upd_set_component(store->previous, component->name);

        if (before == NULL || before->version != component->version)
            json_object_set_new(store->held, component->name, json_integer(component->version));
    }
}

bool upd_pattern_store_go_back(UpdPatternStore *store, GError **error)
{
    g_assert(store->previous != NULL);
    hold_back(store);
    /* Noted before the switch.  A crash in between costs nothing: versions that stayed active are released at the next
     * switch.  The other way round the next update would install again what was just given up. */
    if (!store_held(store, error) || !write_link(store, "active", store->previous->number, error))
        return false;
    upd_set_free(store->active);
    store->active = g_steal_pointer(&store->previous);
    store->active_number = store->active->number;
    return true;
}

/* Versions that the active set has reached or passed are held back no longer. */
static bool release_held(UpdPatternStore *store, GError **error)
{
    bool changed = false;
    void *next;
    const char *name;
    json_t *version;

    json_object_foreach_safe(store->held, next, name, version)
    {
        const UpdSetComponent *component = upd_set_component(store->active, name);

        if (component != NULL && component->version >= json_integer_value(version)) {
            json_object_del(store->held, name);
            changed = true;
        }
    }
    return !changed || store_held(store, error);
}

void upd_pattern_store_settle(UpdPatternStore *store)
{
    g_autoptr(GError) problem = NULL;

    if (!write_previous(store, &problem) || !release_held(store, &problem) || !upd_pattern_store_clean(store, &problem))
        hl_warn("update", "the new set is active, but what is left of the former ones could not be removed: %s",
                problem->message);
}
