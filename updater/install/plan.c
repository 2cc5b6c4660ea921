/* SPDX-License-Identifier: Apache-2.0 */
#include "updater/install/plan.h"

#include <string.h>

/* What a machine is to have one of: proto/settings.h, scan.method. */
static const char *const main_patterns[] = { "virus", "agent", NULL };

void upd_plan_free(UpdPlan *plan)
{
    if (plan == NULL)
        return;
    upd_set_free(plan->set);
    g_ptr_array_unref(plan->parts);
    g_free(plan->remark);
    g_free(plan);
}

static void remark(UpdPlan *plan, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void remark(UpdPlan *plan, const char *format, ...)
{
    g_autofree char *former = plan->remark;
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    plan->remark = former == NULL ? g_steal_pointer(&text) : g_strdup_printf("%s; %s", former, text);
}

/* An intact file of the active set with this content, whatever it is called. */
static const UpdSetFile *find_content(const UpdSet *active, const char *sha256)
{
    for (guint i = 0; active != NULL && i < active->files->len; i++) {
        const UpdSetFile *file = active->files->pdata[i];

        if (file->intact && strcmp(file->sha256, sha256) == 0)
            return file;
    }
    return NULL;
}

static const UpdSetFile *find_base(const UpdSet *active, const char *component, const char *name)
{
    for (guint i = 0; active != NULL && i < active->files->len; i++) {
        const UpdSetFile *file = active->files->pdata[i];

        if (file->intact && strcmp(file->component, component) == 0 && strcmp(file->name, name) == 0)
            return file;
    }
    return NULL;
}

static void add_part(UpdPlan *plan, const UpdPart *part)
{
    g_ptr_array_add(plan->parts, g_memdup2(part, sizeof *part));
}

static void take_release(UpdPlan *plan, const UpdSet *active, const UpdRelease *release)
{
    if (release->files->len == 0)
        return;
    upd_set_add_component(plan->set, release->component, release->version, release->signatures)->role = release->role;
    for (guint i = 0; i < release->files->len; i++) {
        const UpdReleaseFile *wanted = release->files->pdata[i];
        UpdPart part = { .wanted = wanted,
                         .same = find_content(active, wanted->sha256),
                         .base = find_base(active, release->component, wanted->name) };

        part.file = upd_set_add_file(plan->set, release->component, wanted->name, wanted->sha256, wanted->length);
        add_part(plan, &part);
    }
}

static bool is_main(const char *component)
{
    return g_strv_contains(main_patterns, component);
}

/* Why a component is kept, and what to do when that is not possible. */
typedef struct {
    const char *reason, *remedy;
} Keeping;

/* A file of the component that is not what it was; NULL: all are. */
static const UpdSetFile *find_damaged(const UpdSet *active, const char *component)
{
    for (guint i = 0; i < active->files->len; i++) {
        const UpdSetFile *file = active->files->pdata[i];

        if (!file->intact && strcmp(file->component, component) == 0)
            return file;
    }
    return NULL;
}

static void keep_whole(UpdPlan *plan, const UpdSet *active, const UpdSetComponent *kept)
{
    upd_set_add_component(plan->set, kept->name, kept->version, kept->signatures)->role = kept->role;
    for (guint i = 0; i < active->files->len; i++) {
        const UpdSetFile *file = active->files->pdata[i];
        UpdPart part = { .same = file };

        if (strcmp(file->component, kept->name) != 0)
            continue;
        part.file = upd_set_add_file(plan->set, file->component, file->name, file->sha256, file->length);
        add_part(plan, &part);
    }
}

/* The component stays as it is in the active set; if it is not there, it stays away. */
static bool keep(UpdPlan *plan, const UpdSet *active, const char *component, const Keeping *why, GError **error)
{
    const UpdSetComponent *kept = upd_set_component(active, component);
    const UpdSetFile *damaged;

    if (kept == NULL)
        return true;
    damaged = find_damaged(active, component);
    if (damaged != NULL)
        return hl_fail(error, HL_ERROR_UNTRUSTED,
                       "%s %" G_GINT64_FORMAT " is to be kept, %s, but its file %s is damaged: %s", component,
                       kept->version, why->reason, damaged->name, why->remedy);
    keep_whole(plan, active, kept);
    return true;
}

/* Every file of the release is a file of the active set. */
static bool is_same_content(const UpdSet *active, const UpdRelease *release)
{
    for (guint i = 0; i < release->files->len; i++)
        if (find_content(active, ((const UpdReleaseFile *)release->files->pdata[i])->sha256) == NULL)
            return false;
    return true;
}

/* Which of two releases came later is told by the version of the metadata that offered them.  The component's own
 * number says it too, unless its publisher was restored from a backup and gave numbers out a second time. */
static bool is_older(const UpdSituation *situation, const UpdSetComponent *active, const UpdRelease *release)
{
    if (active == NULL)
        return false;
    if (active->role == 0 || release->role == 0)
        return release->version < active->version;
    return release->role < active->role &&
           (release->version != active->version || !is_same_content(situation->active, release));
}

/* Of a component in use whose numbers are ahead of the clock nothing later can come by itself: its publisher's clock
 * was ahead, and it was restored since.  Which number it has to go past is told only here.  Caller frees. */
static char *describe_remedy(const UpdSituation *situation, const UpdSetComponent *active, const UpdRelease *release)
{
    bool by_role = active->role > 0 && release->role > 0;
    g_autoptr(GDateTime) tomorrow = g_date_time_new_from_unix_utc((situation->now + 2 * HL_DAY) / HL_SECOND);
    int64_t day = g_date_time_get_year(tomorrow) * 10000 + g_date_time_get_month(tomorrow) * 100 +
                  g_date_time_get_day_of_month(tomorrow);

    if (by_role ? active->role <= situation->now + HL_HOUR : active->version / 100 < day)
        return g_strdup("");
    return g_strdup_printf(" (its number is ahead of the clock; if its publisher was restored from a backup, there: "
                           "holdline-updater repo repair DIR --restored --above %" G_GINT64_FORMAT ")",
                           by_role ? active->role : active->version);
}

static void remark_stale(UpdPlan *plan, const UpdSituation *situation, const UpdSetComponent *active,
                         const UpdRelease *release)
{
    g_autofree char *remedy = describe_remedy(situation, active, release);

    plan->verdict = UPD_PLAN_STALE;
    remark(plan, "it offers %s %" G_GINT64_FORMAT ", older than %" G_GINT64_FORMAT " in use%s", release->component,
           release->version, active->version, remedy);
}

/* What is damaged is not kept: the source mends the version in use, or has a later one only. */
static bool is_kept(UpdPlan *plan, const UpdSituation *situation, const UpdSetComponent *active,
                    const UpdRelease *release)
{
    const UpdSetFile *damaged;

    if (situation->mode != UPD_PLAN_NEWER || situation->kept == NULL || active == NULL ||
        active->version == release->version || !g_strv_contains(situation->kept, active->name))
        return false;
    damaged = find_damaged(situation->active, active->name);
    if (damaged != NULL)
        remark(plan, "%s %" G_GINT64_FORMAT " is not kept, as its file %s is damaged", active->name, active->version,
               damaged->name);
    return damaged == NULL;
}

static bool plan_component(UpdPlan *plan, const UpdSituation *situation, const UpdRelease *release, GError **error)
{
    static const Keeping rolled_back = { "because it was rolled back to",
                                         "'update --force' installs the version that was rolled back from" };
    const UpdSetComponent *active = upd_set_component(situation->active, release->component);
    int64_t held = json_integer_value(json_object_get(situation->held, release->component));

    if (is_kept(plan, situation, active, release)) {
        remark(plan, "%s stays at %" G_GINT64_FORMAT ", as it is kept", active->name, active->version);
        keep_whole(plan, situation->active, active);
        return true;
    }
    if (situation->mode == UPD_PLAN_NEWER && release->version > 0) {
        if (is_older(situation, active, release)) {
            remark_stale(plan, situation, active, release);
        } else if (release->version == held && (active == NULL || active->version != held)) {
            remark(plan, "%s %" G_GINT64_FORMAT " is held back after a roll-back", release->component, held);
            return keep(plan, situation->active, release->component, &rolled_back, error);
        }
    }
    if (release->files->len == 0 && (is_main(release->component) || active != NULL)) /* rules come and go */
        remark(plan, "the source has no %s", release->component);
    take_release(plan, situation->active, release);
    return true;
}

/* Rules alone detect next to nothing: where the source has not the main pattern that this machine is to have (the scan
 * method was changed before the publisher was), the one in use goes on. */
static bool keep_main(UpdPlan *plan, const UpdSituation *situation, GError **error)
{
    static const Keeping missing = { "because the source has no main pattern for this machine",
                                     "have the publisher publish it, or set scan.method to the one that it has" };
    bool wanted = false;

    for (guint i = 0; i < situation->releases->len; i++) {
        const UpdRelease *release = situation->releases->pdata[i];

        wanted = wanted || is_main(release->component);
        if (is_main(release->component) && upd_set_component(plan->set, release->component) != NULL)
            return true;
    }
    for (gsize i = 0; wanted && main_patterns[i] != NULL; i++) {
        const UpdSetComponent *active = upd_set_component(situation->active, main_patterns[i]);

        if (active == NULL)
            continue;
        remark(plan, "%s %" G_GINT64_FORMAT " stays in use", active->name, active->version);
        return keep(plan, situation->active, active->name, &missing, error);
    }
    return true;
}

static bool offers_nothing(const UpdSituation *situation)
{
    for (guint i = 0; i < situation->releases->len; i++)
        if (((const UpdRelease *)situation->releases->pdata[i])->files->len > 0)
            return false;
    return true;
}

/* Whether this part of the coming set is none of the active one although its version is: exact content is asked for, or
 * a restored publisher gave the number out a second time. */
static bool is_another_content(const UpdSituation *situation, const UpdPlan *plan, const UpdPart *part)
{
    const UpdSetComponent *active = upd_set_component(situation->active, part->file->component);
    const UpdSetComponent *coming = upd_set_component(plan->set, part->file->component);

    return part->same == NULL &&
           (situation->mode == UPD_PLAN_FORCE || (active->role > 0 && coming->role > active->role));
}

/* Whether the active set is the coming one, and whole. */
static bool is_active(const UpdPlan *plan, const UpdSituation *situation)
{
    if (situation->active == NULL || plan->set->components->len != situation->active->components->len)
        return false;
    for (guint i = 0; i < plan->set->components->len; i++) {
        const UpdSetComponent *coming = plan->set->components->pdata[i];
        const UpdSetComponent *active = upd_set_component(situation->active, coming->name);

        if (active == NULL || active->version != coming->version)
            return false;
    }
    if (!upd_set_is_intact(situation->active))
        return false;
    for (guint i = 0; i < plan->parts->len; i++)
        if (is_another_content(situation, plan, plan->parts->pdata[i]))
            return false;
    return true;
}

UpdPlan *upd_plan_new(const UpdSituation *situation, GError **error)
{
    g_autoptr(UpdPlan) plan = g_new0(UpdPlan, 1);

    plan->set = upd_set_new();
    plan->parts = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < situation->releases->len; i++)
        if (!plan_component(plan, situation, situation->releases->pdata[i], error))
            return NULL;
    if (plan->verdict == UPD_PLAN_STALE)
        return g_steal_pointer(&plan);
    if (offers_nothing(situation)) {
        plan->verdict = UPD_PLAN_EMPTY;
        return g_steal_pointer(&plan);
    }
    if (!keep_main(plan, situation, error))
        return NULL;
    if (plan->parts->len == 0)
        plan->verdict = UPD_PLAN_EMPTY;
    else if (is_active(plan, situation))
        plan->verdict = UPD_PLAN_CURRENT;
    return g_steal_pointer(&plan);
}
