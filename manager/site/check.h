/* SPDX-License-Identifier: Apache-2.0 */
/* Looks a site over: is everything there, whole, and of one piece?  Changes nothing; the manager may run. */
#ifndef MANAGER_SITE_CHECK_H
#define MANAGER_SITE_CHECK_H

#include "lib/base/error.h"

/* Keys and certificates of a site or a backup: readable, each key of its certificate, issued by the authority.
 * Their dates do not matter: a backup grows old, and the manager renews them when it starts. */
bool mgr_site_check_keys(const char *dir, GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef enum {
    MGR_FINDING_NOTE,    /* to know */
    MGR_FINDING_PROBLEM, /* to mend */
} MgrFindingKind;

typedef struct {
    MgrFindingKind kind;
    const char *subject; /* static: "keys", "registry", ... */
    const char *text;    /* borrowed, like the remedy */
    const char *remedy;  /* NULL: there is nothing to mend, or the text says it */
    bool is_end;         /* of a certificate's life */
} MgrSiteFinding;

typedef void (*MgrFinding)(const MgrSiteFinding *finding, gpointer user);

/* In one sentence, with subject and remedy.  Caller frees. */
char *mgr_site_finding_text(const MgrSiteFinding *finding);

/* Calls finding for each; returns how many problems there are. */
guint mgr_site_check(const char *dir, MgrFinding finding, gpointer user);

#endif
