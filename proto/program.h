/* SPDX-License-Identifier: Apache-2.0 */
/* A release of the program itself, as it lies on an endpoint: release.json, beside the packages that it lists.
 *
 *   {"release":2026112801,"version":"0.2.0-1","min_version":"0.1.0-1",
 *    "files":[{"name":"holdline-endpoint_amd64.deb","package":"holdline-endpoint","sha256":"...","length":412304}]}
 *
 * The updater writes it after it has verified the signed metadata and each file; who
 * installs reads it.  min_version and max_version say which installed versions may be upgraded to it; left out: any.
 * Versions are those of Debian packages (lib/base/package_version.h).  Pure. */
#ifndef PROTO_PROGRAM_H
#define PROTO_PROGRAM_H

#include <stdint.h>

#include "lib/base/error.h"

#define HL_PROGRAM_COMPONENT "program"      /* of a repository: its content is this, and no patterns */
#define HL_PROGRAM_RECORD    "release.json" /* beside the packages */
#define HL_PROGRAM_MAIN      "holdline-endpoint"

#define HL_PROGRAM_MAX_FILES  16
#define HL_PROGRAM_MAX_LENGTH (256 << 20) /* bytes of one package */
#define HL_PROGRAM_MAX_RECORD 16384       /* bytes of release.json: a file's entry has less than 600 */

typedef struct {
    char *name;    /* of the file: letters, digits and "._-", not hidden, ends in ".deb" */
    char *package; /* "holdline-endpoint" */
    char *sha256;  /* 64 lower-case hexadecimal digits */
    uint64_t length;
} HlProgramFile;

typedef struct {
    uint64_t release; /* YYYYMMDDNN */
    char *version;
    char *min_version, *max_version; /* NULL: no bound */
    GPtrArray *files;                /* of HlProgramFile */
} HlProgramRelease;

HlProgramRelease *hl_program_release_new(void);
void hl_program_release_free(HlProgramRelease *release);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HlProgramRelease, hl_program_release_free)

/* Adds a file; all are copied. */
void hl_program_release_add(HlProgramRelease *release, const char *name, const char *package, const char *sha256,
                            uint64_t length);

/* NULL on failure (HL_ERROR_INVALID names the member): what it returns has one to HL_PROGRAM_MAX_FILES files of
 * different names and packages, HL_PROGRAM_MAIN among them, and is as the comments above say. */
HlProgramRelease *hl_program_release_parse(const char *text, GError **error);

/* Caller frees. */
char *hl_program_release_print(const HlProgramRelease *release);

/* The file of a package; NULL: it is not in the release. */
const HlProgramFile *hl_program_release_find(const HlProgramRelease *release, const char *package);

/* Whether what is installed may be upgraded within these bounds; NULL: none. */
bool hl_program_suits(const char *min_version, const char *max_version, const char *installed);

/* Whether a file may have this name, a package that name. */
bool hl_program_file_name_ok(const char *name);
bool hl_program_package_ok(const char *name);

#endif
