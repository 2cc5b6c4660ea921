/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures of texts.  That a camera reads them is the browser test's. */
#include <stdio.h>
#include <string.h>

#include "manager/console/core/qr.h"

#define URI  "otpauth://totp/Holdline:admin?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Holdline"
#define MOST 100

/* The path drawn: each of its strokes lies on the square and on no other one. */
static guint draw(const char *path, guint side, bool dark[MOST][MOST])
{
    guint strokes = 0;
    unsigned x, y, width, back;
    int used;

    g_assert_cmpuint(side, <=, MOST);
    for (; *path != '\0'; path += used, strokes++) {
        g_assert_cmpint(sscanf(path, "M%u %uh%uv1h-%uz%n", &x, &y, &width, &back, &used), ==, 4);
        g_assert_cmpuint(width, ==, back);
        g_assert_true(width > 0 && x + width <= side - 4 && y < side - 4 && x >= 4 && y >= 4);
        for (unsigned i = x; i < x + width; i++) {
            g_assert_false(dark[y][i]);
            dark[y][i] = true;
        }
    }
    return strokes;
}

/* The three squares by which a camera finds it. */
static void assert_finder(bool dark[MOST][MOST], guint top, guint left)
{
    for (guint y = 0; y < 7; y++)
        for (guint x = 0; x < 7; x++) {
            guint ring = MIN(MIN(x, 6 - x), MIN(y, 6 - y)); /* from outside */

            g_assert_cmpint(dark[top + y][left + x], ==, ring != 1);
        }
}

static void test_picture(void)
{
    static bool dark[MOST][MOST];
    guint side = 0;
    g_autofree char *path = con_qr_path(URI, &side, NULL);

    g_assert_nonnull(path);
    g_assert_cmpuint(side % 4, ==, (17 + 8) % 4);
    g_assert_cmpuint(draw(path, side, dark), >, 100);
    assert_finder(dark, 4, 4);
    assert_finder(dark, 4, side - 11);
    assert_finder(dark, side - 11, 4);
}

static void test_other_text_other_picture(void)
{
    guint side = 0;
    g_autofree char *one = con_qr_path(URI "1", &side, NULL);
    g_autofree char *other = con_qr_path(URI "2", &side, NULL);

    g_assert_cmpstr(one, !=, other);
}

static void test_bounds(void)
{
    g_autofree char *longest = g_strnfill(CON_QR_MAX, 'x');
    g_autofree char *longer = g_strnfill(CON_QR_MAX + 1, 'x');
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) empty = NULL;
    guint side = 0;
    g_autofree char *path = con_qr_path(longest, &side, NULL);

    g_assert_nonnull(path);
    g_assert_null(con_qr_path(longer, &side, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
    g_assert_null(con_qr_path("", &side, &empty));
    g_assert_error(empty, HL_ERROR, HL_ERROR_INVALID);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/console/qr/picture", test_picture);
    g_test_add_func("/console/qr/other-text", test_other_text_other_picture);
    g_test_add_func("/console/qr/bounds", test_bounds);
    return g_test_run();
}
