#include "updater/install/plan.h"

#include <string.h>

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
    upd_set_add_component(plan->set, release->component, release->version, release->signatures);
    for (guint i = 0; i < release->files->len; i++) {
        const UpdReleaseFile *wanted = release->files->pdata[i];
        UpdPart part = { .wanted = wanted,
                         .same = find_content(active, wanted->sha256),
                         .base = find_base(active, release->component, wanted->name) };

        part.file = upd_set_add_file(plan->set, release->component, wanted->name, wanted->sha256, wanted->length);
        add_part(plan, &part);
    }
}

/* The component stays as it is in the active set; if it is not there, it stays away. */
static bool keep(UpdPlan *plan, const UpdSet *active, const char *component, GError **error)
{
    const UpdSetComponent *kept = upd_set_component(active, component);

    if (kept == NULL)
        return true;
    upd_set_add_component(plan->set, kept->name, kept->version, kept->signatures);
    for (guint i = 0; i < active->files->len; i++) {
        const UpdSetFile *file = active->files->pdata[i];
        UpdPart part = { .same = file };

        if (strcmp(file->component, component) != 0)
            continue;
        if (!file->intact)
            return hl_fail(error, HL_ERROR_UNTRUSTED,
                           "%s %" G_GINT64_FORMAT " is kept after a roll-back, but its file %s is damaged: "
                           "'update --force' installs the version that was rolled back from",
                           component, kept->version, file->name);
        part.file = upd_set_add_file(plan->set, file->component, file->name, file->sha256, file->length);
        add_part(plan, &part);
    }
    return true;
}

static bool plan_component(UpdPlan *plan, const UpdSituation *situation, const UpdRelease *release, GError **error)
{
    const UpdSetComponent *active = upd_set_component(situation->active, release->component);
    int64_t held = json_integer_value(json_object_get(situation->held, release->component));

    if (situation->mode == UPD_PLAN_NEWER && release->version > 0) {
        if (active != NULL && release->version < active->version) {
            plan->verdict = UPD_PLAN_STALE;
            remark(plan, "it offers %s %" G_GINT64_FORMAT ", older than %" G_GINT64_FORMAT " in use",
                   release->component, release->version, active->version);
        } else if (release->version == held && (active == NULL || active->version != held)) {
            remark(plan, "%s %" G_GINT64_FORMAT " is held back after a roll-back", release->component, held);
            return keep(plan, situation->active, release->component, error);
        }
    }
    take_release(plan, situation->active, release);
    return true;
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
    for (guint i = 0; situation->mode == UPD_PLAN_FORCE && i < plan->parts->len; i++)
        if (((const UpdPart *)plan->parts->pdata[i])->same == NULL)
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
    if (plan->parts->len == 0)
        plan->verdict = UPD_PLAN_EMPTY;
    else if (is_active(plan, situation))
        plan->verdict = UPD_PLAN_CURRENT;
    return g_steal_pointer(&plan);
}
