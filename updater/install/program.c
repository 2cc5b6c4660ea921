/* SPDX-License-Identifier: Apache-2.0 */
#include "updater/install/program.h"

#include <string.h>

#include "lib/base/package_version.h"
#include "lib/base/unconst.h"

static void free_offer(gpointer data)
{
    UpdOffer *offer = data;

    hl_program_release_free(offer->release);
    g_ptr_array_unref(offer->targets);
    g_free(offer);
}

static json_int_t number(const TufTarget *target, const char *name)
{
    return json_integer_value(json_object_get(target->custom, name));
}

static bool is_full(const TufTarget *target)
{
    return strcmp(hl_json_text(target->custom, "kind"), "full") == 0 &&
           strcmp(hl_json_text(target->custom, "format"), "zstd") == 0;
}

/* "holdline-endpoint_amd64.deb" apart; false if it is none. */
static bool split_name(const char *name, char **package, char **arch)
{
    const char *line = strrchr(name, '_');

    if (line == NULL || !hl_program_file_name_ok(name))
        return false;
    *package = g_strndup(name, (gsize)(line - name));
    *arch = g_strndup(line + 1, strlen(line + 1) - strlen(".deb"));
    return hl_program_package_ok(*package) && hl_program_package_ok(*arch);
}

static bool is_bound(const TufTarget *target, const char *name)
{
    return json_object_get(target->custom, name) == NULL || hl_package_version_ok(hl_json_text(target->custom, name));
}

static bool check(const TufTarget *target, GError **error)
{
    g_autofree char *package = NULL;
    g_autofree char *arch = NULL;
    const char *sha256 = hl_json_text(target->custom, "out_sha256");
    const struct {
        const char *member;
        bool good;
    } checks[] = {
        { "component", strcmp(hl_json_text(target->custom, "component"), HL_PROGRAM_COMPONENT) == 0 },
        { "version", number(target, "version") > 0 },
        { "file", split_name(hl_json_text(target->custom, "file"), &package, &arch) },
        { "program_version", hl_package_version_ok(hl_json_text(target->custom, "program_version")) },
        { "min_version", is_bound(target, "min_version") },
        { "max_version", is_bound(target, "max_version") },
        { "out_sha256", strlen(sha256) == 64 && strspn(sha256, "0123456789abcdef") == 64 },
        { "out_length", number(target, "out_length") > 0 && number(target, "out_length") <= HL_PROGRAM_MAX_LENGTH },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(checks); i++)
        if (!checks[i].good)
            return hl_fail(error, HL_ERROR_INVALID,
                           "target %s: its '%s' is missing or not valid: the publisher has to release it again",
                           target->path, checks[i].member);
    return true;
}

/* NULL for no bound. */
static const char *bound(const TufTarget *target, const char *name)
{
    return json_object_get(target->custom, name) == NULL ? NULL : hl_json_text(target->custom, name);
}

static UpdOffer *find(const GPtrArray *offers, json_int_t number)
{
    for (guint i = 0; i < offers->len; i++) {
        UpdOffer *offer = offers->pdata[i];

        if (offer->release->release == (uint64_t)number)
            return offer;
    }
    return NULL;
}

static UpdOffer *add_offer(GPtrArray *offers, const TufTarget *target)
{
    UpdOffer *offer = g_new(UpdOffer, 1);

    *offer = (UpdOffer){ .release = hl_program_release_new(), .targets = g_ptr_array_new() };
    offer->release->release = (uint64_t)number(target, "version");
    offer->release->version = g_strdup(hl_json_text(target->custom, "program_version"));
    offer->release->min_version = g_strdup(bound(target, "min_version"));
    offer->release->max_version = g_strdup(bound(target, "max_version"));
    g_ptr_array_add(offers, offer);
    return offer;
}

/* All files of a release say the same of it. */
static bool is_consistent(const UpdOffer *offer, const TufTarget *target)
{
    return strcmp(offer->release->version, hl_json_text(target->custom, "program_version")) == 0 &&
           g_strcmp0(offer->release->min_version, bound(target, "min_version")) == 0 &&
           g_strcmp0(offer->release->max_version, bound(target, "max_version")) == 0;
}

