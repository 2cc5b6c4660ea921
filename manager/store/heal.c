/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/store/heal.h"

#include "proto/bounds.h"
#include "proto/components.h"

static const struct {
    const char *name;
    gsize offset;
    gsize max;
} texts[] = {
    { "host", offsetof(MgrEndpointRecord, host), HL_MAX_HOST },
    { "fingerprint", offsetof(MgrEndpointRecord, fingerprint), 2 * HL_DIGEST_SIZE },
    { "fingerprint at enrolment", offsetof(MgrEndpointRecord, enrolled_as), 2 * HL_DIGEST_SIZE },
    { "addresses", offsetof(MgrEndpointRecord, addresses), HL_MAX_ADDRESSES *(HL_MAX_ADDRESS + 1) },
    { "os", offsetof(MgrEndpointRecord, os), HL_MAX_HOST },
    { "program", offsetof(MgrEndpointRecord, program), HL_MAX_NAME },
    { "observed address", offsetof(MgrEndpointRecord, observed), HL_MAX_ADDRESS },
    { "applied group", offsetof(MgrEndpointRecord, applied.group), HL_MAX_ID },
    { "path", offsetof(MgrEndpointRecord, applied.path), HL_MAX_NAME },
    { "spool", offsetof(MgrEndpointRecord, spool), HL_MAX_ID },
    { "last update", offsetof(MgrEndpointRecord, update_result), 3 * HL_MAX_TEXT }, /* of several fields of the wire */
    { "last source", offsetof(MgrEndpointRecord, update_source), HL_MAX_HOST },
    { "last error", offsetof(MgrEndpointRecord, update_error), 2 * HL_MAX_TEXT },
};

static bool heal_patterns(char **patterns)
{
    size_t n;
    HlMsgComponent **components = hl_components_parse(*patterns, &n);
    bool healed = n > HL_MAX_PATTERNS;

    for (size_t i = 0; i < n; i++)
        healed |= hl_bound_cut(components[i]->name, HL_MAX_NAME);
    if (healed) {
        g_free(*patterns);
        *patterns = hl_components_print(components, MIN(n, HL_MAX_PATTERNS));
    }
    hl_components_free(components, n);
    return healed;
}

static bool heal_digest(MgrApplied *applied)
{
    if (applied->digest == NULL || g_bytes_get_size(applied->digest) == HL_DIGEST_SIZE ||
        g_bytes_get_size(applied->digest) == 0)
        return false;
    g_clear_pointer(&applied->digest, g_bytes_unref);
    return true;
}

char *mgr_heal_endpoint(MgrEndpointRecord *record)
{
    g_autoptr(GString) healed = g_string_new(NULL);

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        char *text = *(char **)((char *)record + texts[i].offset);

        if (text != NULL && hl_bound_cut(text, texts[i].max))
            g_string_append_printf(healed, "%s%s", healed->len > 0 ? ", " : "", texts[i].name);
    }
    if (heal_patterns(&record->patterns))
        g_string_append_printf(healed, "%spatterns", healed->len > 0 ? ", " : "");
    if (heal_digest(&record->applied))
        g_string_append_printf(healed, "%sdigest", healed->len > 0 ? ", " : "");
    return healed->len > 0 ? g_string_free(g_steal_pointer(&healed), FALSE) : NULL;
}
