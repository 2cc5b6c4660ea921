/* SPDX-License-Identifier: Apache-2.0 */
/* Admin calls: what a handler does with one.
 *
 * A handler gets a call and answers it exactly once, now or after a commit, with mgr_call_done, _done_list, _fail
 * or mgr_stream_start; the call is gone then.  Results are JSON documents.  A long list goes out in parts: the receiver
 * appends arrays of the same name.  Which handler gets which call is dispatch.h. */
#ifndef MANAGER_DAEMON_CALLS_CALL_H
#define MANAGER_DAEMON_CALLS_CALL_H

#include "lib/base/json.h"
#include "manager/core/role.h"
#include "manager/daemon/calls/audit.h"
#include "manager/daemon/calls/reply.h"
#include "manager/daemon/ground/down.h"
#include "manager/daemon/ground/fleet.h"
#include "proto/messages.h"

/* What all calls share: the way back, and those that are not answered yet. */
typedef struct MgrCalls MgrCalls;

/* Changes and refusals go to the audit log, which is in the record. */
MgrCalls *mgr_calls_new(const MgrFleet *fleet, MgrDown *down, MgrRecord *record, MgrWitness *witness);

/* Calls that are not answered are dropped: nothing may answer them later. */
void mgr_calls_free(MgrCalls *calls);

/* What a caller is told beside the answer: sentences, ends with NULL and is freed with g_strfreev; NULL: nothing. */
typedef GStrv (*MgrWarnings)(const MgrCaller *caller, gpointer user);

/* The manager stops: nobody is warned any more, and what is counted for the audit log goes to the record. */
void mgr_calls_settle(MgrCalls *calls);

/* From now on each last reply carries them. */
void mgr_calls_warn_with(MgrCalls *calls, MgrWarnings warnings, gpointer user);

/* A row of the audit log for a change that no call made, to be committed with the change; copied.  A
 * part that makes such changes has it as a callback. */
void mgr_calls_note(HlWriteSet *set, const MgrAuditRecord *row, gpointer calls);

/* A row for the refusal of a stranger, as many as MGR_QUOTA_STRANGER allows; copied. */
void mgr_calls_tell(const MgrAuditRecord *row, gpointer calls);

/* Calls that ended with an error. */
uint64_t mgr_calls_refused(const MgrCalls *calls);

typedef struct MgrCall MgrCall;

/* Where a call comes from. */
typedef struct {
    MgrCaller caller;   /* a console that speaks for nobody: under its own name */
    char *name;         /* that it came under, and whose topic the answer goes to: the account's, or a console's */
    char *certificates; /* serials that are in force under the name, separated by blanks */
    bool is_console;
    bool is_account; /* asks for itself, with its own certificate */
    char *pass;      /* id of the session or token that it came with; NULL: none */
    char *address;   /* of the person's browser, as a console tells it; NULL: not told */
    MgrNeed need;    /* of its row; MGR_NEED_UNSET: there is none */
    bool is_plain;   /* from a monitor's own topic: the answer is JSON alone, and goes to HL_TOPIC_MONITOR_REPLY */
} MgrOrigin;

/* Takes message, and what is in origin; correlation may be NULL. */
MgrCall *mgr_call_new(MgrCalls *calls, MgrOrigin *origin, GBytes *correlation, HlMsgCall *message);

/* Before the handler of a call that was checked.  false: it has come before with its key (once.h), or its key is not
 * its own: it is answered, and gone.  The key of a call that only looks counts for nothing: what there is is shown. */
bool mgr_call_begin(MgrCall *call) G_GNUC_WARN_UNUSED_RESULT;

/* Borrowed from the call.  Who calls, as it was when the call came; the account's name alone, for records. */
const MgrCaller *mgr_call_caller(const MgrCall *call);
const char *mgr_call_admin(const MgrCall *call);
const HlMsgCall *mgr_call_message(const MgrCall *call);
/* The console that it came through; NULL: it came with the account's own certificate. */
const char *mgr_call_console(const MgrCall *call);

/* The id of the session or token that it came with; NULL: none. */
const char *mgr_call_pass(const MgrCall *call);
/* Whether that is a token: a script asks, and no person. */
bool mgr_call_is_token(const MgrCall *call);
/* The browser's address, as the console told it; NULL: not told. */
const char *mgr_call_address(const MgrCall *call);

/* Borrowed; the second may be NULL. */
const MgrOrigin *mgr_call_origin(const MgrCall *call);
GBytes *mgr_call_correlation(const MgrCall *call);

/* NULL when it was not given. */
const char *mgr_call_argument(const MgrCall *call, const char *name);
/* Value of a duration argument, or fallback; a bad one fails. */
bool mgr_call_duration(const MgrCall *call, const char *name, HlTime fallback, HlTime min, HlTime max, HlTime *value,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Value of a number argument; *value stays where it was not given, and a bad one fails. */
bool mgr_call_integer(const MgrCall *call, const char *name, int64_t min, int64_t max, int64_t *value,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether the caller has room for one more change in the audit log (HL_ERROR_LIMIT).  For a change that goes by
 * mgr_call_note; once. */
bool mgr_call_may_change(const MgrCall *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* mgr_record_commit for a change that the call makes: its row of the audit log is in the set, and committed with it.
 * Fails as that does where mgr_call_may_change says no. */
void mgr_call_commit(MgrCall *call, MgrRecord *record, HlWriteSet *set, const MgrChangeKind *kind, gpointer change);
/* The same for a set that somebody else commits. */
void mgr_call_note(MgrCall *call, HlWriteSet *set);

/* Takes the document (NULL: an empty one). */
void mgr_call_progress(MgrCall *call, json_t *document);
void mgr_call_done(MgrCall *call, json_t *document);
/* {name: array}, in as many replies as it takes; takes both.  rest (may be NULL) goes with the last. */
void mgr_call_done_list(MgrCall *call, const char *name, json_t *array, json_t *rest);
void mgr_call_fail(MgrCall *call, const GError *error);
/* The same, with a row of the audit log though anybody may make the call: it was about what is somebody else's. */
void mgr_call_refuse(MgrCall *call, const GError *error);

/* For lists that are made between the loop's other work (stream.h).  A part that is not the last; false: one element
 * alone is too large, and the call has failed.  And the last one, with the rest; takes part (texts) and rest. */
bool mgr_call_part(MgrCall *call, const MgrReplyList *list) G_GNUC_WARN_UNUSED_RESULT;
void mgr_call_last(MgrCall *call, const char *name, GPtrArray *part, json_t *rest);

/* Of a list, sent so far; and publications that wait at the broker where the answer goes. */
guint mgr_call_parts(const MgrCall *call);
gsize mgr_call_queued(const MgrCall *call);

/* What makes its answer: is freed with the call.  NULL: nothing does. */
typedef struct MgrStream MgrStream;
void mgr_call_set_stream(MgrCall *call, MgrStream *stream, GDestroyNotify free);
MgrStream *mgr_call_stream(const MgrCall *call);

/* Whether who asks has the rights that it had when the call came; of a console or monitor: true. */
bool mgr_call_is_still_allowed(const MgrCall *call);

/* One that is not answered yet; NULL: there is no such call. */
MgrCall *mgr_calls_find(const MgrCalls *calls, bool (*is_it)(const MgrCall *call, gpointer user), gpointer user);
MgrCalls *mgr_call_calls(const MgrCall *call);
/* In the order in which they came. */
guint64 mgr_call_number(const MgrCall *call);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrCalls, mgr_calls_free)

#endif
