/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/updater_lines.h"

#include <string.h>

#include "lib/base/ident.h"
#include "lib/base/package_version.h"
#include "lib/base/text.h"
#include "proto/components.h"

#define MAX_WORD 100 /* bytes of a result's word if it has to serve as the message */

static const char *const outcome_words[] = {
    [HL_UPDATER_FAILED] = "failed",
    [HL_UPDATER_CURRENT] = "current",
    [HL_UPDATER_UPDATED] = "updated",
};

static const char *const program_words[] = {
    [HL_UPDATER_PROGRAM_UNTOLD] = "",
    [HL_UPDATER_PROGRAM_CURRENT] = "current",
    [HL_UPDATER_PROGRAM_OFFERED] = "offered",
    [HL_UPDATER_PROGRAM_UNSUITED] = "not-for-this-version",
    [HL_UPDATER_PROGRAM_NO_WAY_BACK] = "no-way-back",
    [HL_UPDATER_PROGRAM_BLOCKED] = "blocked",
    [HL_UPDATER_PROGRAM_FAILED] = "failed",
};

void hl_updater_result_clear(HlUpdaterResult *result)
{
    g_free(result->code);
    g_free(result->message);
    g_free(result->source);
    g_free(result->components);
    g_free(result->program.version);
    g_free(result->program.message);
    *result = (HlUpdaterResult){ 0 };
}

void hl_updater_line_clear(HlUpdaterLine *line)
{
    g_free(line->progress.what);
    hl_updater_result_clear(&line->result);
    *line = (HlUpdaterLine){ 0 };
}

HlUpdaterResult hl_updater_line_steal(HlUpdaterLine *line)
{
    HlUpdaterResult result = line->result;

    line->result = (HlUpdaterResult){ 0 };
    return result;
}

/* ---------------------------------------------------------------------------------------------------- reading lines */

/* Printable, and cut between characters. */
static char *bounded(const char *text, gsize max)
{
    char *clean = hl_text_printable(text != NULL ? text : "");
    gsize size = strlen(clean);

    if (size > max) {
        for (size = max; (clean[size] & 0xc0) == 0x80;)
            size--;
        clean[size] = '\0';
    }
    return clean;
}

static char *text_member(const json_t *object, const char *name)
{
    return bounded(json_string_value(json_object_get(object, name)), HL_UPDATER_MAX_TEXT);
}

static uint64_t count_member(const json_t *object, const char *name)
{
    json_int_t value = json_integer_value(json_object_get(object, name));

    return value > 0 ? (uint64_t)value : 0;
}

/* A name is checked before it becomes part of a text: one with a blank would be read back as two. */
static char *read_components(json_t *object)
{
    g_autoptr(GString) out = g_string_new(NULL);
    const char *name;
    json_t *value;
    HlMsgComponent **components;
    size_t n = 0;
    char *text;

    json_object_foreach(object, name, value)
    {
        if (!hl_ident_is_valid(name) || !json_is_integer(value) || json_integer_value(value) < 0)
            continue;
        if (n++ == HL_UPDATER_MAX_COMPONENTS)
            break;
        g_string_append_printf(out, "%s%s=%" JSON_INTEGER_FORMAT, out->len > 0 ? " " : "", name,
                               json_integer_value(value));
    }
    components = hl_components_parse(out->str, &n);
    text = hl_components_print(components, n); /* sorted */
    hl_components_free(components, n);
    return text;
}

static HlUpdaterOutcome read_outcome(const char *word)
{
    if (word == NULL)
        return HL_UPDATER_FAILED;
    for (int i = 0; i < (int)G_N_ELEMENTS(outcome_words); i++)
        if (strcmp(word, outcome_words[i]) == 0)
            return (HlUpdaterOutcome)i;
    return HL_UPDATER_CURRENT;
}

/* A malformed version would be compared with real ones. */
static HlUpdaterProgram read_program(const json_t *object)
{
    const char *word = json_string_value(json_object_get(object, "outcome"));
    const char *version = json_string_value(json_object_get(object, "version"));
    HlUpdaterProgram program = { .version = g_strdup(version != NULL && hl_package_version_ok(version) ? version : ""),
                                 .message = text_member(object, "message") };

    for (int i = 0; word != NULL && i < (int)G_N_ELEMENTS(program_words); i++)
        if (strcmp(word, program_words[i]) == 0)
            program.outcome = (HlUpdaterProgramOutcome)i;
    return program;
}

static void read_result(const json_t *line, HlUpdaterResult *result)
{
    const char *word = json_string_value(json_object_get(line, "result"));
    json_t *components = json_object_get(line, "components");

    *result = (HlUpdaterResult){ .outcome = read_outcome(word),
                                 .code = text_member(line, "code"),
                                 .message = text_member(line, "message"),
                                 .source = text_member(line, "source"),
                                 .components = json_is_object(components) ? read_components(components) : NULL,
                                 .bytes = count_member(line, "bytes"),
                                 .added = (guint)MIN(count_member(line, "added"), G_MAXUINT),
                                 .removed = (guint)MIN(count_member(line, "removed"), G_MAXUINT),
                                 .program = read_program(json_object_get(line, "program")) };
    if (*result->message == '\0') {
        g_free(result->message);
        result->message = bounded(word, MAX_WORD);
    }
    if (result->outcome != HL_UPDATER_FAILED)
        *result->code = '\0';
    else if (*result->code == '\0') {
        g_free(result->code);
        result->code = g_strdup(hl_error_name(HL_ERROR_FAILED));
    }
}

