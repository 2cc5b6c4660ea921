/* SPDX-License-Identifier: Apache-2.0 */
/* The icons as pixmaps, for panels that do not find the theme's SVG files.  Made at build time from the same files
 * (icons/, by cmake/pixmaps.py).  The further frames of an update are in the theme too: "holdline-updating-2" to -4. */
#ifndef ENDPOINT_TRAY_PIXMAP_H
#define ENDPOINT_TRAY_PIXMAP_H

#include "endpoint/tray/face.h"

typedef struct {
    int size; /* width and height in pixels */
    const guint8
        *argb; /* size * size * 4 bytes, ARGB32 in network byte order, as StatusNotifierItem wants it; static */
} TrPixmap;

#define TR_FRAMES 4 /* of the animation; an icon that stands still has one picture in all of them */

/* *n pictures of one icon, from small to large; frame from 0 to TR_FRAMES - 1.  Static. */
const TrPixmap *tr_pixmaps(TrIcon icon, guint frame, gsize *n);

#endif
