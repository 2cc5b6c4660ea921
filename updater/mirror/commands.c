/* SPDX-License-Identifier: Apache-2.0 */
#include "updater/mirror/commands.h"

#include <stdio.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/process.h"
#include "lib/base/table.h"
#include "lib/base/text.h"
#include "proto/updater_lines.h"
#include "updater/mirror/mirror.h"

#define KEEP          "24h"
#define BUSY_PATIENCE (10 * HL_MINUTE)

const char *const upd_mirror_flags[] = { "from",      "root",     "to",    "keep",      "time", "ca-file",
                                         "cert-file", "key-file", "proxy", "ca-option", "json", NULL };

/* A person gets a bar, a program JSON lines, as those of 'update'. */
typedef struct {
    bool json;
    guint percent;
} Output;

static void print_line(const char *line)
{
    puts(line);
    fflush(stdout);
}

static void on_progress(uint64_t done, uint64_t total, const char *what, void *user)
{
    Output *output = user;
    guint percent = total == 0 ? 0 : (guint)(done * 100 / total);
    g_autofree char *line = NULL;

    if (percent == output->percent)
        return;
    output->percent = percent;
    if (!output->json) {
        hl_progress_show(stdout, "Mirror", percent, 100, what);
        return;
    }
    line = hl_updater_line_progress(percent, what);
    print_line(line);
}

static char *describe(const UpdMirrored *mirrored)
{
    GString *out = g_string_new(mirrored->added > 0 ? "mirrored" : "nothing new");
    g_auto(GStrv) components = g_strsplit(mirrored->components, " ", -1);

    for (gsize i = 0; components[i] != NULL; i++)
        g_string_append_printf(out, ", %s", g_strdelimit(components[i], "=", ' '));
    g_string_append_printf(out, "; %u file(s) new, %u removed", mirrored->added, mirrored->removed);
    return g_string_free(out, FALSE);
}

static void print_end(const Output *output, const UpdMirrored *mirrored, const GError *problem)
{
    g_auto(HlUpdaterResult) result = { .outcome = problem != NULL       ? HL_UPDATER_FAILED
                                                  : mirrored->added > 0 ? HL_UPDATER_UPDATED
                                                                        : HL_UPDATER_CURRENT,
                                       .message = problem == NULL ? describe(mirrored) : g_strdup(problem->message),
                                       .components = g_strdup(mirrored->components),
                                       .bytes = mirrored->bytes,
                                       .added = mirrored->added,
                                       .removed = mirrored->removed };
    g_autofree char *line = NULL;

    if (!output->json) {
        hl_progress_end(stdout);
        if (problem == NULL)
            printf("%s (%" G_GUINT64_FORMAT " bytes received)\n", result.message, mirrored->bytes);
        return;
    }
    result.code = g_strdup(problem != NULL ? hl_error_name(hl_error_code(problem)) : "");
    line = hl_updater_line_mirrored(&result);
    print_line(line);
}

static bool duration_of(const HlInvocation *call, const char *flag, const char *fallback, HlTime *duration,
                        GError **error)
{
    const char *text = hl_cli_value(call, flag, fallback);

    return text == NULL || hl_duration_parse(text, duration, error) || hl_error_prefix(error, "--%s", flag);
}

bool upd_cmd_mirror(HlInvocation *call, GError **error)
{
    const char *from = hl_cli_value(call, "from", NULL);
    const char *root_path = hl_cli_value(call, "root", NULL);
    Output output = { .json = hl_cli_has(call, "json") || !isatty(STDOUT_FILENO), .percent = G_MAXUINT };
    UpdMirror mirror = { .dir = hl_cli_value(call, "to", NULL), .progress = on_progress, .user = &output };
    UpdSourceSpec spec = { 0 };
    g_auto(UpdMirrored) mirrored = { 0 };
    g_autofree char *source = g_strdup_printf("source=%s", from);
    g_autofree char *shown = hl_text_url(from != NULL ? from : "");
    g_autoptr(GBytes) root = NULL;
    g_autoptr(GError) problem = NULL;
    HlTime time = 0;
    bool done;

    if (from == NULL || root_path == NULL || mirror.dir == NULL)
        return hl_fail(error, HL_ERROR_USAGE, "'mirror' needs --from URL, --root FILE and --to DIR");
    if (!duration_of(call, "keep", KEEP, &mirror.keep, error) || !duration_of(call, "time", NULL, &time, error))
        return false;
    if (!g_str_has_prefix(from, "https://") && !g_str_has_prefix(from, "http://"))
        return hl_fail(error, HL_ERROR_INVALID, "--from '%s' is not a URL: it begins with https:// or http://", shown);
    root = hl_file_read(root_path, tuf_role_max_size(TUF_ROOT), error);
    if (root == NULL || !upd_source_parse(source, &spec, error) || !hl_process_become_owner(mirror.dir, error))
        return false;
    mirror.source = &spec;
    mirror.access = (UpdSourceAccess){ .http = { .ca_file = hl_cli_value(call, "ca-file", NULL),
                                                 .ca_option = hl_cli_value(call, "ca-option", "--ca-file"),
                                                 .cert_file = hl_cli_value(call, "cert-file", NULL),
                                                 .key_file = hl_cli_value(call, "key-file", NULL),
                                                 .proxy = hl_cli_value(call, "proxy", NULL) },
                                       .root = root,
                                       .patience = BUSY_PATIENCE,
                                       .until = time > 0 ? hl_clock_mono() + time : 0 };
    done = upd_mirror_run(&mirror, &mirrored, &problem);
    print_end(&output, &mirrored, problem);
    upd_source_spec_clear(&spec);
    if (!done)
        g_propagate_error(error, g_steal_pointer(&problem));
    return done;
}
