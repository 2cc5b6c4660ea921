/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/http/static_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/http/range.h"

/* A mirror's files are named by their content and never change; only the timestamp does.  A missing file may be
 * published at any moment. */
#define CACHE_SHORT "max-age=60"
#define CACHE_EVER  "max-age=31536000, immutable"

#define MAX_DEPTH 16

static const struct {
    const char *suffix, *type;
} content_types[] = {
    { ".json", "application/json" },
    { ".txt", "text/plain; charset=utf-8" },
    { ".html", "text/html; charset=utf-8" },
};

/* -1 if it does not exist or must not be served. */
static int open_below(const char *directory, const char *rest)
{
    hl_autofd int at = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    g_auto(GStrv) parts = g_strsplit(rest, "/", MAX_DEPTH + 1);
    guint count = g_strv_length(parts);

    if (count == 0 || count > MAX_DEPTH)
        return -1;
    for (guint i = 0; i < count && at >= 0; i++) {
        bool last = i + 1 == count;
        int next;

        if (parts[i][0] == '\0' || parts[i][0] == '.')
            return -1;
        /* NONBLOCK: opening a FIFO must not hang the thread */
        next = openat(at, parts[i],
                      O_NOFOLLOW | O_CLOEXEC | (last ? O_RDONLY | O_NONBLOCK | O_NOCTTY : O_PATH | O_DIRECTORY));
        close(at);
        at = next;
    }
    return hl_fd_steal(&at);
}

static const char *content_type_of(const char *path)
{
    for (gsize i = 0; i < G_N_ELEMENTS(content_types); i++)
        if (g_str_has_suffix(path, content_types[i].suffix))
            return content_types[i].type;
    return "application/octet-stream";
}

static bool is_timestamp(const char *path)
{
    const char *slash = strrchr(path, '/');

    return strcmp(slash == NULL ? path : slash + 1, "timestamp.json") == 0;
}

static void choose_part(HlStaticFile *file, const HlStaticQuery *query)
{
    file->status = 200;
    file->length = file->size;
    if (query->if_none_match != NULL && strcmp(query->if_none_match, file->etag) == 0) {
        file->status = 304;
        return;
    }
    /* a range of another version than the one the client has the rest of would be worse than the whole file */
    if (query->if_range != NULL && strcmp(query->if_range, file->etag) != 0)
        return;
    switch (hl_range_parse(query->range, file->size, &file->offset, &file->length)) {
    case HL_RANGE_NONE:
        break;
    case HL_RANGE_ONE:
        file->status = 206;
        break;
    case HL_RANGE_UNSATISFIABLE:
        file->status = 416;
        break;
    }
}

HlStaticFile hl_static_open(const char *directory, const char *rest, const HlStaticQuery *query)
{
    HlStaticFile file = { .status = 404, .fd = -1, .content_type = "text/plain", .cache_control = CACHE_SHORT };
    hl_autofd int fd = open_below(directory, rest);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return file;
    file.size = (uint64_t)st.st_size;
    g_snprintf(file.etag, sizeof file.etag, "\"%" G_GINT64_MODIFIER "x-%" G_GINT64_MODIFIER "x-%lx\"", file.size,
               (guint64)st.st_ino, (unsigned long)st.st_mtim.tv_sec ^ (unsigned long)st.st_mtim.tv_nsec << 20);
    file.content_type = content_type_of(rest);
    file.cache_control = is_timestamp(rest) ? CACHE_SHORT : CACHE_EVER;
    choose_part(&file, query);
    if (file.status == 200 || file.status == 206)
        file.fd = hl_fd_steal(&fd);
    return file;
}
