/* SPDX-License-Identifier: Apache-2.0 */
/* The server's pattern repository as the manager sees it: which versions it has (what "outdated" is measured against),
 * and, where it is a copy of the public source, keeping that copy up to date.
 *
 * The work itself is done by holdline-updater, in child processes: 'repo versions' and 'mirror'. */
#ifndef MANAGER_DAEMON_STATE_PATTERNS_H
#define MANAGER_DAEMON_STATE_PATTERNS_H

#include "manager/core/conf.h"
#include "manager/daemon/state/status.h"

typedef struct MgrPatterns MgrPatterns;

typedef struct {
    const MgrConf *conf;
    const char *dir;       /* the site; borrowed */
    const char *conf_path; /* named in messages; borrowed */
    MgrFleet *fleet;
    MgrStatus *status;
} MgrPatternsOptions;

MgrPatterns *mgr_patterns_new(const MgrPatternsOptions *options);

/* Ends the children.  Those who wait for a synchronisation are told that it failed. */
void mgr_patterns_free(MgrPatterns *patterns);

/* Once a second.  Looks whether timestamp.json changed and, if so, has the repository read; begins a synchronisation
 * when one is due. */
void mgr_patterns_tick(MgrPatterns *patterns);

/* Whether the repository is a copy of a public source. */
bool mgr_patterns_is_mirror(const MgrPatterns *patterns);

/* Of the timestamp that was read last, wall time: when it was written here, and when it expires; 0: none yet. */
HlTime mgr_patterns_signed(const MgrPatterns *patterns);
HlTime mgr_patterns_expires(const MgrPatterns *patterns);

/* When each role of it ends: HlUpdaterEnd (proto/updater_lines.h); borrowed, until the next tick. */
const GPtrArray *mgr_patterns_ends(const MgrPatterns *patterns);

/* The day (wall) of its virus patterns, or agent's if those are older; 0: it has none, or was not read yet. */
HlTime mgr_patterns_published(const MgrPatterns *patterns);

/* How many files of the repository were missing at the last look; which, the summary says (MGR_PROBLEM_REPOSITORY).  Of
 * a repository that is gone as a whole, one. */
guint mgr_patterns_missing(const MgrPatterns *patterns);

/* Somebody needs to know what is offered now, not what was when it was read last: fn is called once, from within if
 * nothing was published since, else after the reading, or with false if there was none for ten seconds, if too many
 * wait, or if the patterns are freed. */
typedef void (*MgrPatternsReadFn)(bool is_read, gpointer user);
void mgr_patterns_when_read(MgrPatterns *patterns, MgrPatternsReadFn fn, gpointer user);

/* Who waits for the end of a synchronisation.  One of done and failed is called, once, with borrowed arguments. */
typedef struct {
    void (*progress)(guint percent, const char *what, gpointer user);
    void (*done)(const json_t *end, gpointer user);
    void (*failed)(const GError *error, gpointer user);
    gpointer user;
} MgrPatternsWaiter;

/* Begins one, or joins the one that runs.  false: neither, and the waiter is not called. */
bool mgr_patterns_sync(MgrPatterns *patterns, const MgrPatternsWaiter *waiter,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* {"components": [...], "program", "repository", "origin", "url", ...}, with the numbers of the endpoints that are
 * there for the caller; to be decref'd.  What is not known is null. */
json_t *mgr_patterns_document(const MgrPatterns *patterns, const MgrCaller *caller);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrPatterns, mgr_patterns_free)

#endif
