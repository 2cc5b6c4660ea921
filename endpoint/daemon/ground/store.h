/* SPDX-License-Identifier: Apache-2.0 */
/* endpoint.db: what the endpoint must not forget.  One connection, used on the loop thread; writes are few, small and
 * durable (they survive a power cut).  The schema is in
 * store.c; spool.c, journal.c and settings.c each query their own table.
 *
 * The daemon's lock file in the state directory guards it. */
#ifndef ENDPOINT_DAEMON_GROUND_STORE_H
#define ENDPOINT_DAEMON_GROUND_STORE_H

#include "lib/base/clock.h"
#include "lib/store/stmt.h"
#include "lib/store/txn.h"

/* Opens and migrates STATE/endpoint.db; one of a later version is used as it is if that says so.  NULL on failure. */
HlDb *ep_store_open(const char *state_dir, GError **error);

/* Facts: single values by name. */
bool ep_store_set(HlDb *db, const char *name, const char *value, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool ep_store_set_int(HlDb *db, const char *name, int64_t value, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Adds one to a number that is a fact, or was none yet. */
bool ep_store_count(HlDb *db, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The fact, or fallback when it was never set or cannot be read (which is logged); caller frees. */
char *ep_store_get(HlDb *db, const char *name, const char *fallback);
int64_t ep_store_get_int(HlDb *db, const char *name, int64_t fallback);

/* The last things that happened here, for `holdline-endpoint history`; bounded. */
bool ep_store_add_event(HlDb *db, HlTime at, const char *what, const char *detail,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The identity was enrolled again: the numbers of its line start again.  Reports stay, to be numbered again. */
bool ep_store_restart_line(HlDb *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Another identity moves in, or none: forgets settings, commands, reports and session.  Events and patterns stay. */
bool ep_store_forget_identity(HlDb *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
