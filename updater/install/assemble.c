/* SPDX-License-Identifier: Apache-2.0 */
#include "updater/install/assemble.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "updater/delta/delta.h"

typedef struct {
    UpdAssembly *assembly;
    const char *what;
    uint64_t before, total; /* bytes of the downloads that are done; of all */
} Downloads;

static const TufTarget *choose(const UpdPart *part)
{
    return part->same != NULL ? NULL
                              : upd_release_cheapest(part->wanted, part->base == NULL ? NULL : part->base->sha256);
}

/* Where a target is downloaded to: a name that follows from its content. */
static char *staged_name(const TufTarget *target)
{
    return g_strdup(target->hashes.hex[TUF_HASH_SHA256] != NULL ? target->hashes.hex[TUF_HASH_SHA256]
                                                                : target->hashes.hex[TUF_HASH_SHA512]);
}

static bool on_progress(uint64_t done, uint64_t total G_GNUC_UNUSED, gpointer user)
{
    const Downloads *downloads = user;
    const UpdAssembly *assembly = downloads->assembly;

    assembly->progress(downloads->before + done, downloads->total, downloads->what, assembly->user);
    return true;
}

/* Downloads of an earlier run that this one has no use for. */
static bool tidy(const UpdAssembly *assembly, const UpdPlan *plan, GError **error)
{
    g_autoptr(GHashTable) needed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GDir) directory = g_dir_open(assembly->staging, 0, NULL);
    const char *name;

    for (guint i = 0; i < plan->parts->len; i++) {
        const UpdPart *part = plan->parts->pdata[i];

        if (part->same == NULL) {
            g_hash_table_add(needed, staged_name(choose(part)));
            /* the full file as well: it takes over where the increment fails, and an earlier run may have fetched it */
            g_hash_table_add(needed, staged_name(part->wanted->full));
        }
    }
    while (directory != NULL && (name = g_dir_read_name(directory)) != NULL) {
        g_autofree char *path = g_build_filename(assembly->staging, name, NULL);

        if (!g_hash_table_contains(needed, name) && !hl_tree_remove(path, error))
            return false;
    }
    return true;
}

static char *path_in(const char *directory, const UpdSetFile *file)
{
    g_autofree char *name = upd_set_file_name(file->component, file->name);

    return g_build_filename(directory, name, NULL);
}

static bool link_same(const UpdAssembly *assembly, const UpdPart *part, GError **error)
{
    g_autofree char *from = path_in(assembly->active, part->same);
    g_autofree char *to = path_in(assembly->directory, part->file);

    /* sets are immutable, so two of them can share a file: nothing is copied, and no space is needed */
    return link(from, to) == 0 || hl_fail_errno(error, errno, "cannot link %s to %s", from, to);
}

static GBytes *map(const char *path, GError **error)
{
    g_autoptr(GError) problem = NULL;
    GMappedFile *mapped = g_mapped_file_new(path, FALSE, &problem);
    GBytes *bytes = mapped == NULL ? NULL : g_mapped_file_get_bytes(mapped);

    if (mapped == NULL)
        hl_fail(error, HL_ERROR_IO, "cannot read %s: %s", path, problem->message);
    else
        g_mapped_file_unref(mapped);
    return bytes;
}

/* A set lies where others might place a FIFO: it is refused, not waited for.  -1 on failure. */
static int open_regular(const char *path, GError **error)
{
    hl_autofd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) != 0)
        hl_fail_errno(error, errno, "cannot read %s", path);
    else if (!S_ISREG(st.st_mode))
        hl_fail(error, HL_ERROR_INVALID, "cannot read %s: not a regular file", path);
    else
        return hl_fd_steal(&fd);
    return -1;
}

/* From what was downloaded to the content, into out. */
static bool unfold(const UpdAssembly *assembly, const UpdPart *part, const TufTarget *target, const char *staged,
                   int out, GError **error)
{
    g_autofree char *base_path = NULL;
    g_autoptr(GBytes) delta = NULL;
    hl_autofd int fd = -1;

    if (target != part->wanted->full)
        base_path = path_in(assembly->active, part->base);
    fd = open_regular(base_path != NULL ? base_path : staged, error);
    if (fd < 0)
        return false;
    if (base_path == NULL)
        return upd_full_unpack(fd, out, (guint64)part->file->length, error);
    delta = map(staged, error);
    return delta != NULL && upd_delta_apply(fd, delta, out, (guint64)part->file->length, error);
}

/* Writes the file durably and reads it back. */
static bool produce(const UpdAssembly *assembly, const UpdPart *part, const TufTarget *target, const char *staged,
                    GError **error)
{
    g_autofree char *path = path_in(assembly->directory, part->file);
    hl_autofd int out = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0644);

    if (out < 0)
        return hl_fail_errno(error, errno, "cannot write %s", path);
    if (!unfold(assembly, part, target, staged, out, error))
        return hl_error_prefix(error, "target %s", target->path);
    if (fsync(out) != 0)
        return hl_fail_errno(error, errno, "cannot write %s", path);
    return upd_set_file_holds(path, part->file->length, part->file->sha256) ||
           hl_fail(error, HL_ERROR_UNTRUSTED,
                   "target %s: its result does not have the listed out_length and out_sha256", target->path);
}

static bool fetch(Downloads *downloads, const UpdPart *part, const TufTarget *target, GError **error)
{
    const UpdAssembly *assembly = downloads->assembly;
    g_autofree char *name = staged_name(target);
    g_autofree char *staged = g_build_filename(assembly->staging, name, NULL);
    g_autofree char *what = g_strdup_printf("downloading %s", part->file->component);

    downloads->what = what;
    if (!upd_source_download(assembly->source, target, staged, on_progress, downloads, error) ||
        !produce(assembly, part, target, staged, error))
        return false;
    downloads->before += (uint64_t)target->length;
    assembly->progress(downloads->before, downloads->total, what, assembly->user);
    return true;
}

/* Whether the full file may lead to where an increment did not: it was bad or missing, not this machine or the line. */
static bool full_may_help(const GError *error)
{
    switch (hl_error_code(error)) {
    case HL_ERROR_INVALID:
    case HL_ERROR_UNTRUSTED:
    case HL_ERROR_LIMIT:
    case HL_ERROR_NOT_FOUND:
        return true;
    default:
        return false;
    }
}

static bool make_part(Downloads *downloads, const UpdPart *part, GError **error)
{
    UpdAssembly *assembly = downloads->assembly;
    const TufTarget *target = choose(part);
    g_autoptr(GError) problem = NULL;

    if (target == NULL)
        return link_same(assembly, part, error);
    if (fetch(downloads, part, target, &problem))
        return true;
    if (target == part->wanted->full || !full_may_help(problem)) {
        g_propagate_error(error, g_steal_pointer(&problem));
        return false;
    }
    g_free(assembly->remark);
    assembly->remark = g_strdup_printf("the full file was taken because the increment failed: %s", problem->message);
    downloads->total += (uint64_t)(part->wanted->full->length - target->length);
    return fetch(downloads, part, part->wanted->full, error);
}

bool upd_assemble(UpdAssembly *assembly, const UpdPlan *plan, GError **error)
{
    Downloads downloads = { .assembly = assembly };

    for (guint i = 0; i < plan->parts->len; i++) {
        const TufTarget *target = choose(plan->parts->pdata[i]);

        downloads.total += target == NULL ? 0 : (uint64_t)target->length;
    }
    if (!tidy(assembly, plan, error))
        return false;
    for (guint i = 0; i < plan->parts->len; i++)
        if (!make_part(&downloads, plan->parts->pdata[i], error))
            return false;
    return true;
}