HlUpdaterLineKind hl_updater_line_parse(const char *text, HlUpdaterLine *line)
{
    g_autoptr(json_t) value = hl_json_parse("updater", text, strlen(text), NULL);
    const json_t *progress = json_object_get(value, "progress");

    *line = (HlUpdaterLine){ .kind = HL_UPDATER_LINE_OTHER };
    if (json_object_get(value, "result") != NULL) {
        line->kind = HL_UPDATER_LINE_RESULT;
        read_result(value, &line->result);
    } else if (json_is_integer(progress)) {
        line->kind = HL_UPDATER_LINE_PROGRESS;
        line->progress = (HlUpdaterProgress){ .percent = (guint)CLAMP(json_integer_value(progress), 0, 100),
                                              .what = text_member(value, "what") };
    }
    return line->kind;
}

/* ----------------------------------------------------------------------------------------------------- making lines */

/* jansson refuses what is not UTF-8: a source's name comes from the command line. */
static json_t *make_text(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text != NULL ? text : "", -1);

    return json_string(valid);
}

static json_t *make_count(uint64_t count)
{
    return json_integer((json_int_t)MIN(count, (uint64_t)G_MAXINT64));
}

static json_t *make_components(const char *text)
{
    size_t n;
    HlMsgComponent **components = hl_components_parse(text != NULL ? text : "", &n);
    json_t *object = json_object();

    for (size_t i = 0; i < n; i++)
        json_object_set_new(object, components[i]->name, make_count(components[i]->version));
    hl_components_free(components, n);
    return object;
}

static char *print_and_free(json_t *line)
{
    char *text = hl_json_print(line);

    json_decref(line);
    return text;
}

char *hl_updater_line_progress(guint percent, const char *what)
{
    return print_and_free(json_pack("{s:i, s:o}", "progress", (int)percent, "what", make_text(what)));
}

static void add_code(json_t *line, const HlUpdaterResult *result)
{
    if (result->code != NULL && *result->code != '\0')
        json_object_set_new(line, "code", make_text(result->code));
}

static void add_message(json_t *line, const HlUpdaterResult *result)
{
    if (result->message != NULL)
        json_object_set_new(line, "message", make_text(result->message));
}

static void add_program(json_t *line, const HlUpdaterProgram *program)
{
    json_t *object;

    if (program->outcome == HL_UPDATER_PROGRAM_UNTOLD)
        return;
    object = json_pack("{s:s}", "outcome", program_words[program->outcome]);
    json_object_set_new(line, "program", object);
    if (program->version != NULL && *program->version != '\0')
        json_object_set_new(object, "version", make_text(program->version));
    if (program->message != NULL && *program->message != '\0')
        json_object_set_new(object, "message", make_text(program->message));
}

char *hl_updater_line_updated(const HlUpdaterResult *result)
{
    json_t *line = json_pack("{s:s, s:o, s:o, s:o}", "result", outcome_words[result->outcome], "components",
                             make_components(result->components), "source", make_text(result->source), "bytes",
                             make_count(result->bytes));

    add_code(line, result);
    add_message(line, result);
    add_program(line, &result->program);
    return print_and_free(line);
}

json_t *hl_updater_mirrored_document(const HlUpdaterResult *result)
{
    json_t *line = json_pack("{s:s, s:o, s:o, s:o, s:o}", "result", outcome_words[result->outcome], "components",
                             make_components(result->components), "bytes", make_count(result->bytes), "added",
                             make_count(result->added), "removed", make_count(result->removed));

    add_message(line, result);
    add_code(line, result);
    return line;
}

char *hl_updater_line_mirrored(const HlUpdaterResult *result)
{
    return print_and_free(hl_updater_mirrored_document(result));
}

char *hl_updater_line_shown(const HlUpdaterShown *shown)
{
    json_t *line = json_pack("{s:s, s:o, s:o, s:o}", "result", outcome_words[HL_UPDATER_CURRENT], "components",
                             make_components(shown->components), "previous", make_components(shown->previous), "held",
                             make_components(shown->held));

    if (shown->set > 0) {
        g_autofree char *installed = hl_time_format(shown->installed);

        json_object_set_new(line, "set", make_count(shown->set));
        json_object_set_new(line, "source", make_text(shown->source));
        json_object_set_new(line, "installed", json_string(installed));
        json_object_set_new(line, "age_seconds", json_integer(shown->age / HL_SECOND));
    }
    return print_and_free(line);
}

/* ----------------------------------------------------------------------------------------- the repository's content */

static void free_version(gpointer data)
{
    HlUpdaterVersion *version = data;

    g_free(version->name);
    g_free(version);
}

