/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/console/core/qr.h"

#include <qrencode.h>
#include <string.h>

#define QUIET 4 /* modules around it (ISO/IEC 18004, 6.3.8) */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(QRcode, QRcode_free)

/* Neighbours of a row are one stroke: a third of the text. */
static void append_row(GString *path, const unsigned char *row, int width, int y)
{
    for (int x = 0, end; x < width; x = end) {
        end = x + 1;
        if ((row[x] & 1) == 0)
            continue;
        while (end < width && (row[end] & 1) != 0)
            end++;
        g_string_append_printf(path, "M%d %dh%dv1h-%dz", x + QUIET, y + QUIET, end - x, end - x);
    }
}

char *con_qr_path(const char *text, guint *side, GError **error)
{
    g_autoptr(QRcode) code = NULL;
    GString *path;

    if (strlen(text) <= CON_QR_MAX)
        code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);
    if (code == NULL) {
        hl_fail(error, HL_ERROR_INVALID, "a text of %zu bytes cannot be a picture: 1 to %d can", strlen(text),
                CON_QR_MAX);
        return NULL;
    }
    path = g_string_new(NULL);
    for (int y = 0; y < code->width; y++)
        append_row(path, code->data + (gsize)y * (gsize)code->width, code->width, y);
    *side = (guint)code->width + 2 * QUIET;
    return g_string_free(path, FALSE);
}
