/* SPDX-License-Identifier: Apache-2.0 */
/* What an applier reads and writes through: the base and the result, each with one buffer. */
#ifndef UPDATER_DELTA_STREAM_H
#define UPDATER_DELTA_STREAM_H

#include "updater/delta/wire.h"

#define UPD_STREAM_BUFFER ((gsize)256 << 10)

/* The base, read through one buffer, so that neighbouring small copies are one read. */
typedef struct {
    int fd;
    guint32 length;
    guint32 from, have; /* the part that the buffer holds */
    guint8 *buffer;     /* of UPD_STREAM_BUFFER */
} UpdBase;

/* The result, gathered: a change of one line in a list costs two copies of some hundred bytes. */
typedef struct {
    int fd;
    gsize have;
    guint8 *buffer; /* of UPD_STREAM_BUFFER */
} UpdSink;

/* Brings the byte at this place, and what follows it, into the buffer; place < length. */
bool upd_base_fill(UpdBase *base, guint32 place, GError **error) G_GNUC_WARN_UNUSED_RESULT;

bool upd_sink_put(UpdSink *sink, const guint8 *literals, gsize size, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Changes copied bytes on their way, piece by piece. */
typedef void (*UpdCorrect)(guint8 *bytes, gsize n, gpointer user);

/* From the base; what reaches beyond its end is an error.  correct may be NULL. */
bool upd_sink_copy(UpdSink *sink, UpdBase *base, guint32 from, guint32 size, UpdCorrect correct, gpointer user,
                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

bool upd_sink_flush(UpdSink *sink, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What primes the coder of the new content that these UpdSteps take; see upd_primer_plan.  NULL on failure. */
GByteArray *upd_primer_read(const UpdBase *base, const GArray *steps, guint32 reach, guint32 max, GError **error);

#endif
