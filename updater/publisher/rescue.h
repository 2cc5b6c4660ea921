/* SPDX-License-Identifier: Apache-2.0 */
/* What is left of the metadata of a damaged repository, wherever it is: in metadata/, in private/reader (what the
 * publisher's own client trusts: a second copy of all that is in force, and of every root), and in a copy that somebody
 * names.
 *
 * Finding, not judging by name: a file counts for what it says and for who signed it.  One thread. */
#ifndef UPDATER_PUBLISHER_RESCUE_H
#define UPDATER_PUBLISHER_RESCUE_H

#include "updater/publisher/repo.h"

typedef struct {
    const UpdRepo *repo;
    const char *copy; /* another copy of the repository, a mirror's, or a client's metadata; NULL: none */
    void (*note)(const char *text, bool repaired, gpointer user); /* one line for people, as things are found */
    gpointer user;
    guint repaired, lost; /* counted */
} UpdRescue;

void upd_rescue_repaired(UpdRescue *rescue, const char *format, ...) G_GNUC_PRINTF(2, 3);
void upd_rescue_lost(UpdRescue *rescue, const char *format, ...) G_GNUC_PRINTF(2, 3);

typedef struct {
    GBytes *bytes;
    json_t *envelope;
    char *origin;  /* the file, for people */
    bool in_place; /* it is where clients ask for it */
} UpdFound;

/* Every file that has the form of this role's metadata; what is in place comes first.  Of UpdFound; caller unrefs. */
GPtrArray *upd_rescue_find(const UpdRescue *rescue, const char *role);

/* The one with exactly the listed version, length and hash; NULL if there is none, or listed is. */
const UpdFound *upd_rescue_exact(const GPtrArray *found, const json_t *listed);

/* Whether a threshold of the definition's keys has signed it. */
bool upd_rescue_is_signed(const UpdFound *found, const json_t *keys, const json_t *definition);

/* The highest version that is signed; NULL if none is. */
const UpdFound *upd_rescue_newest(const GPtrArray *found, const json_t *keys, const json_t *definition);

/* Every root in its place again, as far as that can be; the newest one.  One between two others is made again from the
 * later one where the keys of root are here.  NULL on failure: without the newest root nothing else can be judged. */
json_t *upd_rescue_roots(UpdRescue *rescue, GError **error);

#endif
