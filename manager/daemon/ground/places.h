/* SPDX-License-Identifier: Apache-2.0 */
/* Where endpoints are told that the server is, in memory: part of the fleet (fleet.h), by its rules. */
#ifndef MANAGER_DAEMON_GROUND_PLACES_H
#define MANAGER_DAEMON_GROUND_PLACES_H

#include "manager/store/places.h"

typedef struct {
    MgrPlaceRecord announced;
    GHashTable *told; /* number of an endpoint -> MgrToldRecord *; of removed ones too, until the next start */
} MgrPlaces;

/* Zeroed before. */
bool mgr_places_load(MgrPlaces *places, HlDb *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void mgr_places_clear(MgrPlaces *places);

/* false: none was announced, and so none has ended. */
bool mgr_places_tell_authorities(const MgrPlaces *places);

/* Whether an authority of this id was announced and counts no longer ("": not known, so it does). */
bool mgr_places_has_ended(const MgrPlaces *places, const char *authority);

/* What the endpoint of this number told last; NULL: that it has nothing, or nothing at all. */
const MgrToldRecord *mgr_places_told(const MgrPlaces *places, int64_t number);

/* Takes what is in the record, which is left empty; NULL: it has nothing. */
void mgr_places_note(MgrPlaces *places, int64_t number, MgrToldRecord *record);

#endif
