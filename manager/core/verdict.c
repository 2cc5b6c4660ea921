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

/* Why the displayed status is what it is, as the end of "shown X because ..."; NULL if the dial is the reason. */
static const char *const causes[MGR_DISPLAY_N] = {
    [MGR_DISPLAY_NOTHING] = "it has not registered yet",
    [MGR_DISPLAY_REGISTERED] = "it has just registered",
    [MGR_DISPLAY_RESTARTED] = "it has just announced its start",
    [MGR_DISPLAY_STOPPED] = "it announced that it was stopping",
    [MGR_DISPLAY_UNINSTALLED] = "it announced that it was uninstalled",
    [MGR_DISPLAY_MOVED] = "it announced that it moved to another server",
    [MGR_DISPLAY_HEARTBEAT] = "its heartbeat arrived in time",
    [MGR_DISPLAY_POLL] = "its poll arrived in time",
    [MGR_DISPLAY_SILENT] = "no heartbeat arrived within the configured time",
    [MGR_DISPLAY_ENTERED_UNREACHABLE_NET] = "its own address is in an unreachable network",
    [MGR_DISPLAY_LEFT_UNREACHABLE_NET] = "its own address is no longer in an unreachable network",
    [MGR_DISPLAY_INDEPENDENT_ON] = "it is in independent mode",
    [MGR_DISPLAY_INDEPENDENT_OFF] = "it has just left independent mode",
    [MGR_DISPLAY_INACTIVE] = "it has not been in contact for too many days",
    [MGR_DISPLAY_REMOVAL] = "it was removed from the console",
};

/* Why it was no other end: which machine answered, or why the address was not dialled at all. */
static void add_reach_detail(GString *out, const MgrVerdictFacts *facts)
{
    bool tells = facts->reach == MGR_REACH_WRONG_HOST || facts->reach == MGR_REACH_NO_ROUTE;

    if (tells && facts->reach_detail != NULL)
        g_string_append_printf(out, ": %s", facts->reach_detail);
}

static void explain_display(GString *out, const MgrVerdictFacts *facts)
{
    const MgrDisplay *display = facts->display;
    bool dialled = display->cause == MGR_DISPLAY_DIAL_ANSWERED || display->cause == MGR_DISPLAY_DIAL_FAILED;

    g_string_append_printf(out, "shown %s because ", mgr_displayed_title(display->shown));
    if (!dialled && causes[display->cause] != NULL)
        g_string_append(out, causes[display->cause]);
    else if (facts->address == NULL || *facts->address == '\0')
        g_string_append(out, "it registered no address to dial");
    else if (facts->port == 0)
        g_string_append(out, "it registered no port to dial (direct.port)");
    else
        g_string_append_printf(out, strchr(facts->address, ':') != NULL ? "[%s]:%u %s" : "%s:%u %s", facts->address,
                               facts->port, mgr_reach_phrase(facts->reach));
    if (dialled)
        add_reach_detail(out, facts);
}

/* What the line says, by the reason of the actual status; %s is the time since the last sign of life or the change. */
static const char *const line_texts[MGR_REASON_N] = {
    [MGR_REASON_NONE] = "the endpoint has never connected",
    [MGR_REASON_LATE] = "the endpoint's own line seems up, but its heartbeat is late: the last one was %s ago",
    [MGR_REASON_CLEAN_STOP] = "the endpoint closed its line properly %s ago",
    [MGR_REASON_LINE_LOST] = "the endpoint's own line was lost %s ago",
    [MGR_REASON_KEEPALIVE] = "the endpoint's own line has been silent for %s",
    [MGR_REASON_REPLACED] = "another record took this endpoint's place %s ago",
    [MGR_REASON_REVOKED] = "the endpoint's certificate was revoked %s ago",
    [MGR_REASON_FLOODING] = "the endpoint sent too much, its line was ended %s ago, and it is held off",
    [MGR_REASON_SERVER_BLIND] = "the server cannot tell at present: it heard this endpoint %s ago",
};

static void explain_line(GString *out, const MgrVerdictFacts *facts, MgrNow now)
{
    const MgrPresence *presence = facts->presence;
    MgrReason reason = mgr_presence_reason(presence);
    bool since_heard = reason == MGR_REASON_LATE || reason == MGR_REASON_KEEPALIVE || reason == MGR_REASON_SERVER_BLIND;
    /* down_mono is known only to this process; with it, a step of the clock does not show */
    HlTime ago = since_heard                ? now.mono - presence->seen_mono
                 : presence->down_mono != 0 ? now.mono - presence->down_mono
                                            : now.wall - presence->since_wall;
    g_autofree char *text = hl_duration_describe(ago);

    g_string_append(out, "; ");
    if (presence->actual == MGR_ACTUAL_ONLINE && reason != MGR_REASON_SERVER_BLIND) {
        g_autofree char *heard = hl_duration_describe(now.mono - presence->seen_mono);

        g_string_append_printf(out, "the endpoint's own line is up, last heartbeat %s ago", heard);
        return;
    }
    for (const char *at = line_texts[reason] != NULL ? line_texts[reason] : line_texts[MGR_REASON_NONE]; *at != '\0';) {
        if (strncmp(at, "%s", 2) == 0) {
            g_string_append(out, text);
            at += 2;
        } else {
            g_string_append_c(out, *at++);
        }
    }
}

char *mgr_verdict_explain(const MgrVerdictFacts *facts, MgrNow now)
{
    GString *out = g_string_new(NULL);

    explain_display(out, facts);
    explain_line(out, facts, now);
    if (facts->reach == MGR_REACH_WRONG_HOST && facts->display->cause != MGR_DISPLAY_DIAL_FAILED) {
        g_string_append(out, "; the last dial of its address reached another machine (wrong-host)");
        add_reach_detail(out, facts);
    }
    return g_string_free(out, FALSE);
}
