/* SPDX-License-Identifier: Apache-2.0 */
/* What administrators are told of when nobody looks: kinds, and notes of them gathered into one message.
 *
 * Not how it is worded or sent (notification_text.h), and not the dials of notify.h, which tell endpoints.  Notes are
 * gathered in a JSON document, so that what waits is stored, merged and sent in one form:
 *
 *     {"first": ms, "last": ms, "joined": 0, "lines": [{"kind": "offline", "over": false, "count": 10000,
 *       "names": [{"name": "pc-1", "detail": "...", "at": ms}]}]}
 *
 * Each line counts all, and names the first few: MGR_NOTES_NAMES in the whole document, each text cut to MGR_NOTE_TEXT
 * bytes, so that a document is at most 44 lines x 100 B + 50 x 1,020 B, some 54 KiB (more where texts hold quotes,
 * which JSON escapes).  Pure. */
#ifndef MANAGER_CORE_NOTE_H
#define MANAGER_CORE_NOTE_H

#include "lib/base/clock.h"
#include "lib/base/json.h"

#define MGR_NOTES_NAMES 50
#define MGR_NOTE_TEXT   480 /* bytes: the sentences of the server's states, with their remedies */

typedef enum {
    MGR_NOTE_OFFLINE,
    MGR_NOTE_OUTDATED,
    MGR_NOTE_UPGRADE_FAILED,
    MGR_NOTE_DETECTION,
    MGR_NOTE_ENROLLED,
    MGR_NOTE_CLONE,
    MGR_NOTE_REVOKED,
    MGR_NOTE_REMOVED,
    MGR_NOTE_ACCOUNT,
    MGR_NOTE_DENIED,
    MGR_NOTE_BLIND,
    MGR_NOTE_BROKER,
    MGR_NOTE_DISK,
    MGR_NOTE_REPOSITORY,
    MGR_NOTE_PATTERNS_OLD,
    MGR_NOTE_ROLLOUT_HALTED,
    MGR_NOTE_ROLLOUT_DONE,
    MGR_NOTE_END,
    MGR_NOTE_AUDIT,
    MGR_NOTE_CLOCK,
    MGR_NOTE_FILES,
    MGR_NOTE_TEST, /* last; no rule names it */
    MGR_NOTE_N,
} MgrNoteKind;

/* A set of kinds. */
#define MGR_NOTE_BIT(kind) (1U << (kind))

/* How grave it is, in the words and numbers of RFC 5424. */
typedef enum { MGR_NOTE_CRITICAL = 2, MGR_NOTE_ERROR, MGR_NOTE_WARNING, MGR_NOTE_NOTICE, MGR_NOTE_INFO } MgrGravity;

typedef struct {
    const char *name;         /* "offline" */
    const char *begun, *over; /* codes of its sentences (sentence.h); over NULL: it happens, and does not last */
    bool is_of_group;         /* it is an endpoint's, and told by rules of that endpoint's group */
    MgrGravity gravity;
    const char *help;
} MgrNoteRow;

const MgrNoteRow *mgr_note_row(MgrNoteKind kind);

/* false: no kind that a rule can name. */
bool mgr_note_parse(const char *name, MgrNoteKind *kind);

typedef struct {
    MgrNoteKind kind;
    bool is_over;
    const char *name;   /* host, account, ...; "" or NULL: the server itself */
    const char *detail; /* English, may come from outside; "" or NULL: none */
    HlTime at;          /* wall */
} MgrNote;

json_t *mgr_notes_new(void);
bool mgr_notes_is_empty(const json_t *notes);
void mgr_notes_add(json_t *notes, const MgrNote *note);

/* Takes back the last `count` notes of what has begun of this kind. */
void mgr_notes_take_back(json_t *notes, MgrNoteKind kind, guint count);

/* Adds those of an earlier document: the two are one message from now on, which says so. */
void mgr_notes_join(json_t *notes, const json_t *earlier);

/* All that it counts. */
uint64_t mgr_notes_count(const json_t *notes);

/* Whether text is such a document, as the registry should have it.  NULL: not.  To be decref'd. */
json_t *mgr_notes_parse(const char *text);

#endif
