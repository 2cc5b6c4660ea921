/* SPDX-License-Identifier: Apache-2.0 */
/* A set of pattern files in a directory of its own, described by its set.json.
 *
 *   <directory>/set.json
 *   <directory>/COMPONENT.NAME      each file, flat, because the engine loads one directory
 *
 * A set is immutable: a change of patterns is another set.  Blocking, one thread. */
#ifndef UPDATER_INSTALL_SET_H
#define UPDATER_INSTALL_SET_H

#include <stdint.h>

#include "lib/base/clock.h"
#include "lib/base/json.h"

#define UPD_SET_RECORD "set.json"

typedef struct {
    char *component, *name; /* name as published */
    char *sha256;           /* lower-case hexadecimal */
    int64_t length;
    bool intact; /* as upd_set_check found it */
} UpdSetFile;

typedef struct {
    char *name;
    int64_t version;
    int64_t role;       /* version of the signed metadata that offered it; 0: not recorded */
    int64_t signatures; /* as the publisher's engine counted them; -1: not recorded */
} UpdSetComponent;

typedef struct {
    uint64_t number;
    uint64_t replaces; /* the set that was active before; 0: none */
    HlTime installed;  /* wall clock */
    char *source;
    GPtrArray *components; /* of UpdSetComponent */
    GPtrArray *files;      /* of UpdSetFile */
} UpdSet;

UpdSet *upd_set_new(void);
void upd_set_free(UpdSet *set);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(UpdSet, upd_set_free)

/* These belong to the set; texts are copied. */
UpdSetComponent *upd_set_add_component(UpdSet *set, const char *name, int64_t version, int64_t signatures);
UpdSetFile *upd_set_add_file(UpdSet *set, const char *component, const char *name, const char *sha256, int64_t length);

/* NULL if the set (which may be NULL) has no such component. */
const UpdSetComponent *upd_set_component(const UpdSet *set, const char *name);

/* "virus=2026112203 rules=2026112201"; empty for NULL.  "virus 2026112203, rules 2026112201", or "none".  Caller frees.
 */
char *upd_set_versions(const UpdSet *set);
char *upd_set_describe(const UpdSet *set);

/* Reads set.json of a directory; NULL on failure. */
UpdSet *upd_set_load(const char *directory, GError **error);

/* Writes it durably. */
bool upd_set_store(const UpdSet *set, const char *directory, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The name that a file of a component has in its set.  Caller frees. */
char *upd_set_file_name(const char *component, const char *name);

/* Whether path is a regular file of this length and hash. */
bool upd_set_file_holds(const char *path, int64_t length, const char *sha256);

/* Compares every file with its record and notes which are intact.  False, naming the first, if one is not. */
bool upd_set_check(UpdSet *set, const char *directory, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What upd_set_check found. */
bool upd_set_is_intact(const UpdSet *set);

#endif
