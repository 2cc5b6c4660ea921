/* SPDX-License-Identifier: Apache-2.0 */
/* A scan by hand: holdline-endpoint scans, and this says in words what became of it. */
#ifndef ENDPOINT_TRAY_SCAN_H
#define ENDPOINT_TRAY_SCAN_H

#include "lib/base/exec.h"

typedef struct TrScan TrScan;

/* Exactly one of the two is given; both are borrowed.  The scan may be freed in here. */
typedef void (*TrScanned)(const char *words, const GError *error, gpointer user);

/* tool: the program and its options, ends with NULL.  NULL on failure. */
TrScan *tr_scan_new(const char *const *tool, const char *path, TrScanned done, gpointer user, GError **error);

/* Ends it. */
void tr_scan_free(TrScan *scan);

/* What a scan that ended so is told as; pure.  Caller frees; NULL on failure: it was refused, or broke down. */
char *tr_scan_words(const HlChildEnd *end, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TrScan, tr_scan_free)

#endif
