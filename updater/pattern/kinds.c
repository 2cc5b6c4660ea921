/* SPDX-License-Identifier: Apache-2.0 */
#include "updater/pattern/kinds.h"

#include <string.h>

#define PROGRAM "program" /* the component of that name is none of the engine's (proto/program.h) */

/* docs/patterns.md has both tables in words. */
static const UpdKind kinds[] = {
    { ".hdb", UPD_GROUP_DETECTION, UPD_COUNT_LINES },  { ".hsb", UPD_GROUP_DETECTION, UPD_COUNT_LINES },
    { ".hdu", UPD_GROUP_DETECTION, UPD_COUNT_LINES },  { ".hsu", UPD_GROUP_DETECTION, UPD_COUNT_LINES },
    { ".mdb", UPD_GROUP_DETECTION, UPD_COUNT_LINES },  { ".msb", UPD_GROUP_DETECTION, UPD_COUNT_LINES },
    { ".mdu", UPD_GROUP_DETECTION, UPD_COUNT_LINES },  { ".msu", UPD_GROUP_DETECTION, UPD_COUNT_LINES },
    { ".imp", UPD_GROUP_DETECTION, UPD_COUNT_LINES },  { ".ndb", UPD_GROUP_DETECTION, UPD_COUNT_LINES },
    { ".ndu", UPD_GROUP_DETECTION, UPD_COUNT_LINES },  { ".ldb", UPD_GROUP_DETECTION, UPD_COUNT_LINES },
    { ".ldu", UPD_GROUP_DETECTION, UPD_COUNT_LINES },  { ".idb", UPD_GROUP_DETECTION, UPD_COUNT_LINES },
    { ".cdb", UPD_GROUP_DETECTION, UPD_COUNT_LINES },  { ".yar", UPD_GROUP_DETECTION, UPD_COUNT_RULES },
    { ".yara", UPD_GROUP_DETECTION, UPD_COUNT_RULES }, { ".pdb", UPD_GROUP_DETECTION, UPD_COUNT_NOT },
    { ".fp", UPD_GROUP_EXCEPTION, UPD_COUNT_NOT },     { ".sfp", UPD_GROUP_EXCEPTION, UPD_COUNT_NOT },
    { ".ign", UPD_GROUP_EXCEPTION, UPD_COUNT_NOT },    { ".ign2", UPD_GROUP_EXCEPTION, UPD_COUNT_NOT },
    { ".wdb", UPD_GROUP_EXCEPTION, UPD_COUNT_NOT },    { ".gdb", UPD_GROUP_ENGINE, UPD_COUNT_NOT },
    { ".cfg", UPD_GROUP_ENGINE, UPD_COUNT_NOT },       { ".crb", UPD_GROUP_ENGINE, UPD_COUNT_NOT },
    { ".ftm", UPD_GROUP_ENGINE, UPD_COUNT_NOT },       { ".pwdb", UPD_GROUP_ENGINE, UPD_COUNT_NOT },
    { ".cvd", UPD_GROUP_PACKAGE, UPD_COUNT_NOT },      { ".cld", UPD_GROUP_PACKAGE, UPD_COUNT_NOT },
    { ".cud", UPD_GROUP_REFUSED, UPD_COUNT_NOT },      { ".cbc", UPD_GROUP_REFUSED, UPD_COUNT_NOT },
    { ".info", UPD_GROUP_REFUSED, UPD_COUNT_NOT },
};

/* What a component is for, by its name.  virus and agent are ClamAV's own databases, whole: its corrections of false
 * positives and its settings of the engine come with them.  A machine has one of the two. */
static const struct {
    const char *component; /* NULL: any other */
    guint groups;
} components[] = {
    { "virus", UPD_GROUP_DETECTION | UPD_GROUP_EXCEPTION | UPD_GROUP_ENGINE | UPD_GROUP_PACKAGE },
    { "agent", UPD_GROUP_DETECTION | UPD_GROUP_EXCEPTION | UPD_GROUP_ENGINE | UPD_GROUP_PACKAGE },
    { "exceptions", UPD_GROUP_EXCEPTION },
    { NULL, UPD_GROUP_DETECTION },
};

static const struct {
    UpdGroup group;
    const char *why;
} refusals[] = {
    { UPD_GROUP_DETECTION, "it adds detections, and this component only takes some away" },
    { UPD_GROUP_EXCEPTION,
      "it switches detections of other components off; exceptions belong into a component 'exceptions', with a key of "
      "its own" },
    { UPD_GROUP_ENGINE, "it steers the engine for all components, which only virus and agent may" },
    { UPD_GROUP_PACKAGE, "it holds files of every kind, which only virus and agent may" },
    { UPD_GROUP_REFUSED,
      "no component may: nobody has signed what it holds, or the engine takes it only from a signed package; "
      "'holdline-updater repo import' takes a database of freshclam apart" },
};

const UpdKind *upd_kind_find(const char *file)
{
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (g_str_has_suffix(file, kinds[i].ending))
            return &kinds[i];
    return NULL;
}

static guint groups_of(const char *component)
{
    gsize i = 0;

    while (components[i].component != NULL && strcmp(components[i].component, component) != 0)
        i++;
    return components[i].groups;
}

bool upd_kind_check(const char *component, const char *file, GError **error)
{
    const UpdKind *kind = upd_kind_find(file);

    if (strcmp(component, PROGRAM) == 0)
        return hl_fail(error, HL_ERROR_INVALID, PROGRAM " may not hold %s: it is the program's packages, no patterns",
                       file);
    if (kind == NULL)
        return hl_fail(
            error, HL_ERROR_INVALID,
            "%s is not in a format of the engine: its name must end in .hdb, .hsb, .ndb, .ldb, .yar or the like", file);
    if ((groups_of(component) & kind->group) != 0)
        return true;
    for (gsize i = 0; i < G_N_ELEMENTS(refusals); i++)
        if (refusals[i].group == kind->group)
            return hl_fail(error, HL_ERROR_INVALID, "%s may not hold %s: %s", component, file, refusals[i].why);
    g_assert_not_reached();
}
