/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a fuzz target without a fuzzer: every file of the directories named, all its beginnings, and it with each byte
 * changed in four ways.  Deterministic, so that a test may rest on it.
 *
 *   replay [--places N] DIRECTORY...    of inputs longer than N bytes (200) only N bytes are changed */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/file.h"
#include "tests/fuzz/fuzz.h"

#define INPUT_MAX ((gsize)1 << 20)

/* Longer inputs are changed at every n-th byte only, so that one file costs at most five times as many runs. */
static gsize places = 200;

static void replay(const uint8_t *data, gsize size)
{
    static const uint8_t flips[] = { 0x01, 0x80, 0xff, 0x55 };
    gsize stride = size / MAX(places, 1) + 1;
    g_autofree uint8_t *copy = g_memdup2(data, size);

    LLVMFuzzerTestOneInput(data, size);
    for (gsize at = 0; at < size; at += stride) {
        g_autofree uint8_t *head = g_memdup2(data, at);

        LLVMFuzzerTestOneInput(head, at);
        for (gsize f = 0; f < G_N_ELEMENTS(flips); f++) {
            copy[at] ^= flips[f];
            LLVMFuzzerTestOneInput(copy, size);
            copy[at] ^= flips[f];
        }
    }
}

static bool replay_directory(const char *path, guint *count, GError **error)
{
    g_autoptr(GDir) directory = g_dir_open(path, 0, error);
    const char *name;

    while (directory != NULL && (name = g_dir_read_name(directory)) != NULL) {
        g_autofree char *file = g_build_filename(path, name, NULL);
        g_autoptr(GBytes) bytes = hl_file_read(file, INPUT_MAX, error);

        if (bytes == NULL)
            return false;
        replay(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
        (*count)++;
    }
    return directory != NULL;
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    guint count = 0;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--places") == 0 && i + 1 < argc) {
            places = strtoul(argv[++i], NULL, 10);
            continue;
        }
        if (!replay_directory(argv[i], &count, &error)) {
            fprintf(stderr, "replay: %s\n", error->message);
            return EXIT_FAILURE;
        }
    }
    if (count == 0) {
        fprintf(stderr, "replay: no corpus: name a directory with inputs\n");
        return EXIT_FAILURE;
    }
    printf("%u inputs and their mutations passed\n", count);
    return EXIT_SUCCESS;
}
