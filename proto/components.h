/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of component versions as text, "agent=2026112201 virus=2026112203": the form used in registry, status topics
 * and tables. */
#ifndef PROTO_COMPONENTS_H
#define PROTO_COMPONENTS_H

#include "lib/base/clock.h"
#include "lib/base/json.h"
#include "proto/messages.h"

/* Sorted by name; entries whose name is not an identifier are left out.  Caller frees. */
char *hl_components_print(HlMsgComponent *const *components, size_t n);

/* A name and its version, in the text that holds them. */
typedef struct {
    const char *name;
    gsize length;
    uint64_t version;
} HlComponent;

/* The entry at *at, which moves on behind it; nothing is allocated.  Bad entries are left out.  false: that was all. */
bool hl_component_next(const char **at, HlComponent *component);

/* The entries of the text form; free with hl_components_free.  Bad entries are left out. */
HlMsgComponent **hl_components_parse(const char *text, size_t *n);
void hl_components_free(HlMsgComponent **components, size_t n);

/* {"agent": 2026112201, ...} of the text form. */
json_t *hl_components_json(const char *text);

/* The entries of text whose names are in the comma-separated list.  Caller frees. */
char *hl_components_only(const char *text, const char *names);

/* The day (UTC) on which a version YYYYMMDDNN was published; 0 if it does not tell. */
HlTime hl_component_published(uint64_t version);

/* That of the component with the oldest version; 0 if there is none, or none that tells. */
HlTime hl_components_published(const char *text);

/* The names of those that were published then or before, "agent, virus"; "" if there are none, or until is 0.  Caller
 * frees. */
char *hl_components_until(const char *text, HlTime until);

/* Whether a component of wanted is missing in, or older in, have: "outdated".  names: only those of this
 * comma-separated list; NULL: all. */
bool hl_components_behind(const char *have, const char *wanted, const char *names);

#endif
