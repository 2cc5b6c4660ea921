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
    { N_("%u more ends are near: 'holdline status' lists them"), "" },
    { N_("the manager does not hear broker %s: endpoints that were there are shown as they were, until they are heard "
         "at another broker; 'holdline doctor' on the server looks for the cause"),
      "" },
    { N_("broker %s is drained, and its endpoints are at the others: 'holdline broker undrain %u' has it used again"),
      "" },
    { N_("broker %u ended %u times in a row, the last at %s (%s): look at %s"), "" },
    { N_("broker %u hung at %s: %s; the manager ended it and started it again: look at %s, and at the system's log for "
         "what stopped it"),
      "--p" },
    { N_("it has not run for %u s, although it was asked"), "" },
    { N_("it has taken processor time for %u min and answered nobody"), "" },
    { N_("the external broker may not have read the latest revocation list, access list or certificate: %s; remedy: "
         "run broker.reload-command by hand as the manager's user, and mend what it says"),
      "s" },
    { N_("'%s' took longer than %u s: %s"), "" },
    { N_("'%s' took longer than %u s"), "" },
    { N_("'%s' has been running for %u s"), "" },
    { N_("'%s' ended with status %u: %s"), "" },
    { N_("'%s' ended with status %u"), "" },
    { N_("'%s' ended with signal %u: %s"), "" },
    { N_("'%s' ended with signal %u"), "" },
    { N_("%s; what endpoints or administrators say there is not heard: give the user 'manager' what the site's "
         "broker/acl lists (docs/brokers.md), then start the manager again"),
      "s" },
    { N_("the broker refused the subscription to %s: %s; does its access list fit this version?"), "" },
    { N_("1 notification cannot be sent: 'holdline notification list' says which, and 'holdline notification show "
         "NAME' why."),
      "" },
    { N_("%u notifications cannot be sent: 'holdline notification list' says which, and 'holdline notification show "
         "NAME' why."),
      "" },
    { N_("The disk of the site is full: nothing can be stored; make room, it goes on by itself."), "" },
    { N_("Nothing can be stored: %s; once that is mended it goes on by itself"), "s" },
    { N_("The disk of the site is nearly full: make room before nothing can be stored; 'holdline doctor' says how much "
         "is left."),
      "" },
    { N_("The server's patterns (%s) are of %s, and none have come for more than %s (patterns.old-after): %s."),
      "---s" },
    { N_("'holdline pattern sync' asks their source; if that has none either, ask those who run it"), "" },
    { N_("their source cannot be copied, and 'holdline pattern list' says why"), "" },
    { N_("look there at '%s', or publish some ('holdline pattern publish COMPONENT FILE')"), "" },
    { N_("%s is missing"), "" },
    { N_("%s is missing, with %u of the %u files that the repository lists"), "" },
    { N_("%s is missing, and with it what was published: %s"), "" },
    { N_("remove %s and copy the source again: holdline pattern sync"), "" },
    { N_("mount the disk that has %s, or bring it back from a backup: endpoints trust no new one"), "" },
    { N_("holdline-updater repo repair %s makes again what it can, and names what has to come from a backup"), "" },
    { N_("The audit log is not what was written: %s.  %s"), "ss" },
    { N_("Somebody who may write registry.db has changed it: 'holdline audit verify' looks it over, and what was there "
         "is in an export or a backup of an earlier day"),
      "" },
    { N_("An older registry.db was put in the place of the manager's while it was stopped: settings, groups, commands "
         "and history since are lost; certificates, accounts and revocations are known from the journal.  Stop the "
         "manager and put the later one back, if there is one; else review the groups' settings"),
      "" },
    { N_("it ended with row %u, and ends with row %u now (head %s)"), "" },
    { N_("it ended with row %u when the manager was stopped, and ends with row %u now: somebody else has added to it"),
      "" },
    { N_("the file audit.head beside it is damaged or missing, so whether rows were cut off while no manager ran is "
         "not known"),
      "" },
    { N_("row %u was another one (head %s)"), "" },
    { N_("row %u is missing: after row %u comes row %u"), "" },
    { N_("row %u is not what was written: its hash does not fit its fields and the row before it"), "" },
    { N_("it cannot be read (%s)"), "p" },
    { N_("the addresses that endpoints are told lead to brokers that do not know each other: what endpoints say at %s "
         "is not heard; let all of them lead to one broker or one cluster"),
      "" },
    { N_("the server at %s shows a certificate of an authority that this site does not have, and that ends later than "
         "the site's own: this copy of the site is from before its authority was replaced, and endpoints do not trust "
         "it; stop it, and keep the later one"),
      "" },
    { N_("the broker at %s shows a certificate of an authority that this site does not have: have it read the site's "
         "pki/ca.pem and pki/server.pem, or correct broker.addresses"),
      "" },
    { N_("the server at %s shows a certificate of an authority that this site does not have, and endpoints that are "
         "told this address do not get in there: a copy of the site from before its authority was replaced runs there, "
         "or another installation; stop that one, or let the address lead here"),
      "" },
    { N_("broker.reload-command is not run meanwhile"), "" },
    { N_("The server's clock is behind by %s of what it was: set it (timedatectl set-ntp true); what is issued "
         "meanwhile is of the later time.  If it is right, it was ahead before, and this ends once two more endpoints "
         "on line agree with it than do not, or one more for a day"),
      "" },
    { N_("endpoints cannot update from this server"), "" },
    { N_("'holdline status' has the remedy"), "" },
    { N_("'holdline doctor' on the server says why"), "" },
    /* roll-outs */
    { N_("ring %u of %u: %s; 'holdline rollout show %s' says more"), "uuc" },
    { N_("%s; ring %u of %u: %s; 'holdline rollout show %s' says more"), "wuuc" },
};

const gsize hl_n_server_phrases = G_N_ELEMENTS(hl_server_phrases);
