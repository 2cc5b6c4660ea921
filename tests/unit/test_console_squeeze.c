/* SPDX-License-Identifier: Apache-2.0 */
/* manager/console/core/squeeze: any pieces after the head are what a reader of gzip takes for one stream. */
#include <string.h>

#include "manager/console/core/squeeze.h"
#include "tests/support/gunzip.h"

static char *long_text(gsize size, guint32 seed)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
    char *text = g_malloc(size + 1);

    for (gsize i = 0; i < size; i++) /* does not become shorter: printable, but random */
        text[i] = (char)g_rand_int_range(rand, 1, 256);
    text[size] = '\0';
    return text;
}

/* A reader that was too slow for some gets the others, in another order or twice. */
static void test_pieces(void)
{
    static const guint readers[][6] = {
        { 0, 1, 2, 3, 4, 5 }, { 5, 4, 3, 2, 1, 0 }, { 1, 1, 1, 4, 4, 4 }, { 4, 0, 4, 3, 2, 2 }, { 3, 3, 3, 3, 3, 3 },
    };
    g_autofree char *noise = long_text(300000, 1);
    g_autofree char *repeated = g_strnfill(1000000, 'a');
    const char *texts[] = { "event: pulse\ndata: {}\n\n", "x", noise, repeated, "event: pulse\ndata: {}\n\n", "日本" };
    g_autoptr(GConverter) squeeze = con_squeeze_new();
    GBytes *pieces[G_N_ELEMENTS(texts)];

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        pieces[i] = con_squeeze(squeeze, texts[i]);
    g_assert_cmpuint(g_bytes_get_size(pieces[3]), <, 10000);
    g_assert_cmpuint(g_bytes_get_size(pieces[2]), <, 302000);
    for (gsize r = 0; r < G_N_ELEMENTS(readers); r++) {
        g_autoptr(GByteArray) wire = g_byte_array_new();
        g_autoptr(GString) sent = g_string_new(NULL);
        g_autofree char *heard = NULL;

        g_byte_array_append(wire, g_bytes_get_data(con_squeeze_head(), NULL),
                            (guint)g_bytes_get_size(con_squeeze_head()));
        for (gsize i = 0; i < G_N_ELEMENTS(readers[r]); i++) {
            GBytes *piece = pieces[readers[r][i]];

            g_byte_array_append(wire, g_bytes_get_data(piece, NULL), (guint)g_bytes_get_size(piece));
            g_string_append(sent, texts[readers[r][i]]);
        }
        heard = gunzip(wire->data, wire->len);
        g_assert_true(strcmp(heard, sent->str) == 0);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(pieces); i++)
        g_bytes_unref(pieces[i]);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/console/squeeze/pieces", test_pieces);
    return g_test_run();
}
