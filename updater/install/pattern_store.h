/* SPDX-License-Identifier: Apache-2.0 */
/* The state directory of an endpoint's patterns: which set is active, which one was before, what is held back.
 *
 *   sets/<number>/       pattern sets (set.h); none but the active and the previous one outlive a run
 *   active -> sets/N     switched by one rename: the only moment at which anything changes for the engine
 *   previous -> sets/M   follows from the active set's record ("replaces"); repaired when a crash came between
 *   held.json            versions that were rolled back from, by component
 *   reload-pending       clamd was not told of the active set yet, or perhaps of one that was about to be switched to
 *   staging/             downloads that are not installed yet, by hash
 *   sources/NAME/        TUF metadata of each source (updater/client/cache.h)
 *   lock
 *
 * Whatever step is the last before a crash, active names a whole set, the old one or the new one. */
#ifndef UPDATER_INSTALL_PATTERN_STORE_H
#define UPDATER_INSTALL_PATTERN_STORE_H

#include "updater/install/set.h"

typedef struct {
    char *dir;
    int lock;
    uint64_t active_number; /* 0: there is no active set */
    UpdSet *active;         /* NULL: none, or one whose record cannot be read */
    UpdSet *previous;       /* NULL: none */
    json_t *held;           /* {"virus": 2026112203} */
} UpdPatternStore;

/* Makes what is missing, waits for the lock no longer than patience (HL_ERROR_CONFLICT names its holder), puts right
 * what a crash left. */
UpdPatternStore *upd_pattern_store_open(const char *dir, HlTime patience, GError **error);

/* To look at it only: no lock, nothing is changed. */
UpdPatternStore *upd_pattern_store_read(const char *dir, GError **error);
void upd_pattern_store_free(UpdPatternStore *store);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(UpdPatternStore, upd_pattern_store_free)

/* A path inside.  Caller frees. */
char *upd_pattern_store_path(const UpdPatternStore *store, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* The directory of a set.  Caller frees. */
char *upd_pattern_store_set(const UpdPatternStore *store, uint64_t number);

/* A new, empty directory for set->number, which is chosen here, as is what it replaces: the active set, or the previous
 * one where upd_set_check found the active one damaged.  Caller frees; NULL on failure. */
char *upd_pattern_store_begin(const UpdPatternStore *store, UpdSet *set, GError **error);

/* Makes that set the active one and what it replaces the previous; takes the set.  Nothing is in force before,
 * everything after. */
bool upd_pattern_store_activate(UpdPatternStore *store, UpdSet *set, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The previous set becomes active, then there is none before it, and the versions that only the set before had are held
 * back. */
bool upd_pattern_store_go_back(UpdPatternStore *store, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* After either: the link "previous", the versions held back, the sets that are not needed.  What fails is logged, and
 * done when the store is opened the next time. */
void upd_pattern_store_settle(UpdPatternStore *store);

/* The mark that clamd is to be told: written before a switch, so that whatever ends the run after it, a later one makes
 * up for it. */
bool upd_pattern_store_owe_reload(const UpdPatternStore *store, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool upd_pattern_store_owes_reload(const UpdPatternStore *store);
void upd_pattern_store_reloaded(const UpdPatternStore *store);

/* Removes every set but the active and the previous one. */
bool upd_pattern_store_clean(const UpdPatternStore *store, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
