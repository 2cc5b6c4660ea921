/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/scan/session.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "endpoint/scan/allowed.h"
#include "endpoint/scan/clamd.h"
#include "endpoint/scan/component.h"
#include "endpoint/scan/origin.h"
#include "endpoint/scan/shares.h"
#include "lib/base/escape.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "proto/bounds.h"

#define TEST_FILES          256 /* looks between two tests of the engine */
#define TEST_PAUSE          (5 * HL_SECOND)
#define KEPT_TIME           (7 * HL_DAY)
#define PROGRESS_TIME       HL_SECOND
#define QUARANTINE_PAUSE    HL_SECOND
#define QUARANTINE_PATIENCE (30 * HL_SECOND) /* for a person who has it open, or another scan */

struct EpSession {
    EpSessionOptions has;
    EpExam *exam;
    GHashTable *components;   /* signature -> component */
    GHashTable *allowed;      /* hashes */
    struct stat allowed_file; /* as it was when they were read */
    EpQuarantine *quarantine; /* NULL: there is none, or it is not open now */
    EpTally tally;
    char *failure;
    EpShares *shares;  /* of the finds that are named */
    bool has_left_out; /* something, as the settings say */
    guint64 untold;
    guint told_gaps, untested;
    HlTime tested_mono, progress_mono, taken_mono, hour_mono;
};

/* As long as the wire takes it: a path can be hundreds of directories deep. */
static char *shown_path(const char *path)
{
    char *escaped = hl_escape(path);

    hl_bound_cut(escaped, 4 * HL_MAX_TEXT);
    return escaped;
}

void ep_session_tell(const char *what, json_t *value)
{
    g_autoptr(json_t) line = json_pack("{s:o}", what, value);
    g_autofree char *text = hl_json_print(line);

    puts(text);
    fflush(stdout);
}

static void fail(EpSession *session, const GError *error)
{
    if (session->failure == NULL)
        session->failure = g_strdup(error->message);
}

static bool test(EpSession *session)
{
    g_autoptr(GError) error = NULL;

    if (session->exam == NULL || session->failure != NULL)
        return false;
    if (!ep_exam_test(session->exam, &error))
        fail(session, error);
    session->untested = 0;
    session->tested_mono = hl_clock_mono();
    return session->failure == NULL;
}

static void tell_kept(const EpRecord *record)
{
    g_autofree char *path = g_build_filename(record->directory, record->name, NULL);
    g_autofree char *shown = shown_path(path);

    ep_session_tell("kept",
                    json_pack("{s:s, s:I, s:I, s:s, s:s, s:s, s:s}", "path", shown, "size", (json_int_t)record->size,
                              "uid", (json_int_t)record->uid, "sha256", record->sha256, "signature", record->signature,
                              "action", "quarantined", "detail", record->id));
}

static void tell_all_kept(const EpSession *session)
{
    const GPtrArray *records = ep_quarantine_list(session->quarantine);

    for (guint i = 0; i < records->len; i++) {
        const EpRecord *record = records->pdata[i];

        if (hl_clock_wall() - record->taken < KEPT_TIME)
            tell_kept(record);
    }
}

/* It is open only while files are taken: others want to look into it, or put something back. */
static bool open_quarantine(EpSession *session, GError **error)
{
    if (session->quarantine == NULL)
        session->quarantine = ep_quarantine_open(session->has.quarantine, session->has.bounds, error);
    return session->quarantine != NULL;
}

/* The quarantine is closed after a while, because opening it reads all of its records. */
HlTime ep_session_rest(EpSession *session)
{
    HlTime age = hl_clock_mono() - session->taken_mono;

    if (session->quarantine == NULL)
        return G_MAXINT64;
    if (age < QUARANTINE_PAUSE)
        return QUARANTINE_PAUSE - age;
    g_clear_pointer(&session->quarantine, ep_quarantine_close);
    return G_MAXINT64;
}

static void look_into_quarantine(EpSession *session)
{
    g_autoptr(GError) error = NULL;

    if (session->has.quarantine == NULL)
        return;
    session->has.bounds.patience = QUARANTINE_PATIENCE;
    if (!open_quarantine(session, &error)) {
        hl_warn("quarantine", "%s", error->message); /* tried again when something is found */
        return;
    }
    ep_quarantine_prune(session->quarantine, hl_clock_wall());
    tell_all_kept(session);
    g_clear_pointer(&session->quarantine, ep_quarantine_close);
}

EpSession *ep_session_new(const EpSessionOptions *options)
{
    EpSession *session = g_new0(EpSession, 1);
    g_autoptr(GError) error = NULL;

    session->has = *options;
    session->components = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    session->allowed = ep_allowed_load(NULL);
    session->shares = ep_shares_new(EP_SESSION_TOLD);
    session->progress_mono = session->hour_mono = hl_clock_mono();
    look_into_quarantine(session);
    if (ep_clamd_wait(options->exam->socket, options->patience, &error))
        session->exam = ep_exam_new(options->exam, &error);
    if (session->exam == NULL)
        fail(session, error);
    else
        test(session);
    return session;
}

