/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/scan/session.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "endpoint/scan/clamd.h"
#include "endpoint/scan/component.h"
#include "lib/base/escape.h"
#include "lib/base/file.h"

#define TEST_FILES    256 /* looks between two tests of the engine */
#define TEST_PAUSE    (5 * HL_SECOND)
#define PROGRESS_TIME HL_SECOND

struct EpSession {
    const EpExamOptions *has;
    EpExam *exam;
    EpTally tally;
    char *failure;
    GHashTable *components; /* signature -> component */
    guint told_found, told_gaps, untested;
    HlTime tested_mono, progress_mono;
};

/* Takes value. */
static void tell(const char *what, json_t *value)
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

EpSession *ep_session_new(const EpExamOptions *options, HlTime patience)
{
    EpSession *session = g_new0(EpSession, 1);
    g_autoptr(GError) error = NULL;

    session->has = options;
    session->components = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    session->progress_mono = hl_clock_mono();
    if (ep_clamd_wait(options->socket, patience, &error))
        session->exam = ep_exam_new(options, &error);
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
        component = ep_component_find(session->has->database, signature);
        g_hash_table_insert(session->components, g_strdup(signature), component);
    }
    return component;
}

static void tell_found(EpSession *session, const char *path, int fd, const struct stat *st, const EpLook *look)
{
    g_autofree char *shown = hl_escape(path);
    g_autofree char *sha256 = NULL;
    json_t *found;

    if (session->told_found++ >= EP_SESSION_TOLD)
        return;
    sha256 = digest(fd, st->st_size);
    found = json_pack("{s:s, s:I, s:I, s:s, s:s}", "path", shown, "size", (json_int_t)st->st_size, "uid",
                      (json_int_t)st->st_uid, "signature", look->signature, "component",
                      component_of(session, look->signature));
    if (sha256 != NULL)
        json_object_set_new(found, "sha256", json_string(sha256));
    tell("found", found);
}

static void tell_gap(EpSession *session, const char *path, EpGap gap, const char *why)
{
    g_autofree char *shown = hl_escape(path);

    if (session->told_gaps++ < EP_SESSION_TOLD)
        tell("gap", json_pack("{s:s, s:s, s:s}", "path", shown, "reason", ep_gap_name(gap), "why", why));
}

static void tell_progress(EpSession *session, const char *path)
{
    g_autofree char *shown = NULL;
    json_t *progress;

    if (hl_clock_mono() - session->progress_mono < PROGRESS_TIME)
        return;
    session->progress_mono = hl_clock_mono();
    shown = hl_escape(path);
    progress = ep_tally_json(&session->tally);
    json_object_set_new(progress, "path", json_string(shown));
    tell("progress", progress);
}

/* A clean answer between two tests counts only if the second is good: so before each that is told to somebody. */
static bool is_test_due(const EpSession *session)
{
    return session->untested >= TEST_FILES || hl_clock_mono() - session->tested_mono >= TEST_PAUSE;
}

bool ep_session_file(EpSession *session, const char *path, int fd, const struct stat *st, EpLook *look)
{
    tell_progress(session, path);
    if (session->failure != NULL)
        return false;
    *look = ep_exam_look(session->exam, fd, (guint64)st->st_size);
    ep_tally_look(&session->tally, look, (guint64)st->st_size);
    session->untested++;
    if (look->kind == EP_LOOK_FOUND)
        tell_found(session, path, fd, st, look);
    else if (look->kind == EP_LOOK_NOT)
        tell_gap(session, path, look->gap, "");
    if (ep_exam_is_hung(session->exam))
        tell("hung", json_true());
    /* after a failure the engine is asked whether it is the file or the engine */
    if ((look->kind == EP_LOOK_NOT && look->gap == EP_GAP_ENGINE) || is_test_due(session))
        return test(session);
    return true;
}

void ep_session_gap(EpSession *session, const char *path, EpGap gap, const char *why)
{
    session->tally.gaps[gap]++;
    tell_gap(session, path, gap, why);
    tell_progress(session, path);
}

const char *ep_session_failure(const EpSession *session)
{
    return session->failure;
}

bool ep_session_end(EpSession *session)
{
    json_t *end;

    test(session);
    if (session->failure == NULL && session->tally.files == 0)
        session->failure = g_strdup("nothing could be looked at");
    end = ep_tally_json(&session->tally);
    if (session->failure != NULL)
        json_object_set_new(end, "failed", json_string(session->failure));
    tell("end", end);
    return session->failure == NULL;
}
