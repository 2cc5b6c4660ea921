/* SPDX-License-Identifier: Apache-2.0 */
/* How one text follows from another, in whole lines.  Pure.  Not a minimal edit script: what counts is what the result
 * costs once compressed, so that short accidental matches are left to the coder of the new lines. */
#ifndef UPDATER_DELTA_LINES_H
#define UPDATER_DELTA_LINES_H

#include <glib.h>

/* A text and where its lines start; start[n] is its size.  The last line may lack its newline.  data is borrowed. */
typedef struct {
    const char *data;
    guint32 n;
    guint32 *start;
} UpdLines;

void upd_lines_init(UpdLines *lines, const char *data, guint32 size);
void upd_lines_clear(UpdLines *lines);

/* literals lines of the target that are new, then count lines of the base from line first on. */
typedef struct {
    guint32 literals, first, count;
} UpdRun;

/* Runs that rebuild target from base, in order; count is 0 in the last one alone, if at all.  Free with g_array_unref.
 */
GArray *upd_lines_diff(const UpdLines *base, const UpdLines *target);

#endif
