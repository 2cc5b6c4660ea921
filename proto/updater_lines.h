/* SPDX-License-Identifier: Apache-2.0 */
/* What the updater prints on its standard output, one JSON object per line: the only place where it is written and
 * read.
 *
 *   {"progress":40,"what":"virus from server"}                                        update, rollback, mirror
 *   {"result":"updated","components":{"virus":2026112203},"source":"server","bytes":52,"message":"..."}
 *                                                          update, rollback; with "code" before "message" if it failed
 *   {"result":...,"program":{"outcome":"offered","version":"0.2.0-1","message":"..."}}         update, where it looked
 *                                                                         for another version of the program as well
 *   {"result":"current","components":{},"bytes":0,"added":0,"removed":0,"message":"..."}     mirror; "code" at the end
 *   {"result":"current","components":{...},"previous":{},"held":{},"set":7,...}                                    show
 *   {"components":{"virus":{"version":2026112203,"size":9,"increments":2}},"expires":"...",
 *    "program":{"version":"0.2.0-1"},"ends":{"root":"...","virus":"..."}}                        repo versions --json
 *
 * The updater makes lines with hl_updater_line_*.  Members are only added, never renamed: tools read the lines too.
 *
 * The endpoint daemon gives each line of its child to hl_updater_line_parse: progress goes to those who wait; of the
 * results it keeps the last (hl_updater_line_steal), judges it when the child has ended, and stores its components as
 * text; the rest goes to the debug log.  A child that ends without a result has crashed or was stopped. The manager
 * does the same with 'mirror', and answers `pattern sync` with hl_updater_mirrored_document; the exit status decides
 * there, the result explains.  The whole output of 'repo versions --json' goes to hl_updater_versions_parse.
 *
 * What comes out of the parsers is safe to keep, show and send: every text is one printable line (lib/base/text.h) of
 * at most HL_UPDATER_MAX_TEXT bytes and never NULL unless said so; components are in their text form ("rules=1
 * virus=2", proto/components.h), sorted, names checked, at most HL_UPDATER_MAX_COMPONENTS. Pure.  The size of a line is
 * bounded by lib/base/exec. */
#ifndef PROTO_UPDATER_LINES_H
#define PROTO_UPDATER_LINES_H

#include <stdint.h>

#include "lib/base/clock.h"
#include "lib/base/json.h"

#define HL_UPDATER_MAX_TEXT       1000
#define HL_UPDATER_MAX_COMPONENTS 256 /* of a repository; publisher, clients, mirror and manager agree on it */
#define HL_UPDATER_MAX_ENDS       (HL_UPDATER_MAX_COMPONENTS + 4)

/* What a message says that another update would not help, and what would (proto/phrase_table.c translates). */
#define HL_UPDATER_NO_PATTERNS      "it has no patterns for the components that this machine should have"
#define HL_UPDATER_PUBLISH_PATTERNS "publish patterns on the server: 'holdline doctor' there says how"

typedef enum { HL_UPDATER_FAILED, HL_UPDATER_CURRENT, HL_UPDATER_UPDATED } HlUpdaterOutcome;

/* What became of the program's own step, which neither waits for the patterns nor fails the update. */
typedef enum {
    HL_UPDATER_PROGRAM_UNTOLD,      /* the line does not say, or by a word unknown to this version */
    HL_UPDATER_PROGRAM_CURRENT,     /* nothing newer is offered */
    HL_UPDATER_PROGRAM_OFFERED,     /* it lies there, verified, and so does what leads back */
    HL_UPDATER_PROGRAM_UNSUITED,    /* what is offered is not for the installed version */
    HL_UPDATER_PROGRAM_NO_WAY_BACK, /* the repository does not have the installed version any more */
    HL_UPDATER_PROGRAM_BLOCKED,     /* not even asked for */
    HL_UPDATER_PROGRAM_FAILED,      /* it could not be fetched */
} HlUpdaterProgramOutcome;

typedef struct {
    HlUpdaterProgramOutcome outcome;
    char *version; /* that is offered, or would be; "": none */
    char *message; /* for people, with the remedy where there is one; "": none */
} HlUpdaterProgram;

typedef struct {
    guint percent; /* 0 to 100 */
    char *what;
} HlUpdaterProgress;

