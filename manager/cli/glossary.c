/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/cli/glossary.h"

#include <string.h>

#include "lib/base/i18n.h"
#include "lib/base/nearest.h"
#include "lib/base/unconst.h"

const CliTerm cli_terms[] = {
    { "Online", "DISPLAYED", N_("what a console that dials would show: it dialled the PC, or was told of its start") },
    { "Offline", "DISPLAYED", N_("what such a console would show: the dial failed, whatever the PC really does") },
    { "Unreachable/Online", "DISPLAYED",
      N_("its address is in an unreachable network, and its heartbeat came in time") },
    { "Unreachable/Offline", "DISPLAYED", N_("its address is in an unreachable network, and its heartbeat is late") },
    { "Independent", "DISPLAYED", N_("it decides by itself for the time being, and takes no commands") },
    { "Inactive", "DISPLAYED", N_("it has given no sign of life for too many days") },

    { "online", "ACTUAL", N_("its line is up and its heartbeat in time") },
    { "stale", "ACTUAL", N_("its line is up as far as the broker knows, and its heartbeat is late") },
    { "offline", "ACTUAL", N_("its line was closed or lost; it comes back by itself") },
    { "never-seen", "ACTUAL", N_("it has enrolled and never connected") },

    { "agree-online", "VERDICT", N_("both statuses say that it is there") },
    { "agree-offline", "VERDICT", N_("both statuses say that it is not there") },
    { "hidden-by-nat", "VERDICT",
      N_("it is on line, and cannot be dialled: a console that dials would show it Offline") },
    { "ghost-online", "VERDICT", N_("it is displayed Online, and its line is down: nothing told the console yet") },
    { "wrong-host", "VERDICT", N_("its address leads to another machine, as seen from the server") },
    { "unverified", "VERDICT", N_("it was not dialled, so the two statuses cannot be compared") },

    { "reachable", "DIAL", N_("the last dial was answered with this PC's own certificate") },
    { "refused", "DIAL", N_("the machine at its address refused the connection") },
    { "timeout", "DIAL", N_("nobody answered at its address") },
    { "no-route", "DIAL", N_("the server's network does not reach its address") },
    { "wrong-host", "DIAL",
      N_("somebody else answered at its address: a printer with the same private address, for example") },
    { "not-probed", "DIAL", N_("it was never dialled; 'holdline verify' dials") },

    { "queued", N_("STATE of a command"), N_("it waits until the endpoint can be told") },
    { "sent", N_("STATE of a command"), N_("it has left the server; only the endpoint says what became of it") },
    { "received", N_("STATE of a command"), N_("the endpoint has it in its journal") },
    { "started", N_("STATE of a command"), N_("the endpoint works on it") },
    { "succeeded", N_("STATE of a command"), N_("it is done") },
    { "failed", N_("STATE of a command"), N_("the endpoint tried, and says why it did not work") },
    { "rejected", N_("STATE of a command"), N_("the endpoint refused it: 'holdline command show' has the reason") },
    { "timed-out", N_("STATE of a command"), N_("nothing was heard of it within the time that it may take") },
    { "expired", N_("STATE of a command"), N_("it was not begun before its end") },
    { "cancelled", N_("STATE of a command"), N_("an administrator took it back in time") },
    { "unknown", N_("STATE of a command"), N_("a newer endpoint says something that this version does not know") },

    { "running", N_("STATE of a roll-out"), N_("a ring has its turn") },
    { "soaking", N_("STATE of a roll-out"), N_("a ring has passed, and is watched before the next one begins") },
    { "paused", N_("STATE of a roll-out"), N_("by somebody: nothing is issued until 'holdline rollout resume'") },
    { "halted", N_("STATE of a roll-out"),
      N_("by itself: too many failed, or too few answered; somebody has to decide") },
    { "aborted", N_("STATE of a roll-out"), N_("ended by somebody; what had not begun was cancelled") },
    { "done", N_("STATE of a roll-out"), N_("all its endpoints have had their turn") },

    { "pending", N_("OUTCOMES of a roll-out"), N_("its turn has not come") },
    { "away", N_("OUTCOMES of a roll-out"),
      N_("the command has not reached it; it is not judged, and updates when it is back") },
    { "waiting", N_("OUTCOMES of a roll-out"),
      N_("the maintenance window of its group is closed, or it waits in it for --rate; its ring waits for it") },
    { "open", N_("OUTCOMES of a roll-out"), N_("it has the command and has not answered yet") },
    { "succeeded", N_("OUTCOMES of a roll-out"), N_("it says so, and its versions do not say otherwise") },
    { "failed", N_("OUTCOMES of a roll-out"), N_("it says so, or its versions do") },
    { "silent", N_("OUTCOMES of a roll-out"),
      N_("it has the command and said nothing for too long; counts as failed") },
    { "left", N_("OUTCOMES of a roll-out"),
      N_("its command was cancelled, or it is no longer registered; it is not judged") },

    { "ok", N_("STATE of a notification"), N_("its destination took the last message, or there was none") },
    { "failing", N_("STATE of a notification"), N_("its destination takes no message; what waits is tried again") },
    { "partial", N_("STATE of a notification"),
      N_("some of the recipients do not have the last message, or an earlier one for which they were put off; "
         "'holdline notification show' names them") },
    { "disabled", N_("STATE of a notification"), N_("nothing is noted or sent (enabled=no)") },

    { "gathering", N_("STATE of a message"),
      N_("more of the same is joined to it until the interval of digest is over") },
    { "waiting", N_("STATE of a message"), N_("it is to be sent, or to be tried again") },
    { "sent", N_("STATE of a message"), N_("its destination took it; syslog does not say so") },
    { "given-up", N_("STATE of a message"), N_("it was tried until give-up was over") },

    { "valid", N_("STATE of a certificate"), N_("it is good") },
    { "renewal-due", N_("STATE of a certificate"),
      N_("it is good, in the last third of its life: the next call with it, or the program that has it, renews it; a "
         "monitor's is renewed by 'holdline monitor renew'") },
    { "expired", N_("STATE of a certificate"), N_("it has ended") },
    { "revoked", N_("STATE of a certificate"), N_("it was revoked; another one is needed") },
    { "authority-ended", N_("STATE of a certificate"),
      N_("it is of an authority that another one has replaced: it opens nothing") },
    { "disabled", N_("STATE of a certificate"), N_("its account is disabled") },

    { "valid", N_("STATE of a bundle"), N_("a PC can enrol with it") },
    { "used up", N_("STATE of a bundle"), N_("as many PCs as it is for have enrolled with it") },
    { "expired", N_("STATE of a bundle"), N_("its time is over") },
    { "withdrawn", N_("STATE of a bundle"), N_("somebody took it back, or the site replaced a key that it names") },

    { "enabled", N_("STATE of an account"), N_("it may come in, with a certificate or at the console") },
    { "disabled", N_("STATE of an account"), N_("nothing is taken from it until 'holdline account enable'") },

    { "up", N_("STATE of a broker"), N_("the server hears endpoints through it") },
    { "away", N_("STATE of a broker"), N_("the server does not hear it, and nobody's silence there is judged") },
    { "drained", N_("STATE of a broker"),
      N_("endpoints are not sent to it until 'holdline broker undrain', and leave it for another one") },

    { "open", N_("STATE of a detection"), N_("nobody has acknowledged it") },
    { "acknowledged", N_("STATE of a detection"), N_("somebody has dealt with it ('holdline detection acknowledge')") },
    { "removed", N_("STATE of a detection"), N_("its endpoint is no longer registered") },

    { "channel", N_("PATH of settings"), N_("down the endpoint's own line, at once") },
    { "direct", N_("PATH of settings"), N_("by a dial of the server that was answered") },
    { "update-notification", N_("PATH of settings"), N_("with the answer to the endpoint's word that it has updated") },
    { "poll", N_("PATH of settings"), N_("with the answer to a poll out of an unreachable network") },
    { "bundle", N_("PATH of settings"), N_("with the file by which it enrolled") },
    { "registration", N_("PATH of settings"), N_("when it registered or announced its start") },
    { "none", N_("PATH of settings"), N_("not yet") },

    { "inactive", N_("selectors"), N_("displayed Inactive") },
    { "independent", N_("selectors"), N_("displayed Independent") },
    { "unreachable", N_("selectors"), N_("in an unreachable network, whether its heartbeat comes or not") },
    { "behind", N_("selectors"), N_("without the settings that its group has now") },
    { "never-scanned", N_("selectors"), N_("no scan of it was ever reported") },
    { "scan-failed", N_("selectors"), N_("the engine could not work at its last scan, whose numbers say nothing") },
    { "revoked", N_("selectors"), N_("its certificate was revoked: the server takes nothing from it") },
    { "removed", N_("selectors"),
      N_("it left the lists after status.remove-days of silence; it comes back when it registers") },
    { "cloned", N_("selectors"), N_("two machines use its identity: 'holdline endpoint clone' settles it") },
    { "flooding", N_("selectors"), N_("it sent more than its quota, and is held off for a while") },
    { "all", N_("selectors"), N_("every endpoint but those that were removed") },
    { "outdated-program", N_("selectors"), N_("the server's repository offers a later version of the program") },
    { "outdated", N_("selectors, status"), N_("its patterns are older than the server's") },
    { "ended", N_("selectors, status"),
      N_("its certificate has ended; within enrolment.grace it comes back by itself") },
    { "came-back", N_("selectors, status"), N_("its certificate had ended, and it was given another one") },
    { "came-late", N_("selectors, status"),
      N_("it asked for another certificate after the end of its own, and was refused") },
    { "infected", "INFECTED", N_("open detections on it: those that nobody has acknowledged") },
    { "heartbeat", "settings", N_("what an endpoint sends every line.heartbeat to say that it is there") },
    { "privilege", "settings", N_("what the user of a PC may do: privilege.update-now and others") },
    { "ring", "holdline rollout", N_("a part of the endpoints, which has its turn when the one before it has passed") },
    { "soak", "holdline rollout", N_("the time for which a ring that has passed is watched") },
    { "digest", "holdline notification",
      N_("the time in which one message goes out at most, with all that happened in it") },
    { "quiet", "holdline notification", N_("the part of the server's day in which nothing is sent") },
    { "bundle", "holdline bundle", N_("the file with which a PC enrols; it contains a secret") },
};

