/* Admin calls: one row each, dispatched from admin/request/<admin>, answered on the response topic of the request.
 *
 * A handler gets a call and answers it exactly once, now or after a commit, with mgr_call_done, _done_list or _fail;
 * the call is gone then.  Results are JSON documents.  A long list goes out in parts: the receiver appends arrays of
 * the same name. */
#ifndef MANAGER_DAEMON_CALLS_H
#define MANAGER_DAEMON_CALLS_H

#include "lib/base/json.h"
#include "manager/daemon/manager.h"

typedef struct {
    Manager *manager;
    char *admin, *response_topic;
    GBytes *correlation; /* may be NULL */
    HlMsgCall *message;
} MgrCall;

typedef void (*MgrCallFn)(MgrCall *call);

typedef struct {
    const char *name;
    const char *required; /* argument names, separated by spaces; each must be there once */
    const char *optional; /* may be there; "setting" may be repeated */
    MgrCallFn handler;
} MgrCallRow;

/* A request that came in from this admin. */
void mgr_calls_handle(Manager *manager, const char *admin, const HlBusMessage *message);

/* NULL when it was not given. */
const char *mgr_call_argument(const MgrCall *call, const char *name);
/* Value of a duration argument, or fallback; a bad one fails. */
bool mgr_call_duration(const MgrCall *call, const char *name, HlTime fallback, HlTime min, HlTime max, HlTime *value,
                       GError **error);

/* Takes the document (NULL: an empty one). */
void mgr_call_progress(MgrCall *call, json_t *document);
void mgr_call_done(MgrCall *call, json_t *document);
/* {name: array}, in as many replies as it takes; takes both.  rest (may be NULL) goes with the last. */
void mgr_call_done_list(MgrCall *call, const char *name, json_t *array, json_t *rest);
/* The same for a list that may be as long as the fleet: its elements are made a part at a time between the loop's other
 * work, so that nobody's line waits for it.  Takes ids (of char *, freed by itself); an element that is gone meanwhile
 * is NULL.  name is not copied. */
typedef json_t *(*MgrCallElement)(const Manager *manager, const char *id);
typedef json_t *(*MgrCallRest)(const Manager *manager);
void mgr_call_stream(MgrCall *call, const char *name, GPtrArray *ids, MgrCallElement element, MgrCallRest rest);
GPtrArray *mgr_call_streams_new(void);

void mgr_call_fail(MgrCall *call, const GError *error);

/* The rows of each file. */
extern const MgrCallRow mgr_calls_group[], mgr_calls_endpoint[], mgr_calls_command[], mgr_calls_access[],
    mgr_calls_pattern[];

/* calls_command.c: tells the calls that wait for a command; drops those that waited long enough.  A few times a second.
 */
void mgr_watch_flush(Manager *manager);

#endif