static bool add_target(GPtrArray *offers, const TufTarget *target, const char *arch, GError **error)
{
    g_autofree char *package = NULL;
    g_autofree char *its_arch = NULL;
    const char *name = hl_json_text(target->custom, "file");
    UpdOffer *offer;

    if (!check(target, error))
        return false;
    HL_IGNORE(split_name(name, &package, &its_arch)); /* checked */
    if (strcmp(its_arch, arch) != 0 && strcmp(its_arch, "all") != 0)
        return true;
    offer = find(offers, number(target, "version"));
    if (offer == NULL && offers->len == UPD_PROGRAM_OFFERS_MAX)
        return hl_fail(error, HL_ERROR_LIMIT, "more than %d releases of the program are listed",
                       UPD_PROGRAM_OFFERS_MAX);
    offer = offer == NULL ? add_offer(offers, target) : offer;
    if (!is_consistent(offer, target) || hl_program_release_find(offer->release, package) != NULL ||
        offer->release->files->len == HL_PROGRAM_MAX_FILES)
        return hl_fail(error, HL_ERROR_INVALID,
                       "target %s: it does not fit the other files of its release: the publisher has to release it "
                       "again",
                       target->path);
    hl_program_release_add(offer->release, name, package, hl_json_text(target->custom, "out_sha256"),
                           (uint64_t)number(target, "out_length"));
    g_ptr_array_add(offer->targets, hl_unconst(target));
    return true;
}

static gint compare_releases(gconstpointer a, gconstpointer b)
{
    uint64_t left = (*(const UpdOffer *const *)a)->release->release;
    uint64_t right = (*(const UpdOffer *const *)b)->release->release;

    return (left > right) - (left < right);
}

GPtrArray *upd_program_offers(const GPtrArray *targets, const char *arch, GError **error)
{
    g_autoptr(GPtrArray) offers = g_ptr_array_new_with_free_func(free_offer);

    for (guint i = 0; i < targets->len; i++)
        if (is_full(targets->pdata[i]) && !add_target(offers, targets->pdata[i], arch, error))
            return NULL;
    for (guint i = offers->len; i-- > 0;)
        if (hl_program_release_find(((const UpdOffer *)offers->pdata[i])->release, HL_PROGRAM_MAIN) == NULL)
            g_ptr_array_remove_index(offers, i);
    g_ptr_array_sort(offers, compare_releases);
    return g_steal_pointer(&offers);
}

/* ----------------------------------------------------------------------------------------------------- the decision */

static int compare(const UpdOffer *offer, const char *version)
{
    return hl_package_version_compare(offer->release->version, version);
}

static const UpdOffer *find_version(const GPtrArray *offers, const char *version)
{
    for (guint i = offers->len; i-- > 0;)
        if (compare(offers->pdata[i], version) == 0)
            return offers->pdata[i];
    return NULL;
}

UpdProgramDecision upd_program_decide(const GPtrArray *offers, const char *installed)
{
    const UpdOffer *newest = offers->len == 0 ? NULL : offers->pdata[offers->len - 1];
    UpdProgramDecision decision = { .outcome = HL_UPDATER_PROGRAM_CURRENT };

    if (newest == NULL || compare(newest, installed) <= 0)
        return decision;
    for (guint i = offers->len; i-- > 0;) {
        const UpdOffer *offer = offers->pdata[i];

        if (compare(offer, newest->release->version) <= 0 && compare(offer, installed) > 0 &&
            hl_program_suits(offer->release->min_version, offer->release->max_version, installed) &&
            (decision.next == NULL || compare(offer, decision.next->release->version) > 0))
            decision.next = offer;
    }
    if (decision.next == NULL) {
        decision.outcome = HL_UPDATER_PROGRAM_UNSUITED;
        decision.next = newest;
        return decision;
    }
    decision.before = find_version(offers, installed);
    decision.outcome = decision.before == NULL ? HL_UPDATER_PROGRAM_NO_WAY_BACK : HL_UPDATER_PROGRAM_OFFERED;
    return decision;
}

static char *explain_unsuited(const HlProgramRelease *release, const char *installed)
{
    GString *out = g_string_new(NULL);

    g_string_append_printf(out, "%s is not for %s: it upgrades", release->version, installed);
    if (release->min_version != NULL)
        g_string_append_printf(out, " %s and later", release->min_version);
    if (release->max_version != NULL)
        g_string_append_printf(out, "%s up to %s", release->min_version != NULL ? "," : "", release->max_version);
    g_string_append(out, " alone");
    return g_string_free(out, FALSE);
}

char *upd_program_explain(const UpdProgramDecision *decision, const char *installed)
{
    const HlProgramRelease *next = decision->next == NULL ? NULL : decision->next->release;

    switch (decision->outcome) {
    case HL_UPDATER_PROGRAM_OFFERED:
        return g_strdup_printf("%s is ready to be installed in place of %s", next->version, installed);
    case HL_UPDATER_PROGRAM_UNSUITED:
        return explain_unsuited(next, installed);
    case HL_UPDATER_PROGRAM_NO_WAY_BACK:
        return g_strdup_printf("%s is not offered: the repository does not have %s, to which a failed upgrade goes "
                               "back: publish that as well, or install the packages by hand",
                               next->version, installed);
    default:
        return g_strdup_printf("nothing newer than %s", installed);
    }
}
