/* SPDX-License-Identifier: Apache-2.0 */
/* A text as a picture for the camera of a telephone (QR code, ISO/IEC 18004).  Pure. */
#ifndef MANAGER_CONSOLE_CORE_QR_H
#define MANAGER_CONSOLE_CORE_QR_H

#include "lib/base/error.h"

#define CON_QR_MAX 1000 /* bytes of a text: what a telephone still reads from a screen */

/* The dark modules as a path of SVG, one unit each, on a white square of *side units with the quiet zone in it.  Caller
 * frees; NULL: the text is too long. */
char *con_qr_path(const char *text, guint *side, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
