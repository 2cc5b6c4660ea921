/* SPDX-License-Identifier: Apache-2.0 */
/* The places where the server is, or was, as its own documents say: read from and written to the store.
 *
 * A document is kept as it came, without its signature, which was checked before. */
#ifndef ENDPOINT_DAEMON_WORK_PLACE_H
#define ENDPOINT_DAEMON_WORK_PLACE_H

#include "lib/base/clock.h"
#include "lib/store/db.h"
#include "proto/messages.h"

typedef enum {
    EP_PLACE_IN_FORCE, /* the manager answered there */
    EP_PLACE_OFFERED,  /* nobody has confirmed it yet */
    EP_PLACE_PREVIOUS, /* was in force before: the last resort */
    EP_PLACE_N
} EpPlaceRole;

typedef struct {
    HlMsgServerDocument *document; /* NULL: there is none of this role, and the rest is 0 */
    GBytes *digest;
    uint32_t tries; /* OFFERED: trials that failed */
    char *detail;   /* why the last one did; "": none did */
    HlTime at;      /* wall */
} EpPlace;

void ep_place_clear(EpPlace *place);

/* Takes the document. */
void ep_place_set(EpPlace *place, HlMsgServerDocument *document, HlTime at);

/* All of them; the array is zeroed before.  One that cannot be read is left out, and logged: the others, and what the
 * enrolment said, still hold. */
bool ep_place_load(EpPlace places[EP_PLACE_N], HlDb *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* An empty one is removed. */
bool ep_place_store(const EpPlace *place, EpPlaceRole role, HlDb *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(EpPlace, ep_place_clear)

#endif
