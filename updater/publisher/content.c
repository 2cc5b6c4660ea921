/* SPDX-License-Identifier: Apache-2.0 */
#include "updater/publisher/content.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/unconst.h"
#include "updater/delta/delta.h"
#include "updater/publisher/program.h"
#include "updater/publisher/stage.h"

/* One component on its way. */
typedef struct {
    const UpdRepo *repo;
    const char *component;
    json_t *stage, *history; /* stage.json; {"releases": [...]}, newest last */
    json_t *targets;         /* of the role, filled here */
    json_t *files;           /* file name -> sha256 of its content, for the history */
    UpdProgress progress;
    void *user;
    guint done, total;
    UpdPublished *published;
} Work;

static char *digest(GBytes *bytes)
{
    return tuf_hash_hex(TUF_HASH_SHA256, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
}

static json_t *load_history(const UpdRepo *repo, const char *component, GError **error)
{
    g_autofree char *name = g_strdup_printf("private/history/%s.json", component);

    return upd_repo_exists(repo, name) ? upd_repo_load(repo, name, error) : json_pack("{s:[]}", "releases");
}

static json_int_t newest_release(const json_t *history)
{
    const json_t *releases = json_object_get(history, "releases");
    gsize n = json_array_size(releases);

    return n == 0 ? 0 : json_integer_value(json_object_get(json_array_get(releases, n - 1), "version"));
}

gint64 upd_content_newest(const UpdRepo *repo, const char *component)
{
    g_autoptr(json_t) history = load_history(repo, component, NULL);

    return newest_release(history);
}

static json_t *load_stage(const UpdRepo *repo, const char *component, GError **error)
{
    g_autofree char *name = g_strdup_printf("private/staged/%s/stage.json", component);

    return upd_repo_load(repo, name, error);
}

bool upd_content_is_staged(const UpdRepo *repo, const char *component)
{
    g_autofree char *name = g_strdup_printf("private/staged/%s/stage.json", component);

    return upd_repo_exists(repo, name);
}

GStrv upd_content_files(const UpdRepo *repo, const char *component)
{
    g_autoptr(json_t) history = load_history(repo, component, NULL);
    const json_t *releases = json_object_get(history, "releases");
    gsize n = json_array_size(releases);
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();
    const char *name;
    json_t *file;

    json_object_foreach(json_object_get(json_array_get(releases, n > 0 ? n - 1 : 0), "files"), name, file)
    {
        g_strv_builder_add(names, name);
    }
    return g_strv_builder_end(names);
}

bool upd_content_settle(const UpdRepo *repo, const json_t *role, const char *component, GError **error)
{
    g_autoptr(json_t) stage = upd_content_is_staged(repo, component) ? load_stage(repo, component, NULL) : NULL;
    json_int_t version = json_integer_value(json_object_get(stage, "version"));

    return version == 0 || version != upd_content_version(role) ||
           !json_is_object(json_object_get(stage, "contents")) || upd_content_commit(repo, component, error);
}

bool upd_content_matches(const UpdRepo *repo, const char *component, const char *const *paths, gsize n)
{
    g_autoptr(json_t) history = load_history(repo, component, NULL);
    const json_t *releases = json_object_get(history, "releases");
    gsize count = json_array_size(releases);
    json_t *files = json_object_get(json_array_get(releases, count > 0 ? count - 1 : 0), "files");

    if (count == 0 || json_object_size(files) != n)
        return false;
    for (gsize i = 0; i < n; i++) {
        g_autofree char *name = g_path_get_basename(paths[i]);
        g_autoptr(GBytes) content = hl_file_read(paths[i], UPD_DELTA_MAX_FILE, NULL);
        g_autofree char *sha256 = content == NULL ? NULL : digest(content);

        if (g_strcmp0(sha256, json_string_value(json_object_get(json_object_get(files, name), "sha256"))) != 0 ||
            sha256 == NULL)
            return false;
    }
    return true;
}

/* A number that all targets of the role's newest release have in common. */
static gint64 number_of(const json_t *envelope, const char *member)
{
    json_t *targets = json_object_get(upd_meta_signed(envelope), "targets");
    const json_t *newest = NULL;
    const char *path;
    json_t *target;

    json_object_foreach(targets, path, target)
    {
        const json_t *custom = json_object_get(target, "custom");

        if (newest == NULL || json_integer_value(json_object_get(custom, "version")) >
                                  json_integer_value(json_object_get(newest, "version")))
            newest = custom;
    }
    return json_integer_value(json_object_get(newest, member));
}

gint64 upd_content_version(const json_t *envelope)
{
    return number_of(envelope, "version");
}

gint64 upd_content_signatures(const json_t *envelope)
{
    return number_of(envelope, "signatures");
}

/* An unnamed file in memory that holds these bytes. */
int upd_content_memory(GBytes *bytes, GError **error)
{
    hl_autofd int fd = memfd_create("content", MFD_CLOEXEC);
    const char *data = bytes == NULL ? NULL : g_bytes_get_data(bytes, NULL);
    gsize left = bytes == NULL ? 0 : g_bytes_get_size(bytes);

    while (fd >= 0 && left > 0) {
        ssize_t n = write(fd, data, left);

        if (n < 0 && errno != EINTR)
            hl_fd_clear(&fd);
        data += MAX(n, 0);
        left -= (gsize)MAX(n, 0);
    }
    if (fd < 0 || lseek(fd, 0, SEEK_SET) != 0)
        hl_fail_errno(error, errno, "cannot hold a pattern file in memory");
    return hl_fd_steal(&fd);
}

GBytes *upd_content_map(int fd, guint64 size, GError **error)
{
    GMappedFile *mapped;
    GBytes *bytes;

    if (size == 0)
        return g_bytes_new_static("", 0);
    mapped = g_mapped_file_new_from_fd(fd, FALSE, error);
    if (mapped == NULL)
        return NULL;
    bytes = g_mapped_file_get_bytes(mapped);
    g_mapped_file_unref(mapped);
    return bytes;
}

/* The length of a past content; -1 if the history does not know it. */
static gint64 past_length(const json_t *history, const char *sha256)
{
    const json_t *releases = json_object_get(history, "releases");
    const char *file;
    json_t *past;

    for (gsize i = 0; i < json_array_size(releases); i++) {
        json_object_foreach(json_object_get(json_array_get(releases, i), "files"), file, past)
        {
            if (g_strcmp0(json_string_value(json_object_get(past, "sha256")), sha256) == 0)
                return json_integer_value(json_object_get(past, "length"));
        }
    }
    return -1;
}

int upd_content_open(const UpdRepo *repo, const char *component, const char *sha256, GError **error)
{
    g_autoptr(json_t) history = load_history(repo, component, error);
    gint64 length = history == NULL ? -1 : past_length(history, sha256);
    g_autofree char *path = upd_repo_path(repo, "private/history/%s.zst", sha256);
    hl_autofd int packed = -1;
    hl_autofd int out = -1;
    g_autoptr(GBytes) content = NULL;
    g_autofree char *hash = NULL;

    if (history == NULL)
        return -1;
    if (length < 0) {
        hl_fail(error, HL_ERROR_NOT_FOUND, "the history of %s has no content %.12s", component, sha256);
        return -1;
    }
    packed = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (packed < 0) {
        hl_fail_errno(error, errno, "cannot read %s", path);
        return -1;
    }
    out = upd_content_memory(NULL, error);
    if (out < 0 || !upd_full_unpack(packed, out, (guint64)length, error)) {
        hl_error_prefix(error, "%s", path);
        return -1;
    }
    content = upd_content_map(out, (guint64)length, error);
    hash = content == NULL ? NULL : digest(content);
    if (hash != NULL && strcmp(hash, sha256) != 0)
        hl_fail(error, HL_ERROR_UNTRUSTED, "%s does not contain what its name says: take the file from a backup", path);
    return hash != NULL && strcmp(hash, sha256) == 0 ? hl_fd_steal(&out) : -1;
}

/* "virus/full-2026112203.zst"; with several files in the component "virus/full-2026112203.main.hdb.zst". */
static char *target_name(const Work *work, const char *kind, const char *file)
{
    bool several = json_array_size(json_object_get(work->stage, "files")) > 1 || upd_program_is(work->component);

    return g_strdup_printf("%s/%s%s%s.zst", work->component, kind, several ? "." : "", several ? file : "");
}

/* Writes one target as <sha256>.<name> and lists it in the role; custom is consumed. */
static bool put_target(Work *work, const char *name, GBytes *packed, json_t *custom, GError **error)
{
    g_autoptr(json_t) given = custom;
    g_autofree char *hash = digest(packed);
    const char *base = strchr(name, '/') + 1;
    g_autofree char *file = g_strdup_printf("targets/%s/%s.%s", work->component, hash, base);

    json_object_set_new(work->targets, name,
                        json_pack("{s:I, s:{s:s}, s:O}", "length", (json_int_t)g_bytes_get_size(packed), "hashes",
                                  "sha256", hash, "custom", given));
    return upd_repo_store(work->repo, file, packed, error);
}

/* What every target of a release says about itself; release: stage.json, or an entry of the history. */
static json_t *make_custom(const Work *work, const json_t *release, const char *kind, const char *format,
                           const char *file, const char *out_sha256, gsize out_length)
{
    json_t *custom = json_pack("{s:s, s:I, s:s, s:s, s:s, s:s, s:I, s:s, s:I}", "component", work->component, "version",
                               json_integer_value(json_object_get(release, "version")), "kind", kind, "format", format,
                               "file", file, "min_engine", json_string_value(json_object_get(release, "min_engine")),
                               "signatures", json_integer_value(json_object_get(release, "signatures")), "out_sha256",
                               out_sha256, "out_length", (json_int_t)out_length);

    upd_program_to_custom(release, custom);
    return custom;
}

static void tick(Work *work, const char *what)
{
    work->progress(work->component, work->done, work->total, what, work->user);
    work->done++;
}

static bool put_full(Work *work, const char *file, GBytes *content, const char *sha256, gsize *packed_size,
                     GError **error)
{
    g_autofree char *kind =
        g_strdup_printf("full-%" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(work->stage, "version")));
    g_autofree char *name = target_name(work, kind, file);
    g_autofree char *kept = g_strdup_printf("private/history/%s.zst", sha256);
    g_autoptr(GBytes) packed = NULL;

    tick(work, file);
    packed = upd_full_pack(content, error);
    if (packed == NULL)
        return false;
    *packed_size = g_bytes_get_size(packed);
    work->published->full_bytes += *packed_size;
    /* a copy in the history, because later increments start from it when gc has long removed the target */
    return upd_repo_store(work->repo, kept, packed, error) &&
           put_target(work, name, packed,
                      make_custom(work, work->stage, "full", "zstd", file, sha256, g_bytes_get_size(content)), error);
}

