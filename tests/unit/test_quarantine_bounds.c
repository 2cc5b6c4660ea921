/* SPDX-License-Identifier: Apache-2.0 */
/* endpoint/scan/quarantine: how much it holds, for how long, and who else wants to open it. */
#include <string.h>
#include <unistd.h>

#include "endpoint/scan/allowed.h"
#include "endpoint/scan/quarantine_internal.h"
#include "endpoint/scan/release.h"
#include "tests/support/quarantine_world.h"

static void test_bounds(void)
{
    World world;
    g_autofree char *id = NULL;
    g_autoptr(GError) error = NULL;

    world_init(&world);
    world_close(&world);
    world.bounds.max_bytes = 30;
    world_open(&world);
    for (char name[] = "c"; name[0] >= 'a'; name[0]--) { /* c is the oldest */
        world_put(&world, name, "0123456789");
        world_must_take(&world, name, WORLD_NOW + ('c' - name[0]) * HL_DAY);
    }
    g_assert_cmpstr(world_record(&world, 0)->name, ==, "c");
    world_put(&world, "d", "0");
    g_assert_false(world_take(&world, "d", WORLD_NOW + 4 * HL_DAY, &id, &error)); /* nothing is destroyed for it */
    g_assert_error(error, HL_ERROR, HL_ERROR_FULL);
    g_assert_nonnull(strstr(error->message, "the quarantine is full"));
    g_clear_error(&error);
    world_assert_content(&world, "d", "0");
    g_assert_cmpuint(world_count(&world), ==, 3);

    g_assert_cmpuint(ep_quarantine_prune(world.quarantine, WORLD_NOW + 30 * HL_DAY), ==, 0);
    world_must_take(&world, "d", WORLD_NOW + 30 * HL_DAY + 1); /* c is past its age */
    g_assert_cmpuint(world_count(&world), ==, 3);
    g_assert_cmpstr(world_record(&world, 0)->name, ==, "b");
    g_assert_cmpuint(ep_quarantine_prune(world.quarantine, WORLD_NOW + 32 * HL_DAY + 1), ==, 2);
    g_assert_cmpstr(world_record(&world, 0)->name, ==, "d");
    world_close(&world);
    world.bounds = (EpQuarantineBounds){ .max_bytes = 0 }; /* a bound that has become smaller destroys nothing either */
    world_open(&world);
    g_assert_cmpuint(ep_quarantine_prune(world.quarantine, WORLD_NOW + 9999 * HL_DAY), ==, 0);
    g_assert_cmpuint(world_count(&world), ==, 1);
    world_close(&world);
    world.bounds = (EpQuarantineBounds){ .max_bytes = 14, .max_age = HL_HOUR };
    world_open(&world);
    g_assert_cmpuint(ep_quarantine_prune(world.quarantine, WORLD_NOW + 9999 * HL_DAY), ==, 1);
    g_assert_cmpuint(world_count_entries(world.store), ==, 0);

    world_put(&world, "e", "01234");
    g_assert_true(world_take(&world, "e", WORLD_NOW, &id, NULL));
    g_assert_true(ep_quarantine_delete(world.quarantine, id, NULL));
    g_assert_false(ep_quarantine_delete(world.quarantine, id, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_NOT_FOUND);
    g_assert_cmpuint(world_count_entries(world.store), ==, 0);
    world_clear(&world);
}

static gpointer open_patiently(gpointer user)
{
    World *world = user;

    return ep_quarantine_open(world->store, (EpQuarantineBounds){ .max_bytes = 1, .patience = HL_HOUR }, NULL);
}

/* Somebody who lists it, or another scan, has it open for a moment: what is found meanwhile is no failure. */
static void test_patience(void)
{
    World world;
    g_autoptr(GError) error = NULL;
    EpQuarantine *other;
    GThread *thread;

    world_init(&world);
    g_assert_null(ep_quarantine_open(world.store, world.bounds, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_CONFLICT);
    thread = g_thread_new("patient", open_patiently, &world);
    world_close(&world);
    other = g_thread_join(thread);
    g_assert_nonnull(other);
    ep_quarantine_close(other);
    world_clear(&world);
}

/* What is put back is allowed before it is there; what stays is allowed only if it was. */
static void test_allowed(void)
{
    World world;
    g_autofree char *id = NULL;
    g_autofree char *hash = NULL;
    g_autofree char *list = NULL;
    g_autofree char *path = NULL;
    g_autoptr(GError) error = NULL;

    world_init(&world);
    list = g_build_filename(world.top, "allowed", NULL);
    world_put(&world, "a", "bad");
    g_assert_true(world_take(&world, "a", WORLD_NOW, &id, NULL));
    hash = g_strdup(world_record(&world, 0)->sha256);
    world_put(&world, "a", "in its place");
    g_assert_false(ep_release_restore(world.quarantine, id, list, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_EXISTS);
    g_clear_error(&error);
    g_assert_false(ep_allowed_has(list, hash));
    g_assert_true(ep_allowed_add(list, hash, NULL));
    g_assert_false(ep_release_restore(world.quarantine, id, list, NULL));
    g_assert_true(ep_allowed_has(list, hash));
    g_assert_true(ep_allowed_remove(list, hash, NULL));

    path = world_path(&world, "a");
    g_assert_cmpint(unlink(path), ==, 0);
    g_assert_false(ep_release_restore(world.quarantine, id, world.top, &error)); /* a list that cannot be written */
    g_assert_nonnull(strstr(error->message, "stays in the quarantine"));
    g_clear_error(&error);
    g_assert_cmpuint(world_count(&world), ==, 1);
    g_assert_false(ep_release_restore(world.quarantine, "no-such", list, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_NOT_FOUND);
    g_assert_true(ep_release_restore(world.quarantine, id, list, NULL));
    g_assert_true(ep_allowed_has(list, hash));
    world_assert_content(&world, "a", "bad");
    world_clear(&world);
}

static void add_one(EpQuarantine *quarantine, uint32_t uid, int64_t size)
{
    EpRecord *record = g_new0(EpRecord, 1);

    record->id = g_strdup("q-x");
    record->uid = uid;
    record->size = size;
    ep_quarantine_add(quarantine, record);
}

/* One user does not fill it for the others; whose it is may. */
static void test_shares(void)
{
    uint32_t own = geteuid();
    EpQuarantine full = { .bounds = { .max_bytes = 2 * EP_QUARANTINE_MAX_FILES } };
    g_autoptr(GError) error = NULL;

    full.records = g_ptr_array_new_with_free_func((GDestroyNotify)ep_record_free);
    g_assert_false(ep_quarantine_check_room(&full, own + 1, EP_QUARANTINE_MAX_FILES + 1, 0, NULL));
    for (guint i = 0; i < EP_QUARANTINE_MAX_FILES / 2; i++)
        add_one(&full, own + 1, 1);
    g_assert_false(ep_quarantine_check_room(&full, own + 1, 0, 0, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_FULL);
    g_assert_nonnull(strstr(error->message, "would have 5001 files"));
    g_assert_true(ep_quarantine_check_room(&full, own + 2, EP_QUARANTINE_MAX_FILES, 0, NULL));
    add_one(&full, own + 2, 7);
    g_assert_true(ep_quarantine_check_room(&full, own + 2, EP_QUARANTINE_MAX_FILES - 7, 0, NULL));
    g_assert_false(ep_quarantine_check_room(&full, own + 2, EP_QUARANTINE_MAX_FILES - 6, 0, NULL));
    g_assert_true(ep_quarantine_check_room(&full, own, EP_QUARANTINE_MAX_FILES + 1, 0, NULL));
    g_ptr_array_unref(full.records);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/quarantine/bounds", test_bounds);
    g_test_add_func("/quarantine/bounds/patience", test_patience);
    g_test_add_func("/quarantine/bounds/allowed", test_allowed);
    g_test_add_func("/quarantine/bounds/shares", test_shares);
    return g_test_run();
}
