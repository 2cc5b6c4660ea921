/* SPDX-License-Identifier: Apache-2.0 */
/* What the icon shows for a view: picture, title and tool tip, in the user's language.  Pure. */
#ifndef ENDPOINT_TRAY_FACE_H
#define ENDPOINT_TRAY_FACE_H

#include "endpoint/tray/view.h"

/* In order of precedence, the last first: what goes on is shown before what is wrong. */
typedef enum { TR_ICON_NORMAL, TR_ICON_NO_LINE, TR_ICON_WARNING, TR_ICON_UPDATING, TR_N_ICONS } TrIcon;

#define TR_OUTDATED (7 * HL_DAY) /* without a successful update for as long, the icon warns */
#define TR_RECENT   HL_DAY       /* for as long after the last detection, it warns too */

typedef struct {
    TrIcon icon;
    char *status;  /* one line: the first of the menu, and the title of the tool tip; "Connected to the server" */
    char *tooltip; /* lines: patterns and their date, last update, what is wrong, without status; plain text */
    HlTime change; /* when the face changes although the view does not (patterns become outdated); 0: never */
} TrFace;

/* face is cleared first; now is the wall clock. */
void tr_face_make(TrFace *face, const TrView *view, HlTime now);
void tr_face_clear(TrFace *face);

/* The name of the icon in the theme: "holdline-normal". */
const char *tr_icon_name(TrIcon icon);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TrFace, tr_face_clear)

#endif