/* Applies the increment once, here: what cannot be applied is never published. */
static bool prove(int base, GBytes *delta, GBytes *content, GError **error)
{
    hl_autofd int out = upd_content_memory(NULL, error);
    g_autoptr(GBytes) result = NULL;

    if (out < 0 || !upd_delta_apply(base, delta, out, g_bytes_get_size(content), error))
        return false;
    result = upd_content_map(out, g_bytes_get_size(content), error);
    return result != NULL &&
           (g_bytes_equal(result, content) || hl_fail(error, HL_ERROR_FAILED, "its result is another content"));
}

/* The increment from a past content, proved. */
static GBytes *make_increment(const Work *work, const json_t *past, GBytes *content, GError **error)
{
    guint64 length = (guint64)json_integer_value(json_object_get(past, "length"));
    hl_autofd int fd =
        upd_content_open(work->repo, work->component, json_string_value(json_object_get(past, "sha256")), error);
    g_autoptr(GBytes) base = fd < 0 ? NULL : upd_content_map(fd, length, error);
    g_autoptr(GBytes) delta = base == NULL ? NULL : upd_delta_encode(base, content, error);

    return delta != NULL && prove(fd, delta, content, error) ? g_steal_pointer(&delta) : NULL;
}

static bool is_kept(const Work *work, const json_t *past)
{
    hl_autofd int fd =
        upd_content_open(work->repo, work->component, json_string_value(json_object_get(past, "sha256")), NULL);

    return fd >= 0;
}

