/* SPDX-License-Identifier: Apache-2.0 */
/* Lets the user choose a file or a folder: by the desktop's portal, else by zenity or kdialog, which draw the dialog in
 * a process of their own. */
#ifndef ENDPOINT_TRAY_CHOOSER_H
#define ENDPOINT_TRAY_CHOOSER_H

#include <gio/gio.h>
#include <stdbool.h>

typedef struct TrChooser TrChooser;

typedef enum { TR_CHOOSE_FILE, TR_CHOOSE_FOLDER } TrChoose;

/* path and error are borrowed; both NULL: the user closed the dialog.  HL_ERROR_NOT_FOUND when there is no dialog.  The
 * chooser may be freed in here. */
typedef void (*TrChosen)(const char *path, const GError *error, gpointer user);

/* bus (NULL: there is none) is borrowed.  chosen is called from the loop. */
TrChooser *tr_chooser_new(GDBusConnection *bus, TrChoose what, TrChosen chosen, gpointer user);

/* Closes the dialog. */
void tr_chooser_free(TrChooser *chooser);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TrChooser, tr_chooser_free)

#endif
