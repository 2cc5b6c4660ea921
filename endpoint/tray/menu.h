/* SPDX-License-Identifier: Apache-2.0 */
/* The entries of the menu for a view: what may be done is there, what may not is not.  Pure; one table. */
#ifndef ENDPOINT_TRAY_MENU_H
#define ENDPOINT_TRAY_MENU_H

#include "endpoint/tray/view.h"

/* Also the id of the entry on the bus, so that a click means the same whatever came or went meanwhile. */
typedef enum {
    TR_DO_NOTHING,
    TR_DO_STATUS, /* the status line: shows, does nothing */
    TR_DO_UPDATE_NOW,
    TR_DO_SCAN_FILE,
    TR_DO_SCAN_FOLDER,
    TR_DO_SCHEDULE_OFF,
    TR_DO_SCHEDULE_ON,
    TR_DO_SKIP_SCAN,
    TR_DO_DETECTIONS,
    TR_DO_HISTORY,
    TR_DO_STOP,
    TR_DO_SEPARATOR_1,
    TR_DO_SEPARATOR_2,
    TR_DO_QUIT,
    TR_N_DOS
} TrDo;

typedef struct {
    TrDo what;
    bool separator, enabled;
    char *label; /* plain text: underscores and markup are the bus side's to escape */
} TrEntry;

/* Entries in order, at most TR_N_DOS; status is the face's line.  g_ptr_array_unref. */
GPtrArray *tr_menu_make(const TrView *view, const char *status);

/* The entry that has this place, from 0, when all are there; TR_DO_NOTHING: there is no such place. */
TrDo tr_menu_at(guint place);

/* Whether other entries are there (layout), and whether texts or states of those that are differ. */
typedef struct {
    bool layout, properties;
} TrMenuChange;
TrMenuChange tr_menu_compare(const GPtrArray *old, const GPtrArray *new_menu);

/* The word for the command line (`holdline-tray update-now`) and the call of the control socket; NULL for what is none.
 */
const char *tr_do_name(TrDo what);
TrDo tr_do_from_name(const char *name); /* TR_DO_NOTHING for others */

#endif