/* An increment from one past release, unless the full file is smaller. */
static bool put_increment(Work *work, const char *file, GBytes *content, const char *sha256, const json_t *release,
                          gsize full_size, bool newest, GError **error)
{
    const json_t *past = json_object_get(json_object_get(release, "files"), file);
    json_int_t from = json_integer_value(json_object_get(release, "version"));
    json_int_t version = json_integer_value(json_object_get(work->stage, "version"));
    g_autofree char *kind = g_strdup_printf("delta-%" JSON_INTEGER_FORMAT "-%" JSON_INTEGER_FORMAT, from, version);
    g_autofree char *name = target_name(work, kind, file);
    g_autoptr(GBytes) delta = NULL;
    json_t *custom;

    tick(work, kind);
    if (past == NULL || from >= version) /* the file is new since then, or this release was cut short before */
        return true;
    if (!is_kept(work, past)) /* lost or damaged: the full file does without it */
        return true;
    delta = make_increment(work, past, content, error);
    if (delta == NULL)
        return hl_error_prefix(error, "increment %s", name);
    if (newest)
        work->published->step_bytes += MIN(g_bytes_get_size(delta), full_size);
    if (g_bytes_get_size(delta) >= full_size)
        return true;
    work->published->increments++;
    custom = make_custom(work, work->stage, "delta", UPD_DELTA_FORMAT, file, sha256, g_bytes_get_size(content));
    json_object_set_new(custom, "from", json_integer(from));
    json_object_set(custom, "from_sha256", json_object_get(past, "sha256"));
    return put_target(work, name, delta, custom, error);
}

