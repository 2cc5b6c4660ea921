/* Writes the inputs of the corpora that only a program can make, into DIR/delta and so on: after a change of their
 * format, `fuzz-seeds tests/fuzz/corpus`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/file.h"
#include "tests/fuzz/delta_base.h"
#include "updater/delta/delta.h"

static const char *top;

static void put(const char *corpus, const char *name, const void *data, gsize size)
{
    g_autofree char *path = g_build_filename(top, corpus, name, NULL);
    g_autofree char *directory = g_path_get_dirname(path);
    g_autoptr(GError) error = NULL;

    g_mkdir_with_parents(directory, 0755);
    g_file_set_contents(path, data, (gssize)size, &error);
    g_assert_no_error(error);
}

/* --------------------------------------------------------------------------------------------------------- delta */

static void put_delta(const char *name, const char *target, gsize size)
{
    GString *text = delta_base();
    g_autoptr(GBytes) base = g_string_free_to_bytes(text);
    g_autoptr(GBytes) wanted = g_bytes_new(target, size);
    g_autoptr(GBytes) delta = upd_delta_encode(base, wanted, NULL);

    g_assert_cmpuint(size, <=, DELTA_OUT_MAX);
    put("delta", name, g_bytes_get_data(delta, NULL), g_bytes_get_size(delta));
}

static void put_full(const char *name, const char *content, gsize size)
{
    g_autoptr(GBytes) bytes = g_bytes_new(content, size);
    g_autoptr(GBytes) packed = upd_full_pack(bytes, NULL);
    g_autoptr(GByteArray) out = g_byte_array_new();
    const guint8 head[] = { 'F', (guint8)(size >> 8), (guint8)size };

    g_byte_array_append(out, head, sizeof head);
    g_byte_array_append(out, g_bytes_get_data(packed, NULL), (guint)g_bytes_get_size(packed));
    put("delta", name, out->data, out->len);
}

static void write_delta(void)
{
    GString *base = delta_base();
    GString *text = g_string_new(base->str);
    char noise[300];

    put_delta("same", base->str, base->len);
    put_delta("empty", "", 0);
    put_full("full", base->str, base->len);
    put_full("full-empty", "", 0);
    g_string_append(text, "\n9d37:99:Family-7\n9d38:98:Family-7\n9d39:97:Family-7\n9d40:96:Family-8\n");
    put_delta("append", text->str, text->len);
    g_string_erase(text, 20, 130);
    put_delta("delete-and-append", text->str, text->len);
    g_string_append_len(text, base->str, 100);
    put_delta("move", text->str, text->len);
    g_string_append_len(g_string_assign(text, base->str + 120), base->str, 120);
    put_delta("swap", text->str, text->len);
    for (gsize i = 0; i < text->len; i += 3)
        text->str[i] = (char)(text->str[i] ^ 1);
    put_delta("similar", text->str, text->len);
    for (gsize i = 0; i < sizeof noise; i++)
        noise[i] = (char)((i * 2654435761u) >> 13);
    put_delta("noise", noise, sizeof noise);
    memcpy(noise + 40, base->str, 200);
    put_delta("half-noise", noise, sizeof noise);
    g_string_free(base, TRUE);
    g_string_free(text, TRUE);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: fuzz-seeds DIR\n");
        return EXIT_FAILURE;
    }
    top = argv[1];
    write_delta();
    return EXIT_SUCCESS;
}
