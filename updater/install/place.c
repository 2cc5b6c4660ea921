#include "updater/install/place.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/log.h"

#define RELOAD_MARK "reload-pending"

enum { HELD_MAX = 16 * 1024 };

char *upd_place_path(const UpdPlace *place, const char *format, ...)
{
    g_autofree char *name = NULL;
    va_list args;

    va_start(args, format);
    name = g_strdup_vprintf(format, args);
    va_end(args);
    return g_build_filename(place->dir, name, NULL);
}

char *upd_place_set(const UpdPlace *place, uint64_t number)
{
    return upd_place_path(place, "sets/%" G_GUINT64_FORMAT, number);
}

void upd_place_free(UpdPlace *place)
{
    if (place == NULL)
        return;
    hl_fd_clear(&place->lock);
    upd_set_free(place->active);
    upd_set_free(place->previous);
    json_decref(place->held);
    g_free(place->dir);
    g_free(place);
}

/* The number in "sets/N"; 0 if there is no such link. */
static uint64_t read_link(const UpdPlace *place, const char *name)
{
    g_autofree char *path = upd_place_path(place, "%s", name);
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

/* One rename: whoever follows the link sees the former target or the new one. */
static bool write_link(const UpdPlace *place, const char *name, uint64_t number, GError **error)
{
    g_autofree char *path = upd_place_path(place, "%s", name);
    g_autofree char *coming = upd_place_path(place, "%s.new", name);
    g_autofree char *target = g_strdup_printf("sets/%" G_GUINT64_FORMAT, number);

    if ((unlink(coming) != 0 && errno != ENOENT) || symlink(target, coming) != 0 || rename(coming, path) != 0)
        return hl_fail_errno(error, errno, "cannot switch %s to %s", path, target);
    return hl_dir_sync(place->dir, error);
}

static UpdSet *load_set(const UpdPlace *place, uint64_t number, GError **error)
{
    g_autofree char *directory = upd_place_set(place, number);

    return upd_set_load(directory, error);
}

static json_t *load_held(const UpdPlace *place)
{
    g_autofree char *path = upd_place_path(place, "held.json");
    g_autoptr(GBytes) bytes = hl_file_read(path, HELD_MAX, NULL);
    json_t *held =
        bytes == NULL ? NULL : hl_json_parse(path, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), NULL);

    if (json_is_object(held))
        return held;
    json_decref(held);
    return json_object();
}

static bool store_held(const UpdPlace *place, GError **error)
{
    g_autofree char *path = upd_place_path(place, "held.json");
    g_autofree char *text = hl_json_print(place->held);

    return hl_file_write_text(path, text, 0644, error);
}

/* Which set is the previous one stands in the active set's record; the link is for people and for a record that cannot
 * be read. */
static void load_sets(UpdPlace *place)
{
    g_autoptr(GError) problem = NULL;
    uint64_t previous;

    place->active_number = read_link(place, "active");
    if (place->active_number != 0)
        place->active = load_set(place, place->active_number, &problem);
    if (problem != NULL)
        hl_warn("update", "%s", problem->message);
    previous = place->active != NULL ? place->active->replaces : read_link(place, "previous");
    if (previous != 0 && previous != place->active_number)
        place->previous = load_set(place, previous, NULL);
}

static UpdPlace *place_new(const char *dir)
{
    UpdPlace *place = g_new0(UpdPlace, 1);

    place->dir = g_canonicalize_filename(dir, NULL);
    place->lock = -1;
    return place;
}

UpdPlace *upd_place_read(const char *dir, GError **error)
{
    g_autoptr(UpdPlace) place = place_new(dir);

    if (!g_file_test(place->dir, G_FILE_TEST_IS_DIR)) {
        hl_fail(error, HL_ERROR_NOT_FOUND, "there is no directory %s: 'update --state-dir' makes it", place->dir);
        return NULL;
    }
    load_sets(place);
    place->held = load_held(place);
    return g_steal_pointer(&place);
}

static bool take_lock(UpdPlace *place, HlTime patience, GError **error)
{
    g_autofree char *path = upd_place_path(place, "lock");

    place->lock = hl_file_lock_wait(path, patience, error);
    if (place->lock < 0 && error != NULL && hl_error_code(*error) == HL_ERROR_CONFLICT)
        hl_error_prefix(error, "another update is running");
    return place->lock >= 0;
}

static bool write_previous(const UpdPlace *place, GError **error)
{
    g_autofree char *path = upd_place_path(place, "previous");
    uint64_t number = place->previous == NULL ? 0 : place->previous->number;

    if (read_link(place, "previous") == number)
        return true;
    if (number != 0)
        return write_link(place, "previous", number, error);
    if (unlink(path) != 0 && errno != ENOENT)
        return hl_fail_errno(error, errno, "cannot remove %s", path);
    return hl_dir_sync(place->dir, error);
}

bool upd_place_owe_reload(const UpdPlace *place, GError **error)
{
    g_autofree char *path = upd_place_path(place, RELOAD_MARK);

    return hl_file_write_text(path, "", 0644, error);
}

bool upd_place_owes_reload(const UpdPlace *place)
{
    g_autofree char *path = upd_place_path(place, RELOAD_MARK);

    return g_file_test(path, G_FILE_TEST_EXISTS);
}