const gsize cli_n_terms = G_N_ELEMENTS(cli_terms);

static const char *skip(const char *text)
{
    while (*text == ' ' || *text == '-' || *text == '_')
        text++;
    return text;
}

/* The first size bytes of a, and b. */
static bool is_same(const char *a, gsize size, const char *b)
{
    const char *end = a + size;

    a = skip(a);
    b = skip(b);
    while (a < end && g_ascii_tolower(*a) == g_ascii_tolower(*b)) {
        a = skip(a + 1);
        b = skip(b + 1);
    }
    return a >= end && *b == '\0';
}

/* "STATE" of "STATE of a command"; all of "holdline notification", which is a command. */
static gsize column_size(const char *where)
{
    const char *of = strstr(where, " of ");

    return of != NULL ? (gsize)(of - where) : strlen(where);
}

bool cli_term_is(const CliTerm *term, const char *typed)
{
    return is_same(term->word, strlen(term->word), typed) || is_same(term->where, strlen(term->where), typed) ||
           is_same(term->where, column_size(term->where), typed);
}

const char *cli_term_nearest(const char *typed)
{
    g_autofree char *word = g_ascii_strdown(typed, -1);
    g_autoptr(GPtrArray) names = g_ptr_array_new(); /* as they are written */
    g_autoptr(GPtrArray) folded = g_ptr_array_new_with_free_func(g_free);
    const char *nearest;
    guint found = 0;

    for (gsize i = 0; i < cli_n_terms; i++) {
        g_ptr_array_add(names, hl_unconst(cli_terms[i].word));
        g_ptr_array_add(names, hl_unconst(cli_terms[i].where));
    }
    for (guint i = 0; i < names->len; i++)
        g_ptr_array_add(folded, g_ascii_strdown(names->pdata[i], (gssize)column_size(names->pdata[i])));
    g_ptr_array_add(folded, NULL);
    nearest = hl_nearest(word, (const char *const *)folded->pdata);
    return nearest != NULL && g_ptr_array_find(folded, nearest, &found) ? names->pdata[found] : NULL;
}