static bool put_file(Work *work, const char *file, GError **error)
{
    g_autofree char *path = upd_repo_path(work->repo, "private/staged/%s/%s", work->component, file);
    g_autoptr(GBytes) content = hl_file_read(path, UPD_DELTA_MAX_FILE, error);
    g_autofree char *sha256 = content == NULL ? NULL : digest(content);
    const json_t *releases = json_object_get(work->history, "releases");
    gsize n = json_array_size(releases);
    gsize full_size = 0;

    if (content == NULL || !put_full(work, file, content, sha256, &full_size, error))
        return false;
    json_object_set_new(work->files, file,
                        json_pack("{s:s, s:I}", "sha256", sha256, "length", (json_int_t)g_bytes_get_size(content)));
    /* packages are compressed: an increment would be as large, and the past ones are listed whole */
    for (gsize i = n; i > 0 && n - i < UPD_INCREMENTS && !upd_program_is(work->component); i--)
        if (!put_increment(work, file, content, sha256, json_array_get(releases, i - 1), full_size, i == n, error))
            return false;
    return true;
}

/* Whether the history has every file of a past release. */
static bool is_whole(const Work *work, const json_t *release)
{
    const char *file;
    json_t *past;

    json_object_foreach(json_object_get(release, "files"), file, past)
    {
        if (!is_kept(work, past))
            return false;
    }
    return true;
}

/* The packed content that the history has of a file, under the name of its own release. */
static bool put_past(Work *work, const json_t *release, const char *file, const json_t *past, GError **error)
{
    const char *sha256 = json_string_value(json_object_get(past, "sha256"));
    g_autofree char *path = upd_repo_path(work->repo, "private/history/%s.zst", sha256);
    g_autofree char *name = g_strdup_printf("%s/full-%" JSON_INTEGER_FORMAT ".%s.zst", work->component,
                                            json_integer_value(json_object_get(release, "version")), file);
    g_autoptr(GBytes) packed = hl_file_read(path, UPD_DELTA_MAX_FILE, error);

    return packed != NULL && put_target(work, name, packed,
                                        make_custom(work, release, "full", "zstd", file, sha256,
                                                    (gsize)json_integer_value(json_object_get(past, "length"))),
                                        error);
}

static bool put_past_release(Work *work, const json_t *release, GError **error)
{
    const char *file;
    json_t *past;

    json_object_foreach(json_object_get(release, "files"), file, past)
    {
        if (!put_past(work, release, file, past, error))
            return false;
    }
    return true;
}

/* Of the program, each version that the history will still have after this one, so that endpoints have a way back to
 * the one that is installed. */
