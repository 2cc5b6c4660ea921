/* SPDX-License-Identifier: Apache-2.0 */
/* Where endpoints are told that the server is, and what each has done about it.  As registry.h: loading blocks, changes
 * are statements added to an HlWriteSet.
 *
 * In backups, and in the journal too: which keys endpoints know the server by is not undone by a restore.  The
 * addresses are: a registry that is restored may announce an older list, which endpoints try, and leave again if nobody
 * answers there. */
#ifndef MANAGER_STORE_PLACES_H
#define MANAGER_STORE_PLACES_H

#include "lib/base/clock.h"
#include "lib/base/json.h"
#include "lib/store/db.h"
#include "lib/store/writer.h"
#include "manager/store/registry.h"

#define MGR_PLACES_SINCE 17 /* the version of the registry that has all of it */

typedef struct {
    uint64_t counter;   /* 0: nothing was announced, and the rest is NULL */
    uint64_t base;      /* for writing: the counter of what it was made of */
    char **brokers;     /* host:port */
    char **servers;     /* URLs, the preferred one first */
    char **keys;        /* public halves of sealing keys in hexadecimal, the newest first; empty: the one that signs */
    char **authorities; /* ids (lib/pki/trust.h) of the authorities, the one that issues first; empty: the one of now */
    HlTime authority_ends; /* of the first of them, in the journal alone; 0: not known */
    HlTime changed_at;
    HlTime keys_since, authorities_since; /* wall: when those became what they are; 0: not known.  Not in the journal */
    json_t *ended; /* id of an authority that counted once -> when it ended (wall); NULL: of none it is known.  Not in
                    * the journal */
    char *changed_by;
} MgrPlaceRecord;

typedef struct {
    uint64_t counter;
    GBytes *digest;
    char *state, *detail; /* AppliedServer */
    char *serial;         /* of the certificate that it came with last; "" or NULL: not known */
    HlTime at;            /* wall: when it was told */
} MgrToldRecord;

void mgr_place_record_clear(MgrPlaceRecord *record);
void mgr_told_record_clear(MgrToldRecord *record);

MgrPlaceRecord mgr_place_record_copy(const MgrPlaceRecord *record);

/* Whether an authority of this id was announced and counts no longer ("": not known, so it does).  false too where none
 * was announced. */
bool mgr_place_has_ended(const MgrPlaceRecord *record, const char *authority);

/* The same as ended, and those that counted before and do not in after: they end at that time.  New reference. */
json_t *mgr_place_ended(const MgrPlaceRecord *before, char *const *after, HlTime at);

/* When the certificate ends, which it does with its authority, if that was ended sooner (finish --force).  began: when
 * the present authority did. */
HlTime mgr_place_end_of(const MgrPlaceRecord *record, const MgrCertificateRecord *certificate, HlTime began);

/* The receiver takes what it wants out of the record; the rest is freed. */
typedef void (*MgrToldFn)(int64_t endpoint, MgrToldRecord *record, gpointer user);

/* *record is zeroed before. */
bool mgr_registry_load_place(HlDb *db, MgrPlaceRecord *record, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The addresses alone, of a registry that nothing else may touch yet: neither migrated nor written.  Empty if nothing
 * was announced, or it cannot be read.  Free with g_strfreev. */
char **mgr_registry_peek_brokers(const char *path);
bool mgr_registry_load_told(HlDb *db, MgrToldFn fn, gpointer user, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Puts counter, keys and authorities in place of those that are there, and the addresses where there are none. */
bool mgr_registry_put_place(HlDb *db, const MgrPlaceRecord *record, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Fails the set with HL_ERROR_CONFLICT if another one is stored meanwhile than the one that it was made of. */
void mgr_write_place(HlWriteSet *set, const MgrPlaceRecord *record);
/* Leaves an endpoint alone that was removed meanwhile. */
void mgr_write_told(HlWriteSet *set, int64_t endpoint, const MgrToldRecord *record);
void mgr_write_untold(HlWriteSet *set, int64_t endpoint);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MgrPlaceRecord, mgr_place_record_clear)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MgrToldRecord, mgr_told_record_clear)

#endif
