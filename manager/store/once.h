/* SPDX-License-Identifier: Apache-2.0 */
/* What was done under an Idempotency-Key.  As registry.h: loading blocks, changes are statements added to an
 * HlWriteSet.
 *
 * In backups, and not in the journal: a restore that loses what was done loses this with it. */
#ifndef MANAGER_STORE_ONCE_H
#define MANAGER_STORE_ONCE_H

#include "lib/base/clock.h"
#include "lib/store/db.h"
#include "lib/store/writer.h"

typedef struct {
    const char *account;
    const char *key;    /* SHA-256 of it, in hexadecimal */
    const char *digest; /* SHA-256 of what was asked, but for secrets; behind a word that says how long it is kept */
    HlTime at;
    const char *code, *message; /* of an error that came after it was done; "" */
    const char *answer;         /* JSON; NULL: not known */
} MgrOnceRecord;

/* Everything is borrowed for the call; size: bytes of answer and message. */
typedef void (*MgrOnceFn)(const MgrOnceRecord *record, gsize size, gpointer user);

/* All of them, without their answers. */
bool mgr_registry_load_once(HlDb *db, MgrOnceFn fn, gpointer user, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* One, whole; fn is not called where there is none. */
bool mgr_registry_read_once(HlDb *db, const char *account, const char *key, MgrOnceFn fn, gpointer user,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* In the set of the change itself: it is being done. */
void mgr_write_once(HlWriteSet *set, const MgrOnceRecord *record);

/* What was answered. */
void mgr_write_once_answer(HlWriteSet *set, const MgrOnceRecord *record);

/* What mgr_write_once wrote for this claim, and no later one, is gone. */
void mgr_write_once_removal(HlWriteSet *set, const MgrOnceRecord *record);

/* Those of before are gone; of those whose digest has this beginning, those of before own_before. */
void mgr_write_once_sweep(HlWriteSet *set, HlTime before, const char *own, HlTime own_before);

#endif