static bool put_past_releases(Work *work, GError **error)
{
    const json_t *releases = json_object_get(work->history, "releases");
    gsize n = json_array_size(releases);
    g_autoptr(GHashTable) listed = g_hash_table_new(g_str_hash, g_str_equal);

    g_hash_table_add(listed, hl_unconst(upd_program_version(work->stage)));
    for (gsize i = n; i > 0 && n - i < UPD_INCREMENTS; i--) {
        const json_t *release = json_array_get(releases, i - 1);
        const char *version = upd_program_version(release);

        if (version == NULL || g_hash_table_contains(listed, version) || !is_whole(work, release))
            continue;
        if (!put_past_release(work, release, error))
            return false;
        g_hash_table_add(listed, hl_unconst(version));
    }
    return true;
}

/* The release goes into stage.json, so that commit needs nothing that only this process knows. */
static bool note_release(const Work *work, GError **error)
{
    g_autofree char *name = g_strdup_printf("private/staged/%s/stage.json", work->component);
    g_autoptr(GBytes) bytes = NULL;

    json_object_set(work->stage, "contents", work->files);
    bytes = upd_meta_print(work->stage);
    return upd_repo_store(work->repo, name, bytes, error);
}

bool upd_content_prepare(const UpdRepo *repo, UpdState *state, const char *component, UpdProgress progress, void *user,
                         UpdPublished *published, GError **error)
{
    g_autoptr(json_t) stage = load_stage(repo, component, error);
    g_autoptr(json_t) history = stage == NULL ? NULL : load_history(repo, component, error);
    g_autoptr(json_t) targets = json_object();
    g_autoptr(json_t) contents = json_object();
    const json_t *files = json_object_get(stage, "files");
    gsize releases = json_array_size(json_object_get(history, "releases"));
    Work work = { .repo = repo,
                  .component = component,
                  .stage = stage,
                  .history = history,
                  .targets = targets,
                  .files = contents,
                  .progress = progress,
                  .user = user,
                  .published = published };

    if (history == NULL)
        return false;
    *published = (UpdPublished){ .version = json_integer_value(json_object_get(stage, "version")),
                                 .files = (guint)json_array_size(files) };
    work.total = published->files * (1 + (guint)MIN(releases, UPD_INCREMENTS));
    for (gsize i = 0; i < json_array_size(files); i++)
        if (!put_file(&work, json_string_value(json_array_get(files, i)), error))
            return false;
    if (upd_program_version(stage) != NULL && !put_past_releases(&work, error))
        return false;
    progress(component, work.total, work.total, "done", user);
    json_object_set(upd_meta_signed(upd_state_get(state, component)), "targets", targets);
    return note_release(&work, error);
}

/* As one: half of a staging would be published as if it were whole. */
static bool remove_staging(const UpdRepo *repo, const char *component, GError **error)
{
    g_autofree char *staged = upd_repo_path(repo, "private/staged/%s", component);
    g_autofree char *going = upd_repo_path(repo, "private/staged/.%s", component);

    if (!hl_tree_remove(going, error))
        return false;
    if (rename(staged, going) != 0)
        return hl_fail_errno(error, errno, "cannot remove %s", staged);
    return hl_tree_remove(going, error);
}

bool upd_content_commit(const UpdRepo *repo, const char *component, GError **error)
{
    g_autoptr(json_t) stage = load_stage(repo, component, error);
    g_autoptr(json_t) history = stage == NULL ? NULL : load_history(repo, component, error);
    g_autofree char *name = g_strdup_printf("private/history/%s.json", component);
    json_t *releases = json_object_get(history, "releases");
    g_autoptr(GBytes) bytes = NULL;

    if (releases == NULL)
        return false;
    /* an earlier commit may have been cut between its two writes */
    if (newest_release(history) < json_integer_value(json_object_get(stage, "version")))
        json_array_append_new(
            releases, json_pack("{s:O, s:O, s:O*, s:O*}", "version", json_object_get(stage, "version"), "files",
                                json_object_get(stage, "contents"), "min_engine", json_object_get(stage, "min_engine"),
                                "program", json_object_get(stage, "program")));
    while (json_array_size(releases) > UPD_INCREMENTS + 1)
        json_array_remove(releases, 0);
    bytes = upd_meta_print(history);
    return upd_repo_store(repo, name, bytes, error) && remove_staging(repo, component, error);
}
