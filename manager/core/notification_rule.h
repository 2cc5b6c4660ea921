/* SPDX-License-Identifier: Apache-2.0 */
/* A rule of notification: what is told, of which groups, where, and how often.  One table, by which it is read from the
 * registry, from KEY=VALUE of a call, and shown.  Pure. */
#ifndef MANAGER_CORE_NOTIFICATION_RULE_H
#define MANAGER_CORE_NOTIFICATION_RULE_H

#include "lib/base/option.h"
#include "manager/core/gathering.h"
#include "manager/core/role.h"

#define MGR_RULES_MAX       32 /* each has a thread at most, and twenty messages of 54 KiB that wait */
#define MGR_RECIPIENTS_MAX  16
#define MGR_RULE_SECRET_MIN 16 /* bytes of a webhook's secret */
#define MGR_RULE_SECRET_MAX 128

typedef enum { MGR_LANGUAGE_EN, MGR_LANGUAGE_JA } MgrLanguage;

typedef enum { MGR_WAY_MAIL, MGR_WAY_WEBHOOK, MGR_WAY_UDP, MGR_WAY_TCP, MGR_WAY_TLS, MGR_WAY_LOCAL } MgrWay;

typedef struct {
    char *to;      /* as it was given */
    char **kinds;  /* names of MgrNoteKind */
    char **groups; /* empty: all, and the server itself */
    HlTime digest, offline_after, outdated_after, retry, give_up;
    char *quiet;  /* "22:00-06:00" */
    int language; /* MgrLanguage */
    bool tells_over, enabled;
} MgrRule;

HlOptionTable mgr_rule_table(void);

/* The fallbacks; clear with mgr_rule_clear. */
void mgr_rule_init(MgrRule *rule);
void mgr_rule_clear(MgrRule *rule);

/* "key=value" lines, of a registry that an earlier or a later manager may have written: what is not understood is left
 * at its fallback and named in *odd (NULL: nothing is; caller frees). */
void mgr_rule_parse(const char *text, MgrRule *rule, char **odd);
char *mgr_rule_print(const MgrRule *rule);

/* What no option can see alone: a destination, kinds, and of groups only what endpoints do. */
bool mgr_rule_check(const MgrRule *rule, GError **error) G_GNUC_WARN_UNUSED_RESULT;

bool mgr_rule_wants(const MgrRule *rule, MgrNoteKind kind);
/* All that it wants (MGR_NOTE_BIT). */
guint mgr_rule_kinds(const MgrRule *rule);
/* Whether it tells of an endpoint of this group; NULL: of the server. */
bool mgr_rule_covers(const MgrRule *rule, const char *group);

/* Whether it tells what the audit log says: that is not for everybody who makes rules. */
bool mgr_rule_tells_audit(const MgrRule *rule);

/* Whether the rule is there for a caller: one that is limited to groups sees those that tell of their groups alone, and
 * one who may not read the audit log none that tell of it. */
bool mgr_rule_is_seen(const MgrRule *rule, const MgrCaller *caller);

MgrGatheringPolicy mgr_rule_policy(const MgrRule *rule);

/* Where a message goes: host and port of syslog ("" and 0 of others), recipients of mail (NULL of others). */
typedef struct {
    MgrWay way;
    char *host;
    uint16_t port;
    char **recipients;
} MgrDestination;

void mgr_destination_clear(MgrDestination *destination);

/* For people who need not know how to send there: without the path and query of a URL, which are all that a webhook
 * asks for, and without user name and password.  Whatever the text is.  Caller frees. */
char *mgr_destination_shown(const char *to);

bool mgr_destination_parse(const char *to, MgrDestination *destination, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether it is an address that may stand in a header and in a command of SMTP: local@domain of plain characters. */
bool mgr_mail_address_is_valid(const char *address);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MgrRule, mgr_rule_clear)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MgrDestination, mgr_destination_clear)

#endif
