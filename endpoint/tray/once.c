/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/tray/once.h"

#include <stdio.h>

#include "endpoint/tray/actions.h"
#include "endpoint/tray/notifier.h"
#include "lib/base/i18n.h"

typedef struct {
    GMainLoop *loop;
    TrNotifier *notifier;
    GError *error;
    int begun; /* the kind of notice that tells that it goes on, whose place the outcome takes; -1: none was shown */
    bool ended;
} Once;

static void tell_begun(Once *once, TrNoticeKind kind, const char *title, const char *body)
{
    once->begun = (int)kind;
    tr_notifier_show(once->notifier, once->begun, false, title, body);
}

static void leave_if_over(gpointer user)
{
    const Once *once = user;

    if (once->ended && !tr_notifier_is_busy(once->notifier))
        g_main_loop_quit(once->loop);
}

static void on_began(TrDo what G_GNUC_UNUSED, const char *words, gpointer user)
{
    g_autofree char *shown = tr_text(words);

    tell_begun(user, TR_NOTICE_SCAN, _("Scanning..."), shown);
}

/* An update takes a while: that it goes on is said once, and not before the daemon has taken it. */
static void on_progress(guint percent G_GNUC_UNUSED, const char *what G_GNUC_UNUSED, gpointer user)
{
    if (((const Once *)user)->begun < 0)
        tell_begun(user, TR_NOTICE_UPDATE, _("Updating..."), "");
}

static void tell(const Once *once, const TrOutcome *outcome)
{
    g_autoptr(TrNotices) notices = tr_notices_new();
    g_autoptr(TrNotice) notice = NULL;

    tr_notices_outcome(notices, outcome->what, outcome->detail, outcome->error, 0);
    notice = tr_notices_take(notices, 0);
    if (notice == NULL)
        return;
    tr_notifier_show(once->notifier, once->begun >= 0 ? once->begun : (int)notice->kind, notice->urgent, notice->title,
                     notice->body);
    if (outcome->error == NULL) /* an error is printed by who gets it */
        printf("%s%s%s\n", notice->title, *notice->body != '\0' ? ": " : "", notice->body);
}

static void on_ended(const TrOutcome *outcome, gpointer user)
{
    Once *once = user;

    once->ended = true;
    if (outcome->error != NULL)
        once->error = g_error_copy(outcome->error);
    if (!outcome->silent)
        tell(once, outcome);
    leave_if_over(once);
}

bool tr_once(const TrOnceOptions *options, TrDo what, GError **error)
{
    Once once = { .loop = options->loop, .begun = -1 };
    TrActionsOptions has = { .bus = options->bus,
                             .socket = options->socket,
                             .conf = options->conf,
                             .began = on_began,
                             .progress = on_progress,
                             .ended = on_ended,
                             .user = &once };
    g_autoptr(TrActions) actions = tr_actions_new(&has);
    g_autoptr(TrNotifier) notifier = tr_notifier_new(options->bus, leave_if_over, &once);

    once.notifier = notifier;
    if (!tr_actions_start(actions, what))
        return hl_fail(error, HL_ERROR_USAGE, _("'%s' cannot be done here"), tr_do_name(what));
    g_main_loop_run(options->loop);
    if (!once.ended) /* a signal, or the end of the session */
        return hl_fail(error, HL_ERROR_UNAVAILABLE,
                       _("the wait was ended before the outcome was known: 'holdline-endpoint history' shows it"));
    if (once.error == NULL)
        return true;
    g_propagate_error(error, once.error);
    return false;
}
