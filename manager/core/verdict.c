/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/core/verdict.h"

#include <string.h>

#define ANY (-1)

/* What the displayed status comes down to. */
typedef enum { SHOWN_ONLINE, SHOWN_OFFLINE, SHOWN_BY_RULE } Side;

static const Side sides[MGR_DISPLAYED_N] = {
    [MGR_DISPLAYED_OFFLINE] = SHOWN_OFFLINE,
    [MGR_DISPLAYED_ONLINE] = SHOWN_ONLINE,
    [MGR_DISPLAYED_UNREACHABLE_OFFLINE] =
        SHOWN_BY_RULE, /* Offline, and not dialled: being in such a range implies NAT */
    [MGR_DISPLAYED_UNREACHABLE_ONLINE] = SHOWN_ONLINE,
    [MGR_DISPLAYED_INDEPENDENT] = SHOWN_ONLINE,
    [MGR_DISPLAYED_INACTIVE] = SHOWN_OFFLINE,
};

/* The first row that matches.  An actual status of Stale is a doubt, and a doubt is not a verdict. */
static const struct {
    int side, actual, reach;
    MgrVerdict verdict;
} rules[] = {
    { ANY, ANY, MGR_REACH_WRONG_HOST, MGR_VERDICT_WRONG_HOST },
    { ANY, MGR_ACTUAL_NEVER_SEEN, ANY, MGR_VERDICT_UNVERIFIED },
    { ANY, MGR_ACTUAL_STALE, ANY, MGR_VERDICT_UNVERIFIED },
    { SHOWN_ONLINE, MGR_ACTUAL_ONLINE, ANY, MGR_VERDICT_AGREE_ONLINE },
    { SHOWN_ONLINE, MGR_ACTUAL_OFFLINE, ANY, MGR_VERDICT_GHOST_ONLINE },
    { ANY, MGR_ACTUAL_OFFLINE, ANY, MGR_VERDICT_AGREE_OFFLINE },
    { SHOWN_BY_RULE, MGR_ACTUAL_ONLINE, ANY, MGR_VERDICT_HIDDEN_BY_NAT },
    /* shown Offline for a reason other than a failed dial: the next verification will tell */
    { SHOWN_OFFLINE, MGR_ACTUAL_ONLINE, MGR_REACH_NOT_PROBED, MGR_VERDICT_UNVERIFIED },
    { SHOWN_OFFLINE, MGR_ACTUAL_ONLINE, MGR_REACH_REACHABLE, MGR_VERDICT_UNVERIFIED },
    { SHOWN_OFFLINE, MGR_ACTUAL_ONLINE, ANY, MGR_VERDICT_HIDDEN_BY_NAT },
};

static const char *const names[MGR_VERDICT_N] = {
    [MGR_VERDICT_UNVERIFIED] = "unverified",       [MGR_VERDICT_AGREE_ONLINE] = "agree-online",
    [MGR_VERDICT_AGREE_OFFLINE] = "agree-offline", [MGR_VERDICT_HIDDEN_BY_NAT] = "hidden-by-nat",
    [MGR_VERDICT_GHOST_ONLINE] = "ghost-online",   [MGR_VERDICT_WRONG_HOST] = "wrong-host",
};

const char *mgr_verdict_name(MgrVerdict verdict)
{
    g_assert((unsigned)verdict < MGR_VERDICT_N);
    return names[verdict];
}

static MgrVerdict find_verdict(MgrDisplayed displayed, MgrActual actual, MgrReach reach)
{
    for (gsize i = 0; i < G_N_ELEMENTS(rules); i++)
        if ((rules[i].side == ANY || rules[i].side == (int)sides[displayed]) &&
            (rules[i].actual == ANY || rules[i].actual == (int)actual) &&
            (rules[i].reach == ANY || rules[i].reach == (int)reach))
            return rules[i].verdict;
    g_assert_not_reached();
}

MgrVerdict mgr_verdict_of(const MgrVerdictFacts *facts)
{
    if (mgr_presence_reason(facts->presence) == MGR_REASON_SERVER_BLIND)
        return MGR_VERDICT_UNVERIFIED;
    return find_verdict(facts->display->shown, facts->presence->actual, facts->reach);
}

/* Why the displayed status is what it is; NULL if the dial is the reason. */
static const char *const causes[MGR_DISPLAY_N] = {
    [MGR_DISPLAY_NOTHING] = "shown.unregistered",
    [MGR_DISPLAY_REGISTERED] = "shown.registered",
    [MGR_DISPLAY_RESTARTED] = "shown.restarted",
    [MGR_DISPLAY_STOPPED] = "shown.stopped",
    [MGR_DISPLAY_UNINSTALLED] = "shown.uninstalled",
    [MGR_DISPLAY_MOVED] = "shown.moved",
    [MGR_DISPLAY_LINE_UP] = "shown.heard-again",
    [MGR_DISPLAY_HEARTBEAT] = "shown.heartbeat",
    [MGR_DISPLAY_POLL] = "shown.poll",
    [MGR_DISPLAY_SILENT] = "shown.silent",
    [MGR_DISPLAY_ENTERED_UNREACHABLE_NET] = "shown.entered-unreachable",
    [MGR_DISPLAY_LEFT_UNREACHABLE_NET] = "shown.left-unreachable",
    [MGR_DISPLAY_INDEPENDENT_ON] = "shown.independent",
    [MGR_DISPLAY_INDEPENDENT_OFF] = "shown.independent-over",
    [MGR_DISPLAY_INACTIVE] = "shown.inactive",
    [MGR_DISPLAY_REMOVAL] = "shown.removed",
};

