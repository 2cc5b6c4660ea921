/* SPDX-License-Identifier: Apache-2.0 */
/* Command.scope: what a command is about, as a text that people write and registry and journal keep.  Pure.
 *
 *   update-now               "": what the group's settings say of the program; HL_SCOPE_PROGRAM: the program as well,
 *                            though update.program=rollout leaves it to roll-outs (update.block-program still holds);
 *                            HL_SCOPE_COMPONENT NAME: that component of the patterns, whatever update.by-rollout says,
 *                            and nothing else
 *   scan                     paths, absolute; "": those of the setting scan.paths
 *   quarantine-restore,      rows, of which one must fit: `all` (alone), an id (`q-...`), or a row of proto/exclude.h
 * (a path, sha256:HEX, quarantine-delete        signature:NAME)
 *
 * Parts are separated by commas.  A path is written as reports show it (lib/base/escape.h): a comma in it is \x2c. */
#ifndef PROTO_SCOPE_H
#define PROTO_SCOPE_H

#include "lib/base/error.h"
#include "proto/command.h"

#define HL_MAX_SCOPES      64 /* parts */
#define HL_SCOPE_PROGRAM   "program"
#define HL_SCOPE_COMPONENT "component:"

/* Whether a command of this kind may have this scope; the message says what to write instead. */
bool hl_scope_check(HlCommandKind kind, const char *scope, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Which component alone an update is about; NULL: not one alone, or none that there is.  Static. */
const char *hl_scope_component(const char *scope);

/* A path as lists show it, so that what is copied from there means this file and no other: separators and wildcards in
 * it are written \xNN too.  bytes end at a NUL.  Caller frees. */
char *hl_scope_quote(const char *bytes);

/* The paths of a scan, as bytes; ends with NULL; empty for "".  Caller frees with g_strfreev.  NULL: malformed. */
char **hl_scope_paths(const char *scope, GError **error);

/* Which files of a quarantine are meant. */
typedef struct HlPick HlPick;

/* NULL: malformed. */
HlPick *hl_pick_new(const char *scope, GError **error);
void hl_pick_free(HlPick *pick);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HlPick, hl_pick_free)

/* path: bytes. */
bool hl_pick_takes(const HlPick *pick, const char *id, const char *path, const char *sha256, const char *signature);

#endif
