/* SPDX-License-Identifier: Apache-2.0 */
#include "updater/publisher/stage.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/base/exec.h"
#include "lib/base/file.h"
#include "updater/delta/delta.h"
#include "updater/pattern/kinds.h"
#include "updater/publisher/content.h"
#include "updater/publisher/program.h"

bool upd_stage_name_ok(const char *name, GError **error)
{
    gsize size = strlen(name);

    if (size == 0 || size > 64 || name[0] == '.' || name[0] == '-' ||
        strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") != size)
        return hl_fail(error, HL_ERROR_INVALID,
                       "'%s' cannot be a pattern file's name: use 1 to 64 letters, digits, '.', '_' and '-'", name);
    return true;
}

/* Lines that are neither empty nor comments. */
static gint64 count_lines(const char *text, gsize size)
{
    gint64 n = 0;

    for (const char *p = text; p < text + size;) {
        const char *end = memchr(p, '\n', (gsize)(text + size - p));

        end = end == NULL ? text + size : end;
        n += end > p && *p != '#' && *p != '\r';
        p = end + 1;
    }
    return n;
}

/* Past the words that may come before "rule". */
static const char *skip_modifiers(const char *p, const char *end)
{
    static const char *const words[] = { "private ", "global " };
    gsize i = 0;

    while (i < G_N_ELEMENTS(words)) {
        gsize size = strlen(words[i]);

        if ((gsize)(end - p) > size && strncmp(p, words[i], size) == 0) {
            p += size;
            i = 0;
        } else {
            i++;
        }
    }
    return p;
}

/* Lines that begin a rule: "rule NAME", after "private" or "global" too.  Comments and strings can fool it, and only
 * make the comparison with the engine's own count say so. */
static gint64 count_rules(const char *text, gsize size)
{
    gint64 n = 0;

    for (const char *p = text; p < text + size;) {
        const char *end = memchr(p, '\n', (gsize)(text + size - p));

        end = end == NULL ? text + size : end;
        p = skip_modifiers(p, end);
        n += end - p > 5 && strncmp(p, "rule ", 5) == 0;
        p = end + 1;
    }
    return n;
}

gint64 upd_stage_count(const char *name, const char *text, gsize size)
{
    const UpdKind *kind = upd_kind_find(name);

    switch (kind == NULL ? UPD_COUNT_NOT : kind->counting) {
    case UPD_COUNT_LINES:
        return count_lines(text, size);
    case UPD_COUNT_RULES:
        return count_rules(text, size);
    case UPD_COUNT_NOT:
        return -1;
    }
    g_assert_not_reached();
}

static gint64 day_of(HlTime when)
{
    time_t seconds = (time_t)(when / HL_SECOND);
    struct tm tm = { 0 };

    gmtime_r(&seconds, &tm);
    return (gint64)(tm.tm_year + 1900) * 10000 + (tm.tm_mon + 1) * 100 + tm.tm_mday;
}

/* False if there is no such day. */
static bool split_day(gint64 day, GDate *date)
{
    guint y = (guint)(day / 10000);
    guint m = (guint)(day / 100 % 100);
    guint d = (guint)(day % 100);

    if (y < 1000 || y > 9999 || !g_date_valid_dmy((GDateDay)d, (GDateMonth)m, (GDateYear)y))
        return false;
    g_date_set_dmy(date, (GDateDay)d, (GDateMonth)m, (GDateYear)y);
    return true;
}

bool upd_stage_version_ok(gint64 version)
{
    GDate date;

    return version > 0 && split_day(version / 100, &date);
}

gint64 upd_stage_next_version(gint64 newest, HlTime now)
{
    GDate date;

    if (newest % 100 == 99 && split_day(newest / 100, &date)) { /* the day is full */
        g_date_add_days(&date, 1);
        newest = ((gint64)g_date_get_year(&date) * 10000 + g_date_get_month(&date) * 100 + g_date_get_day(&date)) * 100;
    }
    return MAX(day_of(now) * 100 + 1, newest + 1);
}

static bool version_ok(const UpdStageSpec *spec, gint64 newest, HlTime now, GError **error)
{
    GDate date;

    if (!split_day(spec->version / 100, &date))
        return hl_fail(error, HL_ERROR_INVALID, "%" G_GINT64_FORMAT " is not a version: versions are YYYYMMDDNN",
                       spec->version);
    if (spec->version <= newest)
        return hl_fail(error, HL_ERROR_CONFLICT,
                       "version %" G_GINT64_FORMAT " of %s is not higher than its last one, %" G_GINT64_FORMAT
                       ": publish old content under a higher version",
                       spec->version, spec->component, newest);
    /* versions only rise: there would be no way back from a year that was mistyped */
    if (spec->version / 100 > day_of(now + HL_DAY))
        return hl_fail(error, HL_ERROR_INVALID,
                       "version %" G_GINT64_FORMAT
                       " is in the future, and versions never go down: those of today begin with %" G_GINT64_FORMAT,
                       spec->version, day_of(now));
    return true;
}

#define PAST "private/past.json"

/* What a restore before this one had to go past stays valid. */
static gint64 load_past(const UpdRepo *repo)
{
    g_autoptr(json_t) past = upd_repo_exists(repo, PAST) ? upd_repo_load(repo, PAST, NULL) : NULL;

    return json_integer_value(json_object_get(past, "version"));
}

bool upd_stage_go_past(const UpdRepo *repo, HlTime now, gint64 above, GError **error)
{
    gint64 version = MAX(MAX(above, load_past(repo)), day_of(now + HL_DAY) * 100);
    g_autoptr(json_t) past = json_pack("{s:I}", "version", (json_int_t)version);
    g_autoptr(GBytes) bytes = upd_meta_print(past);

    return upd_repo_store(repo, PAST, bytes, error);
}

gint64 upd_stage_newest(const UpdRepo *repo, const char *component)
{
    g_autofree char *staged_name = g_strdup_printf("private/staged/%s/stage.json", component);
    g_autofree char *history_name = g_strdup_printf("private/history/%s.json", component);
    g_autoptr(json_t) staged = upd_repo_exists(repo, staged_name) ? upd_repo_load(repo, staged_name, NULL) : NULL;
    g_autoptr(json_t) history = upd_repo_exists(repo, history_name) ? upd_repo_load(repo, history_name, NULL) : NULL;
    const json_t *releases = json_object_get(history, "releases");
    gint64 newest = MAX(json_integer_value(json_object_get(staged, "version")), load_past(repo));

    for (gsize i = 0; i < json_array_size(releases); i++)
        newest = MAX(newest, json_integer_value(json_object_get(json_array_get(releases, i), "version")));
    return newest;
}

/* "Known viruses: 1234" of clamscan's summary; -1 if it is not there. */
static gint64 parse_known(const char *output)
{
    const char *at = strstr(output, "Known viruses: ");

    return at == NULL ? -1 : g_ascii_strtoll(at + strlen("Known viruses: "), NULL, 10);
}

/* Has the engine load the staged directory, or one file of it, and asks what it loaded. */
static bool ask_engine(const char *directory, const char *file, gint64 *known, GError **error)
{
    g_autofree char *nothing = g_build_filename(directory, ".empty", NULL);
    g_autofree char *loaded = g_build_filename(directory, file, NULL);
    g_autofree char *database = g_strdup_printf("--database=%s", loaded);
    /* what is against unwanted programs is left out by default, also on endpoints: it has to be good nevertheless */
    const char *pua = file != NULL ? "--detect-pua=yes" : "--detect-pua=no";
    const char *argv[] = { "clamscan", database, pua, nothing, NULL };
    g_autofree char *output = NULL;

    if (!hl_file_write_text(nothing, "", 0600, error))
        return false;
    if (!hl_exec(argv, &output, error))
        return hl_error_prefix(error, "the engine does not load %s", file == NULL ? "these files together" : file);
    *known = parse_known(output);
    if (*known < 0)
        return hl_fail(error, HL_ERROR_FAILED, "clamscan does not report how many signatures it loaded");
    return true;
}

/* Whether the file is there for its signatures; lists of exceptions and settings count as none. */
static bool wants_signatures(const char *name)
{
    const UpdKind *kind = upd_kind_find(name);

    return kind != NULL && (kind->group & (UPD_GROUP_DETECTION | UPD_GROUP_PACKAGE)) != 0;
}

static bool check_yield(const char *name, gint64 signatures, GError **error)
{
    return signatures != 0 || !wants_signatures(name) ||
           hl_fail(error, HL_ERROR_INVALID,
                   "%s contains no signature: is it what its name says, and not an error page that was downloaded?",
                   name);
}

/* The engine drops a whole file of rules with no more than a warning: what is of no use is not published. */
static bool check_each(const char *directory, const json_t *files, GError **error)
{
    for (gsize i = 0; i < json_array_size(files); i++) {
        const char *name = json_string_value(json_array_get(files, i));
        gint64 known = 0;

        if (!ask_engine(directory, name, &known, error) || !check_yield(name, known, error))
            return false;
    }
    return true;
}

/* No format of the engine begins like this, and of settings it ignores lines that it does not understand. */
static bool looks_like_markup(GBytes *content)
{
    gsize size;
    const char *text = g_bytes_get_data(content, &size);
    gsize i = 0;

    while (i < size && g_ascii_isspace(text[i]))
        i++;
    return i < size && text[i] == '<';
}

/* Copies one file into the staging directory; adds to the count, -1 once a file cannot be counted. */
static bool stage_file(const UpdStageSpec *spec, gsize at, const char *directory, gint64 *counted, json_t *files,
                       GError **error)
{
    const char *path = spec->files[at];
    g_autofree char *name = g_path_get_basename(path);
    g_autofree char *to = g_build_filename(directory, name, NULL);
    g_autoptr(GBytes) content = NULL;
    gint64 n;

    if (!upd_stage_name_ok(name, error) || !upd_kind_check(spec->component, name, error))
        return false;
    for (gsize i = 0; i < json_array_size(files); i++)
        if (strcmp(json_string_value(json_array_get(files, i)), name) == 0)
            return hl_fail(error, HL_ERROR_INVALID,
                           "two files are called %s: a component installs each under its own name", name);
    content = spec->fds != NULL && spec->fds[at] >= 0
                  ? hl_file_read_open(spec->fds[at], path, 0, UPD_DELTA_MAX_FILE, error)
                  : hl_file_read(path, UPD_DELTA_MAX_FILE, error);
    if (content == NULL)
        return false;
    if (g_bytes_get_size(content) == 0)
        return hl_fail(error, HL_ERROR_INVALID, "%s is empty: to empty a component use 'holdline-updater repo remove'",
                       path);
    if (looks_like_markup(content))
        return hl_fail(error, HL_ERROR_INVALID, "%s is a web page or XML, not patterns: was it downloaded in error?",
                       path);
    n = upd_stage_count(name, g_bytes_get_data(content, NULL), g_bytes_get_size(content));
    /* rules that we do not recognise the engine may */
    if (upd_kind_find(name)->counting == UPD_COUNT_LINES && !check_yield(name, n, error))
        return false;
    *counted = n < 0 || *counted < 0 ? -1 : *counted + n;
    json_array_append_new(files, json_string(name));
    return hl_file_write(to, g_bytes_get_data(content, NULL), g_bytes_get_size(content), 0600, error);
}

static bool count_staged(const char *directory, const json_t *files, UpdStaged *staged, GError **error)
{
    g_autofree char *clamscan = g_find_program_in_path("clamscan");

    staged->by_engine = clamscan != NULL;
    if (clamscan != NULL)
        return check_each(directory, files, error) && ask_engine(directory, NULL, &staged->signatures, error);
    if (staged->counted < 0)
        return hl_fail(
            error, HL_ERROR_UNAVAILABLE,
            "the number of signatures is not known: install clamscan on this host, it alone can count these formats");
    staged->signatures = staged->counted;
    return true;
}

/* A source that was cut, or a tool that wrote half, looks like a release: it takes a word that it is meant. */
static bool check_fall(const UpdState *state, const UpdStageSpec *spec, const UpdStaged *staged, GError **error)
{
    gint64 before = upd_content_signatures(upd_state_get(state, spec->component));

    return spec->force || staged->signatures >= before - before / 2 ||
           hl_fail(error, HL_ERROR_CONFLICT,
                   "%s would fall from %" G_GINT64_FORMAT " signatures to %" G_GINT64_FORMAT
                   ", less than half: nothing is staged; if that is meant, repeat it with --force",
                   spec->component, before, staged->signatures);
}

/* Files for the engine: their names go into the record. */
static bool fill_patterns(const UpdState *state, const UpdStageSpec *spec, const char *directory, UpdStaged *staged,
                          json_t *record, GError **error)
{
    json_t *files = json_array();

    json_object_set_new(record, "files", files);
    for (gsize i = 0; i < spec->n_files; i++)
        if (!stage_file(spec, i, directory, &staged->counted, files, error))
            return false;
    return spec->n_files == 0 ||
           (count_staged(directory, files, staged, error) && check_fall(state, spec, staged, error));
}

static bool fill(const UpdRepo *repo, const UpdState *state, const UpdStageSpec *spec, const char *directory,
                 UpdStaged *staged, GError **error)
{
    g_autoptr(json_t) record = json_pack("{s:I, s:i, s:s}", "version", (json_int_t)staged->version, "signatures", 0,
                                         "min_engine", spec->min_engine);
    g_autofree char *path = g_build_filename(directory, "stage.json", NULL);
    g_autofree char *text = NULL;
    bool program = upd_program_is(spec->component) && spec->n_files > 0;

    if (!(program ? upd_program_fill(repo, spec, directory, record, error)
                  : fill_patterns(state, spec, directory, staged, record, error)))
        return false;
    if (program)
        g_strlcpy(staged->program, upd_program_version(record), sizeof staged->program);
    json_object_set_new(record, "signatures", json_integer((json_int_t)staged->signatures));
    text = hl_json_print(record);
    return hl_file_write_text(path, text, 0600, error);
}

bool upd_stage_engine_ok(const char *version)
{
    return g_regex_match_simple("^[0-9]{1,4}(\\.[0-9]{1,4}){1,3}$", version, G_REGEX_DOLLAR_ENDONLY, 0);
}

bool upd_stage_add(const UpdRepo *repo, const UpdState *state, const UpdStageSpec *spec, UpdStaged *staged,
                   GError **error)
{
    g_autofree char *parent = upd_repo_path(repo, "private/staged");
    g_autofree char *directory = g_build_filename(parent, spec->component, NULL);
    g_autofree char *coming = g_strconcat(parent, "/.", spec->component, NULL);
    gint64 newest;
    json_t *keys;

    if (!upd_component_name_ok(spec->component, error))
        return false;
    if (upd_state_definition(state, spec->component, &keys) == NULL)
        return hl_fail(error, HL_ERROR_NOT_FOUND,
                       "no component %s in this repository: 'holdline-updater repo role list %s' shows them, "
                       "'holdline-updater repo role add %s %s' makes one",
                       spec->component, repo->dir, repo->dir, spec->component);
    if (spec->n_files > UPD_STAGE_FILES_MAX)
        return hl_fail(error, HL_ERROR_LIMIT, "a component has at most %d files", UPD_STAGE_FILES_MAX);
    if (!upd_content_settle(repo, upd_state_get(state, spec->component), spec->component, error))
        return false;
    newest = upd_stage_newest(repo, spec->component);
    *staged = (UpdStaged){ .version = spec->version != 0 ? spec->version : upd_stage_next_version(newest, repo->now) };
    if (spec->version != 0 && !version_ok(spec, newest, repo->now, error))
        return false;
    /* beside, then exchanged: a failed or killed add leaves the former staging as it was */
    return hl_tree_remove(coming, error) && hl_dir_make(coming, 0700, error) &&
           fill(repo, state, spec, coming, staged, error) && hl_dir_replace(parent, coming, directory, error);
}