static const char *const dials[MGR_REACH_N] = {
    [MGR_REACH_NOT_PROBED] = "shown.not-probed", [MGR_REACH_REACHABLE] = "shown.reachable",
    [MGR_REACH_REFUSED] = "shown.refused",       [MGR_REACH_TIMEOUT] = "shown.timeout",
    [MGR_REACH_NO_ROUTE] = "shown.no-route",     [MGR_REACH_WRONG_HOST] = "shown.wrong-host",
};

/* What the line says, by the reason of the actual status. */
static const char *const lines[MGR_REASON_N] = {
    [MGR_REASON_NONE] = "line.never",
    [MGR_REASON_LATE] = "line.late",
    [MGR_REASON_CLEAN_STOP] = "line.clean-stop",
    [MGR_REASON_LINE_LOST] = "line.lost",
    [MGR_REASON_KEEPALIVE] = "line.keepalive",
    [MGR_REASON_REPLACED] = "line.replaced",
    [MGR_REASON_REVOKED] = "line.revoked",
    [MGR_REASON_FLOODING] = "line.flooding",
    [MGR_REASON_SERVER_BLIND] = "line.server-blind",
};

/* Why it was no other end: which machine answered, or why the address was not dialled at all. */
static const char *reach_detail(const MgrVerdictFacts *facts)
{
    return facts->reach == MGR_REACH_WRONG_HOST || facts->reach == MGR_REACH_NO_ROUTE ? facts->reach_detail : NULL;
}

static MgrSentence explain_display(const MgrVerdictFacts *facts, const char *address)
{
    const MgrDisplay *display = facts->display;
    bool dialled = display->cause == MGR_DISPLAY_DIAL_ANSWERED || display->cause == MGR_DISPLAY_DIAL_FAILED;
    MgrSentence sentence = { .displayed = mgr_displayed_title(display->shown), .address = address };

    if (!dialled && causes[display->cause] != NULL)
        sentence.code = causes[display->cause];
    else if (facts->address == NULL || *facts->address == '\0')
        sentence.code = "shown.no-address";
    else if (facts->port == 0)
        sentence.code = "shown.no-port";
    else
        sentence.code = dials[facts->reach];
    if (dialled)
        sentence.detail = reach_detail(facts);
    return sentence;
}

static MgrSentence explain_line(const MgrVerdictFacts *facts, MgrNow now)
{
    const MgrPresence *presence = facts->presence;
    MgrReason reason = mgr_presence_reason(presence);
    bool is_up = presence->actual == MGR_ACTUAL_ONLINE && reason != MGR_REASON_SERVER_BLIND;
    bool since_heard =
        is_up || reason == MGR_REASON_LATE || reason == MGR_REASON_KEEPALIVE || reason == MGR_REASON_SERVER_BLIND;

    return (MgrSentence){ .code = is_up                   ? "line.up"
                                  : lines[reason] != NULL ? lines[reason]
                                                          : lines[MGR_REASON_NONE],
                          /* down_mono is known only to this process; with it, a step of the clock does not show */
                          .ago = since_heard                ? now.mono - presence->seen_mono
                                 : presence->down_mono != 0 ? now.mono - presence->down_mono
                                                            : now.wall - presence->since_wall };
}

/* NULL: there is none. */
static const char *late_code(const char *late)
{
    static const struct {
        const char *late, *code;
    } rows[] = {
        { "granted", "late.granted" },   { "revoked", "late.revoked" }, { "replaced", "late.replaced" },
        { "too-late", "late.too-late" }, { "clock", "late.clock" },
    };

    for (gsize i = 0; late != NULL && i < G_N_ELEMENTS(rows); i++)
        if (strcmp(late, rows[i].late) == 0)
            return rows[i].code;
    return NULL;
}

void mgr_verdict_explain(const MgrVerdictFacts *facts, MgrNow now, MgrExplanation *explanation)
{
    *explanation = (MgrExplanation){ .n = 2 };
    if (facts->address != NULL)
        explanation->address =
            g_strdup_printf(strchr(facts->address, ':') != NULL ? "[%s]:%u" : "%s:%u", facts->address, facts->port);
    explanation->sentences[0] = explain_display(facts, explanation->address);
    explanation->sentences[1] = explain_line(facts, now);
    if (facts->reach == MGR_REACH_WRONG_HOST && facts->display->cause != MGR_DISPLAY_DIAL_FAILED)
        explanation->sentences[explanation->n++] =
            (MgrSentence){ .code = "dial.wrong-host", .detail = reach_detail(facts) };
    if (facts->is_left_behind)
        explanation->sentences[explanation->n++] = (MgrSentence){ .code = "late.authority" };
    else if (late_code(facts->late) != NULL)
        explanation->sentences[explanation->n++] =
            (MgrSentence){ .code = late_code(facts->late), .ago = now.wall - facts->late_wall };
}

char *mgr_explanation_word(const MgrExplanation *explanation)
{
    return mgr_sentences_word(explanation->sentences, explanation->n, NULL);
}

void mgr_explanation_clear(MgrExplanation *explanation)
{
    g_clear_pointer(&explanation->address, g_free);
    explanation->n = 0;
}
