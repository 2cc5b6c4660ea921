/* SPDX-License-Identifier: Apache-2.0 */
/* A directory with files that a scanner has found, and a quarantine beside it. */
#ifndef TESTS_SUPPORT_QUARANTINE_WORLD_H
#define TESTS_SUPPORT_QUARANTINE_WORLD_H

#include "endpoint/scan/quarantine.h"

#define WORLD_NOW ((HlTime)1795385700 * HL_SECOND)

typedef struct {
    char *top, *origin, *store;
    EpQuarantineBounds bounds;
    EpQuarantine *quarantine; /* NULL: closed */
} World;

void world_init(World *world);
void world_clear(World *world);
void world_open(World *world);
void world_close(World *world);

/* The path of a file in the origin.  Caller frees. */
char *world_path(const World *world, const char *name);
void world_put(const World *world, const char *name, const char *content);
void world_assert_content(const World *world, const char *name, const char *content);
guint world_count_entries(const char *directory);

/* What a scanner hands over: examined by world_look, given to the quarantine by world_hand_over. */
typedef struct {
    int directory, file;
    char *sha256;
    EpFind find;
} WorldFind;

void world_look(const World *world, const char *name, WorldFind *found);
bool world_hand_over(World *world, const char *name, WorldFind *found, HlTime now, char **id,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Both. */
bool world_take(World *world, const char *name, HlTime now, char **id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The same, which must succeed. */
void world_must_take(World *world, const char *name, HlTime now);

/* What the quarantine holds; the oldest is number 0. */
guint world_count(const World *world);
const EpRecord *world_record(const World *world, guint i);

#endif