static void free_end(gpointer data)
{
    HlUpdaterEnd *end = data;

    g_free(end->role);
    g_free(end);
}

void hl_updater_versions_init(HlUpdaterVersions *versions)
{
    *versions = (HlUpdaterVersions){ .components = g_ptr_array_new_with_free_func(free_version),
                                     .ends = g_ptr_array_new_with_free_func(free_end) };
}

void hl_updater_versions_clear(HlUpdaterVersions *versions)
{
    g_clear_pointer(&versions->components, g_ptr_array_unref);
    g_clear_pointer(&versions->ends, g_ptr_array_unref);
    g_clear_pointer(&versions->expires, g_free);
    g_clear_pointer(&versions->program, g_free);
}

void hl_updater_versions_add(HlUpdaterVersions *versions, const char *name, uint64_t version, uint64_t size,
                             uint64_t increments)
{
    HlUpdaterVersion *component = g_new(HlUpdaterVersion, 1);

    *component = (HlUpdaterVersion){ g_strdup(name), version, size, increments };
    g_ptr_array_add(versions->components, component);
}

void hl_updater_versions_add_end(HlUpdaterVersions *versions, const char *role, HlTime time)
{
    HlUpdaterEnd *end = g_new(HlUpdaterEnd, 1);

    *end = (HlUpdaterEnd){ g_strdup(role), time };
    g_ptr_array_add(versions->ends, end);
}

static json_t *make_ends(const GPtrArray *ends)
{
    json_t *object = json_object();

    for (guint i = 0; i < ends->len; i++) {
        const HlUpdaterEnd *end = ends->pdata[i];
        g_autofree char *text = hl_time_format(end->end);

        json_object_set_new(object, end->role, json_string(text));
    }
    return object;
}

char *hl_updater_versions_latest(const HlUpdaterVersions *versions)
{
    GString *out = g_string_new(NULL);

    for (guint i = 0; i < versions->components->len; i++) {
        const HlUpdaterVersion *component = versions->components->pdata[i];

        g_string_append_printf(out, "%s%s=%" G_GUINT64_FORMAT, i > 0 ? " " : "", component->name, component->version);
    }
    return g_string_free(out, FALSE);
}

char *hl_updater_versions_print(const HlUpdaterVersions *versions)
{
    json_t *components = json_object();
    json_t *document = json_pack("{s:o}", "components", components);

    for (guint i = 0; i < versions->components->len; i++) {
        const HlUpdaterVersion *component = versions->components->pdata[i];

        json_object_set_new(components, component->name,
                            json_pack("{s:o, s:o, s:o}", "version", make_count(component->version), "size",
                                      make_count(component->size), "increments", make_count(component->increments)));
    }
    if (versions->expires != NULL)
        json_object_set_new(document, "expires", make_text(versions->expires));
    if (versions->program != NULL)
        json_object_set_new(document, "program", json_pack("{s:o}", "version", make_text(versions->program)));
    if (versions->ends->len > 0)
        json_object_set_new(document, "ends", make_ends(versions->ends));
    return print_and_free(document);
}

static void parse_ends(json_t *object, HlUpdaterVersions *versions)
{
    const char *role;
    json_t *value;

    json_object_foreach(object, role, value)
    {
        HlTime end;

        if (hl_ident_is_valid(role) && json_is_string(value) && hl_time_parse(json_string_value(value), &end, NULL) &&
            versions->ends->len < HL_UPDATER_MAX_ENDS)
            hl_updater_versions_add_end(versions, role, end);
    }
}

static char *parse_program(const json_t *object)
{
    const char *version = json_string_value(json_object_get(object, "version"));

    return version != NULL && hl_package_version_ok(version) ? g_strdup(version) : NULL;
}

static gint compare_versions(gconstpointer a, gconstpointer b)
{
    return strcmp((*(const HlUpdaterVersion *const *)a)->name, (*(const HlUpdaterVersion *const *)b)->name);
}

bool hl_updater_versions_parse(const char *text, HlUpdaterVersions *versions, GError **error)
{
    g_autoptr(json_t) document = hl_json_parse("the list of versions", text, strlen(text), error);
    json_t *components = json_object_get(document, "components");
    const char *name;
    json_t *component;

    hl_updater_versions_clear(versions);
    hl_updater_versions_init(versions);
    if (document == NULL)
        return false;
    if (!json_is_object(components))
        return hl_fail(error, HL_ERROR_INVALID, "the list of versions has no components");
    json_object_foreach(components, name, component)
    {
        uint64_t version = count_member(component, "version");

        if (version > 0 && hl_ident_is_valid(name) && versions->components->len < HL_UPDATER_MAX_COMPONENTS)
            hl_updater_versions_add(versions, name, version, count_member(component, "size"),
                                    count_member(component, "increments"));
    }
    g_ptr_array_sort(versions->components, compare_versions);
    if (json_is_string(json_object_get(document, "expires")))
        versions->expires = text_member(document, "expires");
    versions->program = parse_program(json_object_get(document, "program"));
    parse_ends(json_object_get(document, "ends"), versions);
    return true;
}