/* The end of one run. */
typedef struct {
    HlUpdaterOutcome outcome; /* a word unknown to this version is CURRENT: only "failed" is a failure */
    char *code;               /* of lib/base/error.h: never "" if it failed; "" otherwise */
    char *message;            /* what happened, or why it failed */
    char *source;             /* that was used, or "" */
    char *components;         /* in force now, or mirrored; NULL: the line does not say */
    uint64_t bytes;           /* that came over the network */
    guint added, removed;     /* files; of 'mirror' */
    HlUpdaterProgram program; /* of 'update'; both texts NULL or as the parser makes them */
} HlUpdaterResult;

void hl_updater_result_clear(HlUpdaterResult *result);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(HlUpdaterResult, hl_updater_result_clear)

/* ---------------------------------------------------------------------------------------------------- reading lines */

typedef enum { HL_UPDATER_LINE_OTHER, HL_UPDATER_LINE_PROGRESS, HL_UPDATER_LINE_RESULT } HlUpdaterLineKind;

typedef struct {
    HlUpdaterLineKind kind;
    HlUpdaterProgress progress; /* filled if it is one; else 0 and NULL */
    HlUpdaterResult result;     /* filled if it is one */
} HlUpdaterLine;

/* Fills *line, whatever the text is, and returns its kind.  Cannot fail: anything that is not a line of the protocol is
 * OTHER. */
HlUpdaterLineKind hl_updater_line_parse(const char *text, HlUpdaterLine *line);
void hl_updater_line_clear(HlUpdaterLine *line);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(HlUpdaterLine, hl_updater_line_clear)

/* Hands over the result: the caller clears it, and the line has none from then on. */
HlUpdaterResult hl_updater_line_steal(HlUpdaterLine *line);

/* ----------------------------------------------------------------------------------------------------- making lines */

/* All without the newline; caller frees.  Components are written in the order of their text; a message that is NULL and
 * a code that is NULL or "" are left out.  Bytes that are not UTF-8 are replaced. */
char *hl_updater_line_progress(guint percent, const char *what);
char *hl_updater_line_updated(const HlUpdaterResult *result);  /* the end of update and rollback */
char *hl_updater_line_mirrored(const HlUpdaterResult *result); /* the end of mirror */

/* What hl_updater_line_mirrored prints, as a document.  Caller decrefs. */
json_t *hl_updater_mirrored_document(const HlUpdaterResult *result);

/* What is installed, for 'show'; all borrowed. */
typedef struct {
    const char *components, *previous; /* of the active set, and of the one before; "": none */
    const char *held;                  /* versions that were rolled back from */
    uint64_t set;                      /* 0: nothing is active, and what follows is left out */
    const char *source;
    HlTime installed, age; /* wall time; how long ago that was */
} HlUpdaterShown;

char *hl_updater_line_shown(const HlUpdaterShown *shown);

/* ----------------------------------------------------------------------------------------- the repository's content */

typedef struct {
    char *name;
    uint64_t version; /* never 0 */
    uint64_t size;    /* of its full files */
    uint64_t increments;
} HlUpdaterVersion;

typedef struct {
    char *role; /* "root", "targets", "snapshot", "timestamp", or a component */
    HlTime end; /* wall */
} HlUpdaterEnd;

/* What 'repo versions' tells about a repository. */
typedef struct {
    GPtrArray *components; /* of HlUpdaterVersion, sorted by name */
    char *expires;         /* of the timestamp, as in the metadata; NULL: not known */
    char *program;         /* the version of the program that is offered; NULL: none.  No component of patterns */
    GPtrArray *ends;       /* of HlUpdaterEnd: of every role, the timestamp too */
} HlUpdaterVersions;

void hl_updater_versions_init(HlUpdaterVersions *versions);
void hl_updater_versions_clear(HlUpdaterVersions *versions);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(HlUpdaterVersions, hl_updater_versions_clear)

/* Adds one; the caller keeps the order. */
void hl_updater_versions_add(HlUpdaterVersions *versions, const char *name, uint64_t version, uint64_t size,
                             uint64_t increments);

void hl_updater_versions_add_end(HlUpdaterVersions *versions, const char *role, HlTime end);

/* The text form: "rules=2026112201 virus=2026112203".  Caller frees. */
char *hl_updater_versions_latest(const HlUpdaterVersions *versions);

char *hl_updater_versions_print(const HlUpdaterVersions *versions);

/* *versions was zeroed or is in use; what it held is freed.  Components without a usable name or version are left out;
 * any other document is refused, leaving *versions empty. */
bool hl_updater_versions_parse(const char *text, HlUpdaterVersions *versions, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
