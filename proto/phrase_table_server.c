/* SPDX-License-Identifier: Apache-2.0 */
/* What the manager writes into histories, results and notifications, around what endpoints told it. */
#include "lib/base/i18n.h"
#include "proto/phrase_table.h"

const HlPhrase hl_server_phrases[] = {
    /* an endpoint's history */
    { N_("%s -> %s (%s)"), "www" },
    { N_("%s -> %s"), "ww" },
    { N_("removed from the console; it comes back when it registers"), "" },
    { N_("connects from %s, as the broker sees it"), "" },
    { N_("host %s, addresses %s, direct port %u"), "" },
    { N_("it told the fingerprint of %s: not taken"), "" },
    { N_("not reached %u times: %s waits for its own next occasion"), "uw" },
    { N_("%s:%u: %s (%s)"), "-uwp" },
    { N_("again, with a new certificate"), "" },
    { N_("has a certificate of this site, and is not in the registry: it must enrol again"), "" },
    { N_("shown by the endpoint: the registry was restored from before it was issued"), "" },
    { N_("given over HTTPS, by proof of the old key"), "" },
    { N_("the one before"), "" },
    { N_("asked for over HTTPS from %s: %s"), "-s" },
    { N_("two machines use this identity: fingerprints %s (host %s, %s) and %s (host %s, %s)"), "" },
    { N_("%s by %s: fingerprint %s"), "w" },
    { N_("this machine was set back: its reports end at %u, those to %u are here; it starts a new spool"), "" },
    { N_("reports %u to %u are lost"), "" },
    { N_("%s: issued again"), "p" },
    { N_("it knew a later counter than the registry"), "" },
    { N_("it had other settings under the same counter"), "" },
    { N_("%u detections by %s"), "" },
    { N_("%u detection by %s"), "" },
    /* what it told, as a row of the history */
    { N_("%s version %u applied (%s)"), "-uw" },
    { N_("%s refused (%s)"), "ww" },
    { N_("%s (%s, from %s)"), "wwn" },
    { N_("%s (%s)"), "ww" },
    { N_("where the server is (counter %u): %s"), "uw" },
    { N_("%s to %s: %s"), "--w" },
    { N_("%s in %s (%s)"), "--w" },
    { N_("%s: %s; %u files, %u found, %u not looked at"), "ww" },
    { N_("%s: %s; %u file, %u found, %u not looked at"), "ww" },
    { N_("%s: %s: %s; %u files, %u found, %u not looked at"), "wws" },
    { N_("%s: %s: %s; %u file, %u found, %u not looked at"), "wws" },
    /* results of commands */
    { N_("%s (reported late: it had been taken for %s)"), "sw" },
    { N_("cancelled before it was sent"), "" },
    { N_("the endpoint did not come back in time"), "" },
    { N_("no result came in time"), "" },
    { N_("the endpoint was removed or revoked"), "" },
    /* what is wrong with the server */
    { N_("the manager does not hear broker %s: endpoints that were there are shown as they were, until they are heard "
         "at another broker"),
      "" },
    { N_("broker %s is drained, and its endpoints are at the others: 'holdline broker undrain' has it used again"),
      "" },
    { N_("the addresses that endpoints are told lead to brokers that do not know each other: what endpoints say at %s "
         "is not heard; let all of them lead to one broker or one cluster"),
      "" },
    { N_("The server's clock is behind by %s of what it was: set it (timedatectl set-ntp true); what is issued "
         "meanwhile is of the later time.  If it is right, it was ahead before, and this ends once two more endpoints "
         "on line agree with it than do not, or one more for a day"),
      "" },
    { N_("%s: endpoints cannot update from this server; %s"), "ss" },
    { N_("'holdline status' has the remedy"), "" },
    /* roll-outs */
    { N_("ring %u of %u: %s; 'holdline rollout show %s' says more"), "uuc" },
    { N_("%s; ring %u of %u: %s; 'holdline rollout show %s' says more"), "wuuc" },
};

const gsize hl_n_server_phrases = G_N_ELEMENTS(hl_server_phrases);
