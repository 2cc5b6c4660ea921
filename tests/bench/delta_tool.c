/* SPDX-License-Identifier: Apache-2.0 */
/* The delta and full-file formats from a shell, for measuring: delta_tool encode BASE TARGET DELTA | apply BASE DELTA
 * OUT | pack FILE PACKED | unpack PACKED OUT LENGTH. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "updater/delta/delta.h"

static bool write_result(const char *path, GBytes *bytes, GError **error)
{
    return bytes != NULL && hl_file_write(path, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), 0644, error);
}

static bool encode(char **args, GError **error)
{
    g_autoptr(GBytes) base = hl_file_read(args[0], UPD_DELTA_MAX_FILE, error);
    g_autoptr(GBytes) target = base == NULL ? NULL : hl_file_read(args[1], UPD_DELTA_MAX_FILE, error);
    g_autoptr(GBytes) delta = target == NULL ? NULL : upd_delta_encode(base, target, error);

    return write_result(args[2], delta, error);
}

static bool apply(char **args, GError **error)
{
    hl_autofd int base = open(args[0], O_RDONLY | O_CLOEXEC);
    hl_autofd int out = open(args[2], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    g_autoptr(GBytes) delta = hl_file_read(args[1], UPD_DELTA_MAX_FILE, error);
    UpdDeltaInfo info;

    return delta != NULL && upd_delta_inspect(delta, &info, error) &&
           upd_delta_apply(base, delta, out, info.out_length, error);
}

static bool pack(char **args, GError **error)
{
    g_autoptr(GBytes) content = hl_file_read(args[0], UPD_DELTA_MAX_FILE, error);
    g_autoptr(GBytes) packed = content == NULL ? NULL : upd_full_pack(content, error);

    return write_result(args[1], packed, error);
}

static bool unpack(char **args, GError **error)
{
    hl_autofd int packed = open(args[0], O_RDONLY | O_CLOEXEC);
    hl_autofd int out = open(args[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    return upd_full_unpack(packed, out, g_ascii_strtoull(args[2], NULL, 10), error);
}

static const struct {
    const char *name;
    int args;
    bool (*run)(char **args, GError **error);
} verbs[] = { { "encode", 3, encode }, { "apply", 3, apply }, { "pack", 2, pack }, { "unpack", 3, unpack } };

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS(verbs); i++) {
        if (argc != verbs[i].args + 2 || strcmp(argv[1], verbs[i].name) != 0)
            continue;
        if (verbs[i].run(argv + 2, &error))
            return EXIT_SUCCESS;
        fprintf(stderr, "delta_tool %s: %s\n", argv[1], error->message);
        return EXIT_FAILURE;
    }
    fprintf(stderr, "usage: delta_tool encode BASE TARGET DELTA | apply BASE DELTA OUT | pack FILE PACKED | unpack "
                    "PACKED OUT LENGTH\n");
    return 2;
}
