/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the quarantine share; not for others. */
#ifndef ENDPOINT_SCAN_QUARANTINE_INTERNAL_H
#define ENDPOINT_SCAN_QUARANTINE_INTERNAL_H

#include "endpoint/scan/quarantine.h"

#define EP_CRATE_SUFFIX  ".crate"
#define EP_RECORD_SUFFIX ".json"

struct EpQuarantine {
    char *directory;
    int lock; /* the directory, under flock */
    EpQuarantineBounds bounds;
    GPtrArray *records; /* EpRecord *, oldest first */
    int64_t bytes;
};

/* The path of one of its two files.  Caller frees. */
char *ep_quarantine_path(const EpQuarantine *quarantine, const char *id, const char *suffix);

/* Writes the record with this state, durably; the record has the state only if that worked. */
bool ep_quarantine_note(EpQuarantine *quarantine, EpRecord *record, EpRecordState state,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Counts the record, which is the quarantine's from now on, among those that it has. */
void ep_quarantine_add(EpQuarantine *quarantine, EpRecord *record);

/* NULL, with an error, if there is none. */
EpRecord *ep_quarantine_find(const EpQuarantine *quarantine, const char *id, GError **error);

/* Removes both files.  The record first: a crate without one is rubbish, a record without a crate would be a loss. */
bool ep_quarantine_erase(EpQuarantine *quarantine, const char *id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The same, and frees the record. */
bool ep_quarantine_discard(EpQuarantine *quarantine, EpRecord *record, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether a file of so many bytes of this user has room, at the latest when what is past its age is gone.
 * HL_ERROR_FULL: it has not. */
bool ep_quarantine_check_room(EpQuarantine *quarantine, uint32_t uid, int64_t size, HlTime now,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Reads all records, settles each, removes rubbish. */
bool ep_quarantine_recover(EpQuarantine *quarantine, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Brings a record that is not at rest to rest.  HELD: it is, or its directory cannot be looked at now.  RETURNED: the
 * content is at its place, and the record is to be discarded. */
typedef enum { EP_SETTLED_HELD, EP_SETTLED_RETURNED } EpSettled;
EpSettled ep_quarantine_settle(EpQuarantine *quarantine, EpRecord *record);

#endif
