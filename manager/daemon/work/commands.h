/* The life of commands: issued, sent, reported, expired, cancelled.  States are kept per endpoint in the registry. */
#ifndef MANAGER_DAEMON_COMMANDS_H
#define MANAGER_DAEMON_COMMANDS_H

#include "lib/base/json.h"
#include "manager/daemon/manager.h"

typedef struct {
    int kind; /* CommandKind */
    const char *selector, *issuer;
    HlTime lifetime, window;
} MgrCommandSpec;

/* Called after the commit: command is NULL with error set when it could not be stored. */
typedef void (*MgrIssued)(MgrCommand *command, const GError *error, gpointer user);

/* Stores the command for these endpoints (MgrEndpoint *) and then sends it.  false at once only when the registry is
 * overloaded. */
bool mgr_commands_issue(Manager *manager, const MgrCommandSpec *spec, GPtrArray *endpoints, MgrIssued done,
                        gpointer user, GError **error);

/* What has not started is ended; done as above. */
bool mgr_commands_cancel(Manager *manager, MgrCommand *command, MgrIssued done, gpointer user, GError **error);

/* A committed report. */
void mgr_commands_reported(Manager *manager, MgrEndpoint *endpoint, const HlMsgCommandReport *report);

/* Once a second: what is past its end. */
void mgr_commands_tick(Manager *manager);

/* The targets of an endpoint that is removed end as cancelled; adds to the set that removes it, and folds when told to.
 */
void mgr_commands_write_abandon(HlWriteSet *set, const MgrEndpoint *endpoint, const char *why, HlTime now);
void mgr_commands_fold_abandon(Manager *manager, MgrEndpoint *endpoint, const char *why);

/* Answers a certificate request of the line. */
void mgr_commands_renew_certificate(Manager *manager, MgrEndpoint *endpoint, GBytes *csr);

/* {"id", "kind", "selector", "issuer", "issued", "expires", "counts": {...}, "open": n}.  The caller's. */
json_t *mgr_command_document(const MgrCommandRecord *record, const guint *counts, guint open);

/* Told whenever a command of the fleet changed, and one last time (open == 0) before it leaves. */
void mgr_watch_command_changed(Manager *manager, MgrCommand *command);

#endif
