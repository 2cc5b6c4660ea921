/* SPDX-License-Identifier: Apache-2.0 */
/* The endpoints that status --watch knows: from their status documents, in the order in which somebody on call wants
 * them, those that a selector and a search take.  Pure. */
#ifndef MANAGER_CLI_FLEET_H
#define MANAGER_CLI_FLEET_H

#include "lib/base/json.h"
#include "manager/filter/filter.h"

typedef struct CliFleet CliFleet;

/* selector: NULL: all but those that were removed; taken; its groups are ids (mgr_filter_bind).  now: wall. */
CliFleet *cli_fleet_new(MgrFilter *selector, HlTime now);
void cli_fleet_free(CliFleet *fleet);

/* document NULL: it is gone. */
void cli_fleet_put(CliFleet *fleet, const char *id, json_t *document);

/* Certificates end by the time alone: from time to time, with the wall's. */
void cli_fleet_tell_time(CliFleet *fleet, HlTime now);

/* What is looked for besides; taken; NULL: nothing. */
void cli_fleet_search(CliFleet *fleet, MgrFilter *search);

/* A whole snapshot follows: an endpoint without a document in it is gone at its end. */
void cli_fleet_begin(CliFleet *fleet);
void cli_fleet_end(CliFleet *fleet);

/* How many endpoints had a document since that begin; a further one of the same endpoint does not count. */
guint cli_fleet_fresh(const CliFleet *fleet);

/* The documents that are taken, troubled ones first and then by host; borrowed until the next change. */
const GPtrArray *cli_fleet_list(CliFleet *fleet);

/* Whether the selector takes the endpoint; one that is not known, too. */
bool cli_fleet_takes(const CliFleet *fleet, const char *id);

/* How many the selector takes, whatever is looked for. */
guint cli_fleet_count(const CliFleet *fleet);

/* The counts of what the selector takes, as members of a summary: for a selector the server tells none. */
json_t *cli_fleet_summary(const CliFleet *fleet);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CliFleet, cli_fleet_free)

#endif
