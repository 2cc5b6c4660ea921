/* SPDX-License-Identifier: Apache-2.0 */
#include "updater/install/program_fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/unconst.h"
#include "updater/delta/delta.h"
#include "updater/install/set.h"

#define NEXT     "next"
#define BEFORE   "before"
#define DOWNLOAD ".download"

static char *path_of(const UpdProgramWish *wish, const char *name)
{
    return g_build_filename(wish->dir, name, NULL);
}

/* ---------------------------------------------------------------------------------------------------- what is there */

static HlProgramRelease *load(const char *directory)
{
    g_autofree char *path = g_build_filename(directory, HL_PROGRAM_RECORD, NULL);
    g_autofree char *text = hl_file_read_text(path, HL_PROGRAM_MAX_RECORD, NULL);

    return text == NULL ? NULL : hl_program_release_parse(text, NULL);
}

static bool is_listed(const char *directory, const HlProgramRelease *release)
{
    g_autoptr(HlProgramRelease) there = load(directory);
    g_autofree char *is = there == NULL ? NULL : hl_program_release_print(there);
    g_autofree char *wanted = hl_program_release_print(release);

    return g_strcmp0(is, wanted) == 0;
}

/* Whether the directory is this release, whole. */
static bool holds(const char *directory, const HlProgramRelease *release)
{
    if (!is_listed(directory, release))
        return false;
    for (guint i = 0; i < release->files->len; i++) {
        const HlProgramFile *file = release->files->pdata[i];
        g_autofree char *path = g_build_filename(directory, file->name, NULL);

        if (!upd_set_file_holds(path, (int64_t)file->length, file->sha256))
            return false;
    }
    return true;
}

/* By a rename first: what is half removed is no offer. */
static bool remove_next(const UpdProgramWish *wish, GError **error)
{
    g_autofree char *next = path_of(wish, NEXT);
    g_autofree char *gone = path_of(wish, ".gone");

    if (!hl_tree_remove(gone, error))
        return false;
    if (rename(next, gone) != 0)
        return errno == ENOENT || hl_fail_errno(error, errno, "cannot remove %s", next);
    return hl_dir_sync(wish->dir, error) && hl_tree_remove(gone, error);
}

/* --------------------------------------------------------------------------------------------------- what is wanted */

static bool on_bytes(uint64_t done G_GNUC_UNUSED, uint64_t total G_GNUC_UNUSED, gpointer user)
{
    const UpdProgramWish *wish = user;

    wish->progress("downloading the program", wish->user);
    return true;
}

/* From what was downloaded to the package at path, durable and read back. */
static bool unpack(const TufTarget *target, const HlProgramFile *file, const char *staged, const char *path,
                   GError **error)
{
    hl_autofd int in = open(staged, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    hl_autofd int out = -1;

    if (in < 0)
        return hl_fail_errno(error, errno, "cannot read %s", staged);
    out = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (out < 0)
        return hl_fail_errno(error, errno, "cannot write %s", path);
    if (!upd_full_unpack(in, out, file->length, error))
        return hl_error_prefix(error, "target %s", target->path);
    if (fsync(out) != 0)
        return hl_fail_errno(error, errno, "cannot write %s", path);
    return upd_set_file_holds(path, (int64_t)file->length, file->sha256) ||
           hl_fail(error, HL_ERROR_UNTRUSTED,
                   "target %s: its result does not have the listed out_length and out_sha256", target->path);
}

/* What an attempt that was cut off has finished is not fetched again. */
static bool fetch_file(const UpdProgramWish *wish, UpdSource *source, const TufTarget *target,
                       const HlProgramFile *file, const char *directory, GError **error)
{
    g_autofree char *staged = g_build_filename(wish->dir, DOWNLOAD, file->sha256, NULL);
    g_autofree char *path = g_build_filename(directory, file->name, NULL);

    if (upd_set_file_holds(path, (int64_t)file->length, file->sha256))
        return true;
    if (unlink(path) != 0 && errno != ENOENT)
        return hl_fail_errno(error, errno, "cannot replace %s", path);
    return upd_source_download(source, target, staged, on_bytes, hl_unconst(wish), error) &&
           unpack(target, file, staged, path, error) &&
           (unlink(staged) == 0 || hl_fail_errno(error, errno, "cannot remove %s", staged));
}

static bool write_record(const HlProgramRelease *release, const char *directory, GError **error)
{
    g_autofree char *path = g_build_filename(directory, HL_PROGRAM_RECORD, NULL);
    g_autofree char *text = hl_program_release_print(release);

    return hl_file_write_text(path, text, 0600, error); /* syncs the directory, and so the names of the packages */
}

/* What is in the directory of another release, and in none of this one. */
static bool remove_others(const char *directory, const HlProgramRelease *release, GError **error)
{
    g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
    const char *name;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(directory, name, NULL);
        bool is_listed_here = false;

        for (guint i = 0; i < release->files->len; i++) {
            const HlProgramFile *file = release->files->pdata[i];

            is_listed_here |= strcmp(file->name, name) == 0;
        }
        if (!is_listed_here && !hl_tree_remove(path, error))
            return false;
    }
    return true;
}

