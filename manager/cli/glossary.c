/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/cli/glossary.h"

const CliTerm cli_terms[] = {
    { "Online", "DISPLAYED", "what a console that dials would show: it dialled the PC, or was told of its start" },
    { "Offline", "DISPLAYED", "what such a console would show: the dial failed, whatever the PC really does" },
    { "Unreachable/Online", "DISPLAYED", "its address is in an unreachable network, and its heartbeat came in time" },
    { "Unreachable/Offline", "DISPLAYED", "its address is in an unreachable network, and its heartbeat is late" },
    { "Independent", "DISPLAYED", "it decides by itself for the time being, and takes no commands" },
    { "Inactive", "DISPLAYED", "it has given no sign of life for too many days" },

    { "online", "ACTUAL", "its line is up and its heartbeat in time" },
    { "stale", "ACTUAL", "its line is up as far as the broker knows, and its heartbeat is late" },
    { "offline", "ACTUAL", "its line was closed or lost; it comes back by itself" },
    { "never-seen", "ACTUAL", "it has enrolled and never connected" },

    { "agree-online", "VERDICT", "both statuses say that it is there" },
    { "agree-offline", "VERDICT", "both statuses say that it is not there" },
    { "hidden-by-nat", "VERDICT", "it is on line, and cannot be dialled: a console that dials would show it Offline" },
    { "ghost-online", "VERDICT", "it is displayed Online, and its line is down: nothing told the console yet" },
    { "wrong-host", "VERDICT", "its address leads to another machine, as seen from the server" },
    { "unverified", "VERDICT", "it was not dialled, so the two statuses cannot be compared" },

    { "reachable", "DIAL", "the last dial was answered with this PC's own certificate" },
    { "refused", "DIAL", "the machine at its address refused the connection" },
    { "timeout", "DIAL", "nobody answered at its address" },
    { "no-route", "DIAL", "the server's network does not reach its address" },
    { "wrong-host", "DIAL",
      "somebody else answered at its address: a printer with the same private address, for example" },
    { "not-probed", "DIAL", "it was never dialled; 'holdline verify' dials" },

    { "queued", "STATE of a command", "it waits until the endpoint can be told" },
    { "sent", "STATE of a command", "it has left the server; only the endpoint says what became of it" },
    { "received", "STATE of a command", "the endpoint has it in its journal" },
    { "started", "STATE of a command", "the endpoint works on it" },
    { "succeeded", "STATE of a command", "it is done" },
    { "failed", "STATE of a command", "the endpoint tried, and says why it did not work" },
    { "rejected", "STATE of a command", "the endpoint refused it: 'holdline command show' has the reason" },
    { "timed-out", "STATE of a command", "nothing was heard of it within the time that it may take" },
    { "expired", "STATE of a command", "it was not begun before its end" },
    { "cancelled", "STATE of a command", "an administrator took it back in time" },
    { "unknown", "STATE of a command", "a newer endpoint says something that this version does not know" },

    { "running", "STATE of a roll-out", "a ring has its turn" },
    { "soaking", "STATE of a roll-out", "a ring has passed, and is watched before the next one begins" },
    { "paused", "STATE of a roll-out", "by somebody: nothing is issued until 'holdline rollout resume'" },
    { "halted", "STATE of a roll-out", "by itself: too many failed, or too few answered; somebody has to decide" },
    { "aborted", "STATE of a roll-out", "ended by somebody; what had not begun was cancelled" },
    { "done", "STATE of a roll-out", "all its endpoints have had their turn" },

    { "pending", "OUTCOMES of a roll-out", "its turn has not come" },
    { "away", "OUTCOMES of a roll-out",
      "the command has not reached it; it is not judged, and updates when it is back" },
    { "waiting", "OUTCOMES of a roll-out",
      "the maintenance window of its group is closed, or it waits in it for --rate; its ring waits for it" },
    { "open", "OUTCOMES of a roll-out", "it has the command and has not answered yet" },
    { "succeeded", "OUTCOMES of a roll-out", "it says so, and its versions do not say otherwise" },
    { "failed", "OUTCOMES of a roll-out", "it says so, or its versions do" },
    { "silent", "OUTCOMES of a roll-out", "it has the command and said nothing for too long; counts as failed" },
    { "left", "OUTCOMES of a roll-out", "its command was cancelled, or it is no longer registered; it is not judged" },

    { "ok", "STATE of a notification", "its destination took the last message, or there was none" },
    { "failing", "STATE of a notification", "its destination takes no message; what waits is tried again" },
    { "disabled", "STATE of a notification", "nothing is noted or sent (enabled=no)" },

    { "gathering", "STATE of a message", "more of the same is joined to it until the interval of digest is over" },
    { "waiting", "STATE of a message", "it is to be sent, or to be tried again" },
    { "sent", "STATE of a message", "its destination took it; syslog does not say so" },
    { "given-up", "STATE of a message", "it was tried until give-up was over" },

    { "channel", "PATH of settings", "down the endpoint's own line, at once" },
    { "direct", "PATH of settings", "by a dial of the server that was answered" },
    { "update-notification", "PATH of settings", "with the answer to the endpoint's word that it has updated" },
    { "poll", "PATH of settings", "with the answer to a poll out of an unreachable network" },
    { "bundle", "PATH of settings", "with the file by which it enrolled" },
    { "registration", "PATH of settings", "when it registered or announced its start" },
    { "none", "PATH of settings", "not yet" },

    { "inactive", "selectors", "displayed Inactive" },
    { "independent", "selectors", "displayed Independent" },
    { "unreachable", "selectors", "in an unreachable network, whether its heartbeat comes or not" },
    { "behind", "selectors", "without the settings that its group has now" },
    { "never-scanned", "selectors", "no scan of it was ever reported" },
    { "scan-failed", "selectors", "the engine could not work at its last scan, whose numbers say nothing" },
    { "revoked", "selectors", "its certificate was revoked: the server takes nothing from it" },
    { "removed", "selectors",
      "it left the lists after status.remove-days of silence; it comes back when it registers" },
    { "cloned", "selectors", "two machines use its identity: 'holdline endpoint clone' settles it" },
    { "flooding", "selectors", "it sent more than its quota, and is held off for a while" },
    { "all", "selectors", "every endpoint but those that were removed" },
    { "outdated-program", "selectors", "the server's repository offers a later version of the program" },
    { "outdated", "selectors, status", "its patterns are older than the server's" },
    { "ended", "selectors, status", "its certificate has ended; within enrolment.grace it comes back by itself" },
    { "came-back", "selectors, status", "its certificate had ended, and it was given another one" },
    { "came-late", "selectors, status", "it asked for another certificate after the end of its own, and was refused" },
    { "infected", "INFECTED", "open detections on it: those that nobody has acknowledged" },
    { "heartbeat", "settings", "what an endpoint sends every line.heartbeat to say that it is there" },
    { "privilege", "settings", "what the user of a PC may do: privilege.update-now and others" },
    { "ring", "holdline rollout", "a part of the endpoints, which has its turn when the one before it has passed" },
    { "soak", "holdline rollout", "the time for which a ring that has passed is watched" },
    { "digest", "holdline notification",
      "the time in which one message goes out at most, with all that happened in it" },
    { "quiet", "holdline notification", "the part of the server's day in which nothing is sent" },
    { "bundle", "holdline bundle", "the file with which a PC enrols; it contains a secret" },
};

const gsize cli_n_terms = G_N_ELEMENTS(cli_terms);

static const char *skip(const char *text)
{
    while (*text == ' ' || *text == '-' || *text == '_')
        text++;
    return text;
}

static bool is_same(const char *a, const char *b)
{
    a = skip(a);
    b = skip(b);
    while (*a != '\0' && g_ascii_tolower(*a) == g_ascii_tolower(*b)) {
        a = skip(a + 1);
        b = skip(b + 1);
    }
    return *a == '\0' && *b == '\0';
}

bool cli_term_is(const CliTerm *term, const char *typed)
{
    return is_same(term->word, typed) || is_same(term->where, typed);
}
