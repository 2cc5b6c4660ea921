/* SPDX-License-Identifier: Apache-2.0 */
/* wire-golden DIR: writes a sample of every message (NAME.bin) and its text form (NAME.txt) to DIR.  What is there
 * stays as it is: a sample tells what has been sent at some time, and never changes afterwards. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/file.h"
#include "proto/wire.h"
#include "tests/support/wire_samples.h"

static bool write_once(const char *directory, const char *name, const char *ending, const void *data, gsize size,
                       GError **error)
{
    g_autofree char *file = g_strconcat(name, ending, NULL);
    g_autofree char *path = g_build_filename(directory, file, NULL);

    return g_file_test(path, G_FILE_TEST_EXISTS) || hl_file_write(path, data, size, 0644, error);
}

static bool write_sample(const char *directory, const ProtobufCMessageDescriptor *type, guint variant, GError **error)
{
    g_autofree char *name = wire_sample_name(type, variant);
    g_autoptr(GBytes) bytes = wire_sample(type, variant);
    ProtobufCMessage *message = hl_wire_decode_bytes(type, bytes, error);
    g_autofree char *text = message != NULL ? wire_text(message) : NULL;

    hl_wire_free(message);
    return text != NULL &&
           write_once(directory, name, ".bin", g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), error) &&
           write_once(directory, name, ".txt", text, strlen(text), error);
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    bool ok = argc == 2 && hl_dir_make(argv[1], 0755, &error);

    for (gsize i = 0; ok && i < wire_n_types; i++)
        for (guint v = 0; ok && v < wire_variants(wire_types[i]); v++)
            ok = write_sample(argv[1], wire_types[i], v, &error);
    if (!ok)
        fprintf(stderr, "wire-golden: %s\n", error != NULL ? error->message : "usage: wire-golden DIR");
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