void ep_session_free(EpSession *session)
{
    if (session == NULL)
        return;
    ep_exam_free(session->exam);
    g_hash_table_unref(session->components);
    g_hash_table_unref(session->allowed);
    ep_shares_free(session->shares);
    g_clear_pointer(&session->quarantine, ep_quarantine_close);
    g_free(session->failure);
    g_free(session);
}

/* Of what the descriptor gives now, up to the size that was scanned; NULL if it cannot be read. */
static char *digest(int fd, off_t size)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_autofree guchar *buffer = g_malloc(64 * 1024);
    off_t at = 0;

    while (at < size) {
        ssize_t n = pread(fd, buffer, MIN(64 * 1024, (gsize)(size - at)), at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return NULL;
        g_checksum_update(sum, buffer, n);
        at += n;
    }
    return g_strdup(g_checksum_get_string(sum));
}

static const char *component_of(EpSession *session, const char *signature)
{
    char *component = g_hash_table_lookup(session->components, signature);

    if (component == NULL) {
        component = ep_component_find(session->has.exam->database, signature);
        g_hash_table_insert(session->components, g_strdup(signature), component);
    }
    return component;
}

/* What became of a find. */
typedef struct {
    const char *action; /* static */
    char *detail;
} Fate;

/* By the kernel's word for where it is: no part of that is a link.  What is there now may be another file; the
 * quarantine sees to that. */
static bool take(EpSession *session, const EpWalkFile *file, const EpLook *look, const char *sha256, char **id,
                 GError **error)
{
    g_autofree char *link = g_strdup_printf("/proc/self/fd/%d", file->fd);
    g_autofree char *path = g_file_read_link(link, NULL);
    g_autofree char *directory = path == NULL ? NULL : g_path_get_dirname(path);
    g_autofree char *name = path == NULL ? NULL : g_path_get_basename(path);
    hl_autofd int fd = -1;
    EpFind find = { .dev = file->st.st_dev,
                    .ino = file->st.st_ino,
                    .size = file->st.st_size,
                    .modified = file->st.st_mtim,
                    .changed = file->st.st_ctim,
                    .sha256 = sha256,
                    .directory = directory,
                    .signature = look->signature,
                    .scan = session->has.scan };

    if (path == NULL || sha256 == NULL)
        return hl_fail(error, HL_ERROR_CONFLICT, "it changed while it was looked at");
    fd = ep_origin_open(directory, error);
    return fd >= 0 && ep_quarantine_take(session->quarantine, fd, name, file->fd, &find, hl_clock_wall(), id, error);
}

static Fate decide(EpSession *session, const EpWalkFile *file, const EpLook *look, const char *sha256)
{
    Fate fate = { .action = "reported", .detail = NULL };
    g_autoptr(GError) error = NULL;

    if (session->has.quarantine == NULL)
        return fate;
    fate.action = "quarantine-failed";
    if (open_quarantine(session, &error) && take(session, file, look, sha256, &fate.detail, &error))
        fate.action = "quarantined";
    else
        fate.detail = g_strdup(error->message);
    session->taken_mono = hl_clock_mono();
    return fate;
}

/* It is put away also if it is not named: the next scan tells what is kept. */
static void tell_found(EpSession *session, const EpWalkFile *file, const EpLook *look, const char *sha256)
{
    g_autofree char *shown = shown_path(file->path);
    Fate fate = decide(session, file, look, sha256);
    json_t *found;

    if (ep_shares_take(session->shares, file->st.st_uid)) {
        found = json_pack("{s:s, s:I, s:I, s:s, s:s, s:s, s:s}", "path", shown, "size", (json_int_t)file->st.st_size,
                          "uid", (json_int_t)file->st.st_uid, "signature", look->signature, "component",
                          component_of(session, look->signature), "action", fate.action, "detail",
                          fate.detail != NULL ? fate.detail : "");
        if (sha256 != NULL)
            json_object_set_new(found, "sha256", json_string(sha256));
        ep_session_tell("found", found);
    } else {
        session->untold++;
    }
    g_free(fate.detail);
}

/* A file may be put back while this scan goes on, and must not be taken again. */
static void refresh_allowed(EpSession *session)
{
    struct stat now;

    if (session->has.allowed == NULL || stat(session->has.allowed, &now) != 0 ||
        (now.st_ino == session->allowed_file.st_ino && now.st_mtim.tv_sec == session->allowed_file.st_mtim.tv_sec &&
         now.st_mtim.tv_nsec == session->allowed_file.st_mtim.tv_nsec))
        return;
    session->allowed_file = now;
    g_hash_table_unref(session->allowed);
    session->allowed = ep_allowed_load(session->has.allowed);
}

