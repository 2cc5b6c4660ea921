/* SPDX-License-Identifier: Apache-2.0 */
/* Who may call what: the roles of accounts, what a call needs, and who is calling.  Pure.
 *
 * One table says which role may do what a call needs; each call's row names its need and the kind of its scope
 * (manager/daemon/calls/dispatch.h), and one place compares them before any handler runs. */
#ifndef MANAGER_CORE_ROLE_H
#define MANAGER_CORE_ROLE_H

#include <glib.h>
#include <stdbool.h>

typedef enum {
    MGR_ROLE_AUDITOR,       /* reads, and reviews who may do what */
    MGR_ROLE_OPERATOR,      /* has endpoints verify, update and scan */
    MGR_ROLE_ADMINISTRATOR, /* also groups, bundles, quarantine; lets endpoints in and out */
    MGR_ROLE_OWNER,         /* also accounts and certificates */
    MGR_ROLE_N,
} MgrRole;

/* "auditor", ...; the text in the registry. */
const char *mgr_role_name(MgrRole role);
bool mgr_role_parse(const char *name, MgrRole *role);

typedef enum {
    MGR_NEED_UNSET,   /* of a row that was not filled: refused when it is added */
    MGR_NEED_WATCH,   /* looks at what the status topics say: monitors and consoles may too */
    MGR_NEED_READ,    /* looks */
    MGR_NEED_SELF,    /* changes what is the caller's own: session, token, password, view, certificate */
    MGR_NEED_OPERATE, /* has endpoints do what they do anyway; answers for detections */
    MGR_NEED_MOVE,    /* moves endpoints, settles clones, decides about quarantined files */
    MGR_NEED_MANAGE,  /* changes settings, lets endpoints in and out */
    MGR_NEED_OWN,     /* decides who may do what */
    MGR_NEED_AUDIT,   /* looks at who may do what, and who did */
    MGR_NEED_OTHERS,  /* the same where "name" is another account; of its own MGR_NEED_READ */
    MGR_NEED_REVIEW,  /* looks at what nobody but those who manage should see */
    MGR_NEED_CONSOLE, /* a console's own: no account may */
    MGR_NEED_MONITOR, /* a monitor's own: no account may */
    MGR_NEED_N,
} MgrNeed;

bool mgr_role_may(MgrRole role, MgrNeed need);

/* Whether the limit may do all that the role may. */
bool mgr_role_is_within(MgrRole role, MgrRole limit);

/* Whether a console may without a session, which is to say for nobody in particular. */
bool mgr_need_is_of_console(MgrNeed need);

/* Whether a monitor may, which has no account. */
bool mgr_need_is_of_monitor(MgrNeed need);

/* Whether what has this need changes nothing but, at most, what is the caller's own. */
bool mgr_need_is_to_look(MgrNeed need);

/* Whether it changes nothing at all. */
bool mgr_need_is_to_look_only(MgrNeed need);

/* The least of the roles that may, for messages; of a need that a role has. */
MgrRole mgr_need_role(MgrNeed need);

/* All that may where no role above the least may as well, "auditor/owner"; else the least, which says enough.  Caller
 * frees. */
char *mgr_need_roles(MgrNeed need);

/* What a call's arguments name, and so what a scope has to cut. */
typedef enum {
    MGR_SCOPE_UNSET,
    MGR_SCOPE_NONE,     /* nothing that belongs to a group */
    MGR_SCOPE_SELECTOR, /* "selector" */
    MGR_SCOPE_ENDPOINT, /* "endpoint", or ids of what one endpoint has */
    MGR_SCOPE_GROUP,    /* "name" or "group" */
    MGR_SCOPE_COMMAND,  /* "command" */
    MGR_SCOPE_ROLLOUT,  /* "rollout" */
    MGR_SCOPE_LIST,     /* all that there is */
    MGR_SCOPE_N,
} MgrScopeKind;

/* Who calls: a copy, because the account may be changed or gone before the call is answered. */
typedef struct {
    char *account;
    MgrRole role;
    char **groups; /* that the account is limited to; NULL: all */
} MgrCaller;

/* Whether group is one of groups: names, separated by commas. */
bool mgr_groups_have(const char *groups, const char *group);

/* groups: names, separated by commas; "": all. */
void mgr_caller_init(MgrCaller *caller, const char *account, MgrRole role, const char *groups);
void mgr_caller_clear(MgrCaller *caller);

/* Whether what belongs to this group is there for the caller (NULL: the manager itself, for which all is). */
bool mgr_caller_sees(const MgrCaller *caller, const char *group);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MgrCaller, mgr_caller_clear)

#endif
