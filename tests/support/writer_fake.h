/* SPDX-License-Identifier: Apache-2.0 */
/* The writer of lib/store/writer.h on the calling thread, over a real database: the test says when sets are committed,
 * which of them fail, and when done() is called.
 *
 * A program links writer_fake; the parts under test call hl_writer_* as ever.  No thread, no timer, no context: sets
 * wait in order until the test (or hl_writer_flush, hl_writer_free) has them written.  A set is applied by the same
 * code as in the real writer, so constraints, hl_write_set_require, conflicts and a full database are real.
 *
 * done() may submit further sets: they wait for the next call. */
#ifndef TESTS_SUPPORT_WRITER_FAKE_H
#define TESTS_SUPPORT_WRITER_FAKE_H

#include "lib/store/writer.h"

/* The newest living writer, for parts that make their own; NULL: there is none. */
HlWriter *writer_fake_last(void);

/* Submitted, neither committed nor failed. */
guint writer_fake_pending(const HlWriter *writer);
/* How many statements those are that are not written yet: what they cost the writer. */
guint writer_fake_statements(const HlWriter *writer);

/* The next count sets (0: all that wait now), in one transaction; then every outstanding done() in order.  Returns how
 * many sets.  In one call all are in the database before the first done(); count = 1 is the other extreme. */
guint writer_fake_commit(HlWriter *writer, guint count);

/* Calls the done() of what hl_writer_flush wrote.  Returns how many sets. */
guint writer_fake_deliver(HlWriter *writer);

/* The n-th set from now on (1: the next one written) fails with code and leaves nothing behind; the others are not
 * touched.  0: none. */
void writer_fake_fail_at(HlWriter *writer, guint n, HlErrorCode code);

/* Each set from now on fails with code, until this is HL_ERROR_N_CODES. */
void writer_fake_fail_all(HlWriter *writer, HlErrorCode code);

/* Whether the set of writer_fake_fail_at was reached. */
bool writer_fake_failed(const HlWriter *writer);

/* true: hl_writer_submit refuses with HL_ERROR_LIMIT from now on. */
void writer_fake_refuse(HlWriter *writer, bool refuse);

#endif
