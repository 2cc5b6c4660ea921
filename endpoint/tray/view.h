/* SPDX-License-Identifier: Apache-2.0 */
/* What the daemon tells its watchers (the `watch` call of the control socket), parsed.  Pure.
 *
 * The document is the daemon's, but its texts come from the server and from file names: each is cut to TR_MAX_TEXT
 * bytes and made printable here (lib/base/text.h), so that nothing behind this has to care.  Markup stays as it is.
 * Sentences of the daemon are translated here, too: details and the problem. */
#ifndef ENDPOINT_TRAY_VIEW_H
#define ENDPOINT_TRAY_VIEW_H

#include "lib/base/clock.h"
#include "lib/base/json.h"

#define TR_MAX_TEXT 300 /* bytes of one text; longer ones are cut between characters, a path in its middle */

typedef enum { TR_LINE_NONE, TR_LINE_DOWN, TR_LINE_CONNECTING, TR_LINE_UP } TrLine; /* NONE: not enrolled */

typedef struct {
    bool here; /* the daemon answers; if not, the rest is what it told last, or nothing */
    TrLine line;
    bool independent;
    struct {
        bool update_now, toggle_schedule, scan, skip_scan, stop;
    } may;                 /* what this user may: privileges, or being root */
    char *patterns;        /* "virus 2026112702, rules 12"; "" for none */
    HlTime patterns_since; /* when the active set became active; 0: unknown */
    struct {
        bool running;
        guint percent;
        char *what; /* it is doing */
        char *trigger;
    } update;
    struct {
        HlTime at; /* 0: there was none */
        bool succeeded;
        char *trigger; /* "manual", "command", "schedule", "start-up", "rollback" */
        char *detail;
    } last_update;
    HlTime succeeded_at; /* the last update that succeeded; 0: none */
    char *schedule;      /* as in the settings; "" for none */
    bool schedule_off;   /* by the user */
    bool scan_running;   /* a scheduled one, or one by the server */
    struct {
        HlTime ended; /* 0: there was none */
        char *how, *end, *detail;
        guint64 files, found, not_looked_at;
    } last_scan;
    struct {
        guint64 total; /* infected files that are listed */
        guint64 count; /* finds ever told, only grows: a difference says how many are new */
        HlTime at;     /* of the last */
        char *signature, *path, *action;
    } finds;
    struct {
        HlTime ended; /* the program's last upgrade; 0: there was none, or it is under way */
        char *state;  /* "done", "back", "refused", "stuck" */
        char *to, *detail;
    } upgrade;
    char *problem; /* "" for none */
} TrView;

/* view is cleared first.  What is missing gets its zero value; HL_ERROR_INVALID when it is no object. */
bool tr_view_parse(TrView *view, const json_t *document, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What else comes from outside, made as harmless as the texts of a view; NULL gives "".  Caller frees. */
char *tr_text(const char *text);

void tr_view_copy(TrView *to, const TrView *from);
void tr_view_clear(TrView *view); /* to all zeros; NULL texts count as "" everywhere */

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TrView, tr_view_clear)

#endif