void upd_place_reloaded(const UpdPlace *place)
{
    g_autofree char *path = upd_place_path(place, RELOAD_MARK);

    if (unlink(path) != 0 && errno != ENOENT) /* one reload too many is the harm */
        hl_warn("update", "cannot remove %s: %s", path, g_strerror(errno));
}

/* Temporary files of hl_file_write that a crash left. */
static void remove_temporaries(const UpdPlace *place)
{
    g_autoptr(GDir) directory = g_dir_open(place->dir, 0, NULL);
    const char *name;

    while (directory != NULL && (name = g_dir_read_name(directory)) != NULL) {
        g_autofree char *path = upd_place_path(place, "%s", name);

        if (g_str_has_prefix(name, "held.json.") || g_str_has_prefix(name, RELOAD_MARK "."))
            unlink(path);
    }
}

bool upd_place_clean(const UpdPlace *place, GError **error)
{
    g_autofree char *sets = upd_place_path(place, "sets");
    g_autoptr(GDir) directory = g_dir_open(sets, 0, NULL);
    /* the link itself too: it may have been switched just before an error */
    const uint64_t keep[] = { place->active_number, place->previous == NULL ? 0 : place->previous->number,
                              read_link(place, "active") };
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

UpdPlace *upd_place_open(const char *dir, HlTime patience, GError **error)
{
    static const char *const rooms[] = { "sets", "sources", "staging" };
    g_autoptr(UpdPlace) place = place_new(dir);

    for (gsize i = 0; i < G_N_ELEMENTS(rooms); i++) {
        g_autofree char *path = upd_place_path(place, "%s", rooms[i]);

        if (!hl_dir_make(path, 0755, error))
            return NULL;
    }
    if (!take_lock(place, patience, error))
        return NULL;
    load_sets(place);
    place->held = load_held(place);
    remove_temporaries(place);
    if (!write_previous(place, error) || !upd_place_clean(place, error))
        return NULL;
    return g_steal_pointer(&place);
}

/* One that is damaged, or cannot be read at all, is no set to go back to: the one before it stays that. */
static bool is_worth_keeping(const UpdSet *active)
{
    return active != NULL && upd_set_is_intact(active);
}

char *upd_place_begin(const UpdPlace *place, UpdSet *set, GError **error)
{
    uint64_t previous = place->previous == NULL ? 0 : place->previous->number;
    g_autofree char *directory = NULL;

    /* above every number in use, so that "replaces" never names another set than it meant */
    set->replaces = is_worth_keeping(place->active) ? place->active_number : previous;
    set->number = MAX(place->active_number, previous) + 1;
    directory = upd_place_set(place, set->number);
    if (!hl_tree_remove(directory, error) || !hl_dir_make(directory, 0755, error))
        return NULL;
    return g_steal_pointer(&directory);
}

bool upd_place_activate(UpdPlace *place, UpdSet *set, GError **error)
{
    g_autoptr(UpdSet) coming = set;
    g_autofree char *directory = upd_place_set(place, set->number);
    g_autofree char *sets = upd_place_path(place, "sets");

    if (!hl_dir_sync(directory, error) || !hl_dir_sync(sets, error) || !write_link(place, "active", set->number, error))
        return false;
    if (is_worth_keeping(place->active)) {
        upd_set_free(place->previous);
        place->previous = g_steal_pointer(&place->active);
    }
    upd_set_free(place->active);
    place->active_number = set->number;
    place->active = g_steal_pointer(&coming);
    return true;
}

/* The versions of the active set that the set before does not have. */
static void hold_back(UpdPlace *place)
{
    for (guint i = 0; place->active != NULL && i < place->active->components->len; i++) {
        const UpdSetComponent *component = place->active->components->pdata[i];
        const UpdSetComponent *before = upd_set_component(place->previous, component->name);

        if (before == NULL || before->version != component->version)
            json_object_set_new(place->held, component->name, json_integer(component->version));
    }
}

bool upd_place_go_back(UpdPlace *place, GError **error)
{
    g_assert(place->previous != NULL);
    hold_back(place);
    if (!store_held(place, error) || !write_link(place, "active", place->previous->number, error))
        return false;
    upd_set_free(place->active);
    place->active = g_steal_pointer(&place->previous);
    place->active_number = place->active->number;
    return true;
}

/* Versions that the active set has reached or passed are held back no longer. */
static bool release_held(UpdPlace *place, GError **error)
{
    bool changed = false;
    void *next;
    const char *name;
    json_t *version;

    json_object_foreach_safe(place->held, next, name, version)
    {
        const UpdSetComponent *component = upd_set_component(place->active, name);

        if (component != NULL && component->version >= json_integer_value(version)) {
            json_object_del(place->held, name);
            changed = true;
        }
    }
    return !changed || store_held(place, error);
}

void upd_place_settle(UpdPlace *place)
{
    g_autoptr(GError) problem = NULL;

    if (!write_previous(place, &problem) || !release_held(place, &problem) || !upd_place_clean(place, &problem))
        hl_warn("update", "the new set is active, but what is left of the former ones is not tidied up: %s",
                problem->message);
}
