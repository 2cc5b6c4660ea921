/* SPDX-License-Identifier: Apache-2.0 */
/* What a child says that calls itself the updater.  Whatever the line is, what comes out of it is bounded, printable
 * and checked, and survives being written and read again. */
#include <string.h>

#include "lib/base/ident.h"
#include "lib/base/package_version.h"
#include "lib/base/text.h"
#include "proto/components.h"
#include "proto/updater_lines.h"
#include "tests/fuzz/fuzz.h"

static void check_text(const char *text)
{
    g_autofree char *clean = hl_text_printable(text);

    g_assert_cmpuint(strlen(text), <=, HL_UPDATER_MAX_TEXT);
    g_assert_cmpstr(text, ==, clean);
}

static void check_components(const char *text)
{
    size_t n;
    HlMsgComponent **components = hl_components_parse(text, &n);
    g_autofree char *printed = hl_components_print(components, n);

    g_assert_cmpuint(n, <=, HL_UPDATER_MAX_COMPONENTS);
    g_assert_cmpstr(text, ==, printed);
    hl_components_free(components, n);
}

static void check_result(const HlUpdaterResult *result)
{
    check_text(result->code);
    check_text(result->message);
    check_text(result->source);
    g_assert_true((result->outcome == HL_UPDATER_FAILED) == (*result->code != '\0'));
    if (result->components != NULL)
        check_components(result->components);
    check_text(result->program.message);
    g_assert_true(*result->program.version == '\0' || hl_package_version_ok(result->program.version));
}

static void check_again(const HlUpdaterResult *result, char *text)
{
    g_autofree char *line = text;
    g_auto(HlUpdaterLine) again = { 0 };

    g_assert_cmpint(hl_updater_line_parse(line, &again), ==, HL_UPDATER_LINE_RESULT);
    g_assert_cmpint(again.result.outcome, ==, result->outcome);
    g_assert_cmpstr(again.result.code, ==, result->code);
    g_assert_cmpstr(again.result.components, ==, result->components == NULL ? "" : result->components);
    g_assert_cmpuint(again.result.bytes, ==, result->bytes);
    if (*result->message != '\0')
        g_assert_cmpstr(again.result.message, ==, result->message);
}

static void check_program_again(const HlUpdaterResult *result)
{
    g_autofree char *line = hl_updater_line_updated(result);
    g_auto(HlUpdaterLine) again = { 0 };

    hl_updater_line_parse(line, &again);
    g_assert_cmpint(again.result.program.outcome, ==, result->program.outcome);
    if (result->program.outcome == HL_UPDATER_PROGRAM_UNTOLD)
        return;
    g_assert_cmpstr(again.result.program.version, ==, result->program.version);
    g_assert_cmpstr(again.result.program.message, ==, result->program.message);
}

static void try_line(const char *text)
{
    g_auto(HlUpdaterLine) line = { 0 };

    switch (hl_updater_line_parse(text, &line)) {
    case HL_UPDATER_LINE_OTHER:
        g_assert_true(line.progress.what == NULL && line.result.message == NULL);
        return;
    case HL_UPDATER_LINE_PROGRESS:
        g_assert_cmpuint(line.progress.percent, <=, 100);
        check_text(line.progress.what);
        return;
    case HL_UPDATER_LINE_RESULT:
        check_result(&line.result);
        check_again(&line.result, hl_updater_line_updated(&line.result));
        check_again(&line.result, hl_updater_line_mirrored(&line.result));
        check_program_again(&line.result);
        return;
    }
}

static void try_versions(const char *text)
{
    g_auto(HlUpdaterVersions) versions = { 0 };
    g_auto(HlUpdaterVersions) again = { 0 };
    g_autofree char *latest = NULL;
    g_autofree char *latest_again = NULL;
    g_autofree char *printed = NULL;
    bool taken = hl_updater_versions_parse(text, &versions, NULL);

    latest = hl_updater_versions_latest(&versions);
    g_assert_true(taken || *latest == '\0');
    check_components(latest);
    printed = hl_updater_versions_print(&versions);
    g_assert_true(hl_updater_versions_parse(printed, &again, NULL));
    latest_again = hl_updater_versions_latest(&again);
    g_assert_cmpstr(latest, ==, latest_again);
    g_assert_cmpstr(versions.expires, ==, again.expires);
    g_assert_cmpstr(versions.program, ==, again.program);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = fuzz_text(data, size);

    try_line(text);
    try_versions(text);
    return 0;
}
