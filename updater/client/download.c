/* SPDX-License-Identifier: Apache-2.0 */
/* TUF section 5.7: fetching a target. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "updater/client/workflow.h"
#include "updater/tuf/check.h"

enum { FILE_MODE = 0644, COPY_STEP = 256 * 1024 };

/* A download under way: what has come is in fd and in the digests. */
typedef struct {
    const TufTarget *target;
    char *path; /* of the part */
    int fd;
    uint64_t size; /* so far */
    TufDigest *digests[TUF_HASH_N];
    HlFetchProgress progress;
    gpointer user;
} Part;

static void part_clear(Part *part)
{
    hl_fd_clear(&part->fd);
    for (int i = 0; i < TUF_HASH_N; i++)
        g_clear_pointer(&part->digests[i], tuf_digest_free);
    g_clear_pointer(&part->path, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Part, part_clear)

static void start_digests(Part *part)
{
    for (int i = 0; i < TUF_HASH_N; i++) {
        g_clear_pointer(&part->digests[i], tuf_digest_free);
        if (part->target->hashes.hex[i] != NULL)
            part->digests[i] = tuf_digest_new(i);
    }
    part->size = 0;
}

static void add_digests(Part *part, const void *data, gsize size)
{
    for (int i = 0; i < TUF_HASH_N; i++)
        if (part->digests[i] != NULL)
            tuf_digest_update(part->digests[i], data, size);
    part->size += size;
}

/* Takes what fd holds, from its start, into the digests. */
static bool read_back(Part *part, GError **error)
{
    g_autofree char *buffer = g_malloc(COPY_STEP);
    ssize_t n;

    start_digests(part);
    while ((n = pread(part->fd, buffer, COPY_STEP, (off_t)part->size)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return hl_fail_errno(error, errno, "cannot read %s", part->path);
        add_digests(part, buffer, (gsize)n);
    }
    return true;
}

/* Ends the digests. */
static bool is_target(Part *part)
{
    if (TUF_BREAKS(target_length, part->size != (uint64_t)part->target->length))
        return false;
    for (int i = 0; i < TUF_HASH_N; i++) {
        g_autofree char *hex = part->digests[i] == NULL ? NULL : tuf_digest_finish(part->digests[i]);

        if (TUF_BREAKS(target_hash, hex != NULL && strcmp(hex, part->target->hashes.hex[i]) != 0))
            return false;
    }
    return true;
}

/* Whether path holds the target already. */
static bool is_there(const TufTarget *target, const char *path)
{
    g_auto(Part) part = { .target = target,
                          .path = g_strdup(path),
                          .fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }; /* a FIFO is not waited for */
    struct stat st;

    return part.fd >= 0 && fstat(part.fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == target->length &&
           read_back(&part, NULL) && is_target(&part);
}

static bool on_piece(uint64_t offset, const void *data, gsize size, gpointer user, GError **error)
{
    Part *part = user;
    const char *bytes = data;

    if (offset != part->size) { /* the server does not resume: it starts over */
        if (ftruncate(part->fd, 0) != 0)
            return hl_fail_errno(error, errno, "cannot write %s", part->path);
        start_digests(part);
    }
    for (gsize done = 0; done < size;) {
        ssize_t n = pwrite(part->fd, bytes + done, size - done, (off_t)(part->size + done));

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return hl_fail_errno(error, errno, "cannot write %s", part->path);
        done += (gsize)n;
    }
    add_digests(part, data, size);
    return true;
}

static bool on_progress(uint64_t done, uint64_t total G_GNUC_UNUSED, gpointer user)
{
    const Part *part = user;

    return part->progress == NULL || part->progress(done, (uint64_t)part->target->length, part->user);
}

/* Where snapshots are consistent, a hash comes before the last component of the path.  What could end or split a path
 * is encoded; the rest stays as servers and people know it. */
static char *url_of(const UpdClient *client, const TufTarget *target)
{
    g_autofree char *path = g_uri_escape_string(target->path, "/!$&'()*+,;=:@", FALSE);
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    const char *hash = NULL;

    for (int i = 0; i < TUF_HASH_N && hash == NULL; i++)
        hash = target->hashes.hex[i];
    if (!client->trusted.root->consistent_snapshot || hash == NULL)
        return g_strconcat(client->target_url, path, NULL);
    return g_strdup_printf("%s%.*s%s.%s", client->target_url, (int)(name - path), path, hash, name);
}

/* One request.  *gone: the server cannot serve the rest of what was begun. */
static bool fetch(UpdClient *client, Part *part, bool *gone, GError **error)
{
    g_autofree char *url = url_of(client, part->target);
    g_auto(HlFetchResult) result = { 0 };
    HlFetchRequest request = {
        .url = url,
        .max_size = TUF_BREAKS(target_bound, true) ? (uint64_t)part->target->length : UINT64_MAX,
        .resume_from = part->size,
        .deadline = upd_workflow_deadline(client, (uint64_t)part->target->length),
        .sink = on_piece,
        .progress = part->progress != NULL ? on_progress : NULL,
        .user = part,
    };

    *gone = false;
    if (!client->get(client->get_user, &request, &result, error))
        return false;
    *gone = result.status == 416;
    return result.status / 100 == 2 || upd_workflow_refused(url, &result, error);
}

/* Takes up the part that an earlier call left, unless it is as long as the target or longer. */
static bool open_part(UpdClient *client, const TufTarget *target, Part *part, GError **error)
{
    const char *hash = target->hashes.hex[TUF_HASH_SHA256];

    part->target = target;
    part->path = upd_cache_partial(&client->cache, hash != NULL ? hash : target->hashes.hex[TUF_HASH_SHA512], error);
    if (part->path == NULL)
        return false;
    part->fd = open(part->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, FILE_MODE);
    if (part->fd < 0)
        return hl_fail_errno(error, errno, "cannot write %s", part->path);
    if (!read_back(part, error))
        return false;
    if (part->size < (uint64_t)target->length)
        return true;
    if (ftruncate(part->fd, 0) != 0)
        return hl_fail_errno(error, errno, "cannot write %s", part->path);
    start_digests(part);
    return true;
}

/* Copies the part to a temporary file beside path, durable, and renames that. */
static bool copy_part(Part *part, const char *path, GError **error)
{
    g_autofree char *temporary = g_strdup_printf("%s.XXXXXX", path);
    hl_autofd int fd = mkostemp(temporary, O_CLOEXEC);
    off_t from = 0;
    ssize_t n = 0;
    int saved;

    if (fd < 0)
        return hl_fail_errno(error, errno, "cannot write %s", path);
    while ((uint64_t)from < part->size && (n = sendfile(fd, part->fd, &from, part->size - (uint64_t)from)) > 0)
        continue;
    if (n >= 0 && (uint64_t)from == part->size && fchmod(fd, FILE_MODE) == 0 && fsync(fd) == 0 &&
        rename(temporary, path) == 0) {
        unlink(part->path);
        return true;
    }
    saved = errno;
    unlink(temporary);
    return hl_fail_errno(error, saved, "cannot write %s", path);
}

/* The part becomes the file: by a rename, or by a copy when path is on another file system. */
static bool install(Part *part, const char *path, GError **error)
{
    g_autofree char *directory = g_path_get_dirname(path);

    if (fsync(part->fd) != 0)
        return hl_fail_errno(error, errno, "cannot write %s", part->path);
    TUF_MAY_DIE();
    if (rename(part->path, path) != 0) {
        if (errno != EXDEV)
            return hl_fail_errno(error, errno, "cannot write %s", path);
        if (!copy_part(part, path, error))
            return false;
    }
    return hl_dir_sync(directory, error);
}

/* Whether the part is worth keeping after this failure: the connection broke, nothing is known to be wrong. */
static bool may_resume(const GError *error)
{
    switch (hl_error_code(error)) {
    case HL_ERROR_UNAVAILABLE:
    case HL_ERROR_TIMEOUT:
    case HL_ERROR_FAILED:
        return true;
    default:
        return false;
    }
}

static bool download(UpdClient *client, const TufTarget *target, const char *path, HlFetchProgress progress,
                     gpointer user, GError **error)
{
    g_auto(Part) part = { .fd = -1, .progress = progress, .user = user };
    g_autoptr(GError) problem = NULL;
    bool resumed;
    bool gone = false;

    if (!open_part(client, target, &part, error))
        return false;
    resumed = part.size > 0;
    if (fetch(client, &part, &gone, &problem)) {
        if (is_target(&part))
            return install(&part, path, error);
        hl_fail(&problem, HL_ERROR_UNTRUSTED,
                "target '%s': what the server sent does not have the %" G_GINT64_FORMAT
                " bytes and the hash that are listed",
                target->path, target->length);
    }
    if (gone || !may_resume(problem))
        unlink(part.path);
    /* the beginning may have been of another file, or have suffered: once more from the start, without it */
    if (resumed && (gone || hl_error_code(problem) == HL_ERROR_UNTRUSTED))
        return download(client, target, path, progress, user, error);
    g_propagate_error(error, g_steal_pointer(&problem));
    return false;
}

bool upd_client_download(UpdClient *client, const TufTarget *target, const char *path, HlFetchProgress progress,
                         gpointer user, GError **error)
{
    g_assert(client->ready && client->target_url != NULL);
    return is_there(target, path) || download(client, target, path, progress, user, error);
}
