/* SPDX-License-Identifier: Apache-2.0 */
/* Names in a narrow column: what is shown of them, so that those that differ look different.  Pure. */
#ifndef LIB_BASE_NAMES_H
#define LIB_BASE_NAMES_H

#include <glib.h>

/* Of host names the part before the first dot, where no other of them has the same; addresses stay.  Each is replaced
 * in place. */
void hl_names_shorten(GStrv names, gsize n);

typedef enum {
    HL_CLIP_MIDDLE, /* what names differ by is at both ends, and mostly at the last one */
    HL_CLIP_END,    /* text is read from its beginning */
} HlClip;

/* Cut to so many cells (table.h), preferably like this: those that would look like another one are cut at another
 * place, if that tells them apart.  Each is replaced in place. */
void hl_names_clip(GStrv names, gsize n, int cells, HlClip clip);

#endif
