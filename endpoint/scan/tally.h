/* SPDX-License-Identifier: Apache-2.0 */
/* The numbers of one scan.  Pure. */
#ifndef ENDPOINT_SCAN_TALLY_H
#define ENDPOINT_SCAN_TALLY_H

#include "endpoint/scan/look.h"
#include "lib/base/json.h"

typedef struct {
    guint64 files, bytes; /* looked at */
    guint64 found;
    guint64 gaps[EP_N_GAPS];
} EpTally;

void ep_tally_look(EpTally *tally, const EpLook *look, guint64 size);

/* All paths that were not looked at. */
guint64 ep_tally_gaps(const EpTally *tally);

/* "files", "bytes", "found", "not_looked_at", "gaps": {reason: paths}, without the zeros. */
json_t *ep_tally_json(const EpTally *tally);

/* Members that are missing or no numbers count as 0. */
void ep_tally_parse(EpTally *tally, const json_t *json);

/* For people: "120 files looked at, 1 found, 3 not looked at (2 unreadable, 1 too large)".  Caller frees. */
char *ep_tally_describe(const EpTally *tally);

#endif