/* Somebody decided that it is none. */
static bool is_excused(EpSession *session, const EpLook *look, const char *sha256)
{
    const HlExcludes *excludes = session->has.excludes;

    refresh_allowed(session);
    return (excludes != NULL && hl_excludes_signature(excludes, look->signature) != NULL) ||
           (sha256 != NULL && (g_hash_table_contains(session->allowed, sha256) ||
                               (excludes != NULL && hl_excludes_sha256(excludes, sha256) != NULL)));
}

static void tell_gap(EpSession *session, const char *path, EpGap gap, const char *why)
{
    g_autofree char *shown = shown_path(path);

    if (session->told_gaps++ < EP_SESSION_TOLD)
        ep_session_tell("gap", json_pack("{s:s, s:s, s:s}", "path", shown, "reason", ep_gap_name(gap), "why", why));
}

static void tell_progress(EpSession *session, const char *path)
{
    g_autofree char *shown = NULL;
    json_t *progress;

    if (hl_clock_mono() - session->progress_mono < PROGRESS_TIME)
        return;
    session->progress_mono = hl_clock_mono();
    shown = shown_path(path);
    progress = ep_tally_json(&session->tally);
    json_object_set_new(progress, "path", json_string(shown));
    ep_session_tell("progress", progress);
}

/* A clean answer between two tests counts only if the second is good: so before each that is told to somebody. */
static bool is_test_due(const EpSession *session)
{
    return session->untested >= TEST_FILES || hl_clock_mono() - session->tested_mono >= TEST_PAUSE;
}

static void begin_hour(EpSession *session)
{
    if (!session->has.is_endless || hl_clock_mono() - session->hour_mono < HL_HOUR)
        return;
    session->hour_mono = hl_clock_mono();
    session->told_gaps = 0;
    ep_shares_reset(session->shares);
}

bool ep_session_file(EpSession *session, const EpWalkFile *file, EpLook *look)
{
    g_autofree char *sha256 = NULL;

    tell_progress(session, file->path);
    ep_session_rest(session);
    begin_hour(session);
    if (session->failure != NULL)
        return false;
    *look = ep_exam_look(session->exam, file->fd, (guint64)file->st.st_size);
    if (look->kind == EP_LOOK_FOUND)
        sha256 = digest(file->fd, file->st.st_size);
    if (look->kind == EP_LOOK_FOUND && is_excused(session, look, sha256))
        look->kind = EP_LOOK_CLEAN;
    ep_tally_look(&session->tally, look, (guint64)file->st.st_size);
    session->untested++;
    if (look->kind == EP_LOOK_FOUND)
        tell_found(session, file, look, sha256);
    else if (look->kind == EP_LOOK_NOT)
        tell_gap(session, file->path, look->gap, "");
    if (ep_exam_is_hung(session->exam))
        ep_session_tell("hung", json_true());
    /* after a failure the engine is asked whether it is the file or the engine */
    if ((look->kind == EP_LOOK_NOT && look->gap == EP_GAP_ENGINE) || is_test_due(session))
        return test(session);
    return true;
}

void ep_session_gap(EpSession *session, const char *path, EpGap gap, const char *why)
{
    session->tally.gaps[gap]++;
    ep_session_rest(session);
    tell_gap(session, path, gap, why);
    tell_progress(session, path);
}

void ep_session_left_out(EpSession *session)
{
    session->has_left_out = true;
}

const char *ep_session_failure(const EpSession *session)
{
    return session->failure;
}

/* Gaps tell of themselves; that there is nothing to look at is told by nobody else. */
static char *explain_nothing(const EpSession *session)
{
    if (ep_tally_gaps(&session->tally) > 0)
        return g_strdup("nothing could be looked at");
    if (session->has.places == NULL)
        return NULL;
    if (session->has_left_out)
        return g_strdup_printf("nothing could be looked at: there is no file in %s apart from what scan.exclude "
                               "leaves out: mount what belongs there, or correct scan.paths or scan.exclude of its "
                               "group",
                               session->has.places);
    return g_strdup_printf("nothing could be looked at: there is no file in %s: mount what belongs there, or correct "
                           "scan.paths of its group",
                           session->has.places);
}

bool ep_session_end(EpSession *session)
{
    json_t *end;

    test(session);
    if (session->failure == NULL && session->tally.files == 0)
        session->failure = explain_nothing(session);
    end = ep_tally_json(&session->tally);
    json_object_set_new(end, "untold", json_integer((json_int_t)session->untold));
    if (session->failure != NULL)
        json_object_set_new(end, "failed", json_string(session->failure));
    ep_session_tell("end", end);
    return session->failure == NULL;
}