static bool fetch_release(const UpdProgramWish *wish, UpdSource *source, const UpdOffer *offer, const char *name,
                          GError **error)
{
    g_autofree char *place = path_of(wish, name);
    g_autofree char *coming_name = g_strconcat(".", name, NULL);
    g_autofree char *coming = path_of(wish, coming_name);

    if (holds(place, offer->release))
        return true;
    if (!hl_dir_make(coming, 0700, error) || !remove_others(coming, offer->release, error))
        return false;
    for (guint i = 0; i < offer->targets->len; i++)
        if (!fetch_file(wish, source, offer->targets->pdata[i], offer->release->files->pdata[i], coming, error))
            return false;
    return write_record(offer->release, coming, error) && hl_dir_replace(wish->dir, coming, place, error);
}

/* Halves: a full disk does not stay full by them, and where nothing is offered nobody goes on with them. */
static void give_room(const UpdProgramWish *wish)
{
    static const char *const halves[] = { "." BEFORE, "." NEXT, DOWNLOAD };

    for (gsize i = 0; i < G_N_ELEMENTS(halves); i++) {
        g_autofree char *path = path_of(wish, halves[i]);
        g_autoptr(GError) problem = NULL;

        if (!hl_tree_remove(path, &problem))
            hl_warn("update", "%s", problem->message);
    }
}

/* What leads back is complete before what leads on appears; an offer of before ends first. */
static bool fetch_both(const UpdProgramWish *wish, UpdSource *source, const UpdProgramDecision *decision,
                       GError **error)
{
    g_autofree char *next = path_of(wish, NEXT);
    g_autofree char *download = path_of(wish, DOWNLOAD);

    if (!holds(next, decision->next->release) && !remove_next(wish, error))
        return false;
    return hl_dir_make(download, 0700, error) && fetch_release(wish, source, decision->before, BEFORE, error) &&
           fetch_release(wish, source, decision->next, NEXT, error) && hl_tree_remove(download, error);
}

static bool end_offer(const UpdProgramWish *wish, GError **error)
{
    give_room(wish);
    return remove_next(wish, error);
}

/* --------------------------------------------------------------------------------------------------------- the step */

static void clear(HlUpdaterProgram *program)
{
    g_free(program->version);
    g_free(program->message);
    *program = (HlUpdaterProgram){ 0 };
}

/* Of UpdOffer; empty where the repository has no such component, which every older one has not. */
static GPtrArray *list_offers(const UpdProgramWish *wish, UpdSource *source, GError **error)
{
    g_autoptr(GError) problem = NULL;
    g_autoptr(GPtrArray) targets = upd_source_list(source, HL_PROGRAM_COMPONENT, &problem);

    if (targets == NULL && hl_error_code(problem) == HL_ERROR_NOT_FOUND)
        targets = g_ptr_array_new();
    if (targets == NULL) {
        g_propagate_error(error, g_steal_pointer(&problem));
        return NULL;
    }
    return upd_program_offers(targets, wish->arch, error);
}

static bool run(const UpdProgramWish *wish, UpdSource *source, HlUpdaterProgram *program, GError **error)
{
    g_autoptr(GPtrArray) offers = list_offers(wish, source, error);
    UpdProgramDecision decision;

    if (offers == NULL || !hl_dir_make(wish->dir, 0700, error))
        return false;
    decision = upd_program_decide(offers, wish->installed);
    if (decision.next != NULL)
        program->version = g_strdup(decision.next->release->version);
    if (!(decision.outcome == HL_UPDATER_PROGRAM_OFFERED ? fetch_both(wish, source, &decision, error)
                                                         : end_offer(wish, error)))
        return false;
    program->outcome = decision.outcome;
    program->message = upd_program_explain(&decision, wish->installed);
    return true;
}

void upd_program_fail(HlUpdaterProgram *program, const GError *error)
{
    g_free(program->message);
    program->outcome = HL_UPDATER_PROGRAM_FAILED;
    program->message = g_strdup_printf("the program could not be fetched: %s", error->message);
}

void upd_program_fetch(const UpdProgramWish *wish, UpdSource *source, HlUpdaterProgram *program)
{
    g_autoptr(GError) error = NULL;

    clear(program);
    if (run(wish, source, program, &error))
        return;
    if (hl_error_code(error) == HL_ERROR_FULL)
        give_room(wish);
    upd_program_fail(program, error);
}

void upd_program_block(const UpdProgramWish *wish, HlUpdaterProgram *program)
{
    g_autoptr(GError) error = NULL;

    clear(program);
    program->outcome = HL_UPDATER_PROGRAM_BLOCKED;
    program->message = g_strdup("upgrades are blocked by the settings");
    if (!end_offer(wish, &error))
        hl_warn("update", "%s", error->message);
}
