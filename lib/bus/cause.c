/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/bus/cause.h"

#include <string.h>

#include "lib/base/text.h"

/* {place}, {host}, ... stand for the facts. */
static const char *const sentences[HL_N_CAUSES] = {
    [HL_CAUSE_NONE] = "{detail}; a second look at the network and the certificates found nothing wrong",
    [HL_CAUSE_UNUSABLE] = "this machine's own files cannot be used: {detail}",
    [HL_CAUSE_OWN_ENDED] =
        "this machine's own certificate ended at {date} ({file}); its clock says {now}: set the clock, or get "
        "another certificate ('holdline doctor' says how, on an endpoint 'holdline-endpoint doctor')",
    [HL_CAUSE_OWN_NOT_YET] =
        "this machine's own certificate is valid from {date} on ({file}); its clock says {now}: set the clock",
    [HL_CAUSE_NO_NAME] = "the name {host} cannot be resolved: {detail}",
    [HL_CAUSE_NAME_SERVERS] = "the name {host} cannot be resolved: the name servers do not answer",
    [HL_CAUSE_REFUSED] = "nobody listens at {place} (connection refused)",
    [HL_CAUSE_NO_ROUTE] = "there is no way to {place}: {detail}",
    [HL_CAUSE_SILENT] = "no answer from {place}: the machine is off, or a firewall swallows the packets",
    [HL_CAUSE_BROKEN] = "no connection to {place}: {detail}",
    [HL_CAUSE_PROXY_LOGIN] = "{place} wants another user name or password (it answers \"{detail}\")",
    [HL_CAUSE_PROXY_DENIES] = "{place} does not let this machine through (it answers \"{detail}\")",
    [HL_CAUSE_PROXY_FAILS] = "{place} cannot reach the broker (it answers \"{detail}\")",
    [HL_CAUSE_PROXY_STRANGE] = "{place} does not answer as an HTTP proxy does: {detail}",
    [HL_CAUSE_PROXY_SILENT] = "{place} takes the connection and does not answer",
    [HL_CAUSE_OTHER_AUTHORITY] =
        "the server's certificate was not issued by the authority in {file} ({detail}): it is another installation's, "
        "or this one's authority was replaced, and this machine needs another certificate",
    [HL_CAUSE_OTHER_NAMES] = "the server's certificate is for other names: {detail}, not {host}",
    [HL_CAUSE_SERVER_ENDED] = "{detail} ended at {date}; this machine's clock says {now}: set the clock, or start the "
                              "manager on the server, which renews it",
    [HL_CAUSE_SERVER_NOT_YET] = "{detail} is valid from {date} on; this machine's clock says {now}: set the clock",
    [HL_CAUSE_SERVER_INVALID] = "the server's certificate is not valid: {detail}",
    [HL_CAUSE_TURNED_AWAY] = "the broker does not accept this certificate: {detail} ({file})",
    [HL_CAUSE_UNKNOWN_AUTHORITY] =
        "the broker does not know the authority that issued this machine's certificate ({file}): the server was "
        "restored from an earlier backup, the broker has not read its new files, or it is another installation's",
    [HL_CAUSE_NO_AGREEMENT] = "the broker and this machine do not agree on TLS: {detail}",
    [HL_CAUSE_NOT_TLS] = "what answers there does not speak TLS: {detail}; is it the broker's port?",
    [HL_CAUSE_CLOSED] =
        "the connection is closed again during the TLS handshake: the broker is full, or another program has this port",
    [HL_CAUSE_STALLED] =
        "the TLS handshake is not answered: the broker is overloaded, or another program has this port",
};

/* The fact called by the name at *at, which moves behind its brace; caller frees.  A name that is none is a bug. */
static char *fact(const char **at, const HlCauseFacts *facts)
{
    const struct {
        const char *name, *text;
        HlTime time;
    } rows[] = {
        { "{place}", facts->place, 0 },   { "{host}", facts->host, 0 },    { "{file}", facts->file, 0 },
        { "{detail}", facts->detail, 0 }, { "{date}", NULL, facts->date }, { "{now}", NULL, facts->now },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (!g_str_has_prefix(*at, rows[i].name))
            continue;
        *at += strlen(rows[i].name);
        return rows[i].text != NULL ? g_strdup(rows[i].text) : hl_time_format(rows[i].time);
    }
    g_assert_not_reached();
}

bool hl_cause_is_absence(HlCause cause)
{
    static const bool absences[HL_N_CAUSES] = {
        [HL_CAUSE_NO_NAME] = true,  [HL_CAUSE_NAME_SERVERS] = true, [HL_CAUSE_REFUSED] = true,
        [HL_CAUSE_NO_ROUTE] = true, [HL_CAUSE_SILENT] = true,       [HL_CAUSE_PROXY_SILENT] = true,
    };

    return absences[cause];
}

const char *hl_cause_name(HlCause cause)
{
    static const char *const names[HL_N_CAUSES] = {
        [HL_CAUSE_NONE] = "unknown",
        [HL_CAUSE_UNUSABLE] = "unusable",
        [HL_CAUSE_OWN_ENDED] = "own-ended",
        [HL_CAUSE_OWN_NOT_YET] = "own-not-yet",
        [HL_CAUSE_NO_NAME] = "no-name",
        [HL_CAUSE_NAME_SERVERS] = "name-servers",
        [HL_CAUSE_REFUSED] = "refused",
        [HL_CAUSE_NO_ROUTE] = "no-route",
        [HL_CAUSE_SILENT] = "silent",
        [HL_CAUSE_BROKEN] = "broken",
        [HL_CAUSE_PROXY_LOGIN] = "proxy-login",
        [HL_CAUSE_PROXY_DENIES] = "proxy-denies",
        [HL_CAUSE_PROXY_FAILS] = "proxy-fails",
        [HL_CAUSE_PROXY_STRANGE] = "proxy-strange",
        [HL_CAUSE_PROXY_SILENT] = "proxy-silent",
        [HL_CAUSE_OTHER_AUTHORITY] = "other-authority",
        [HL_CAUSE_OTHER_NAMES] = "other-names",
        [HL_CAUSE_SERVER_ENDED] = "server-ended",
        [HL_CAUSE_SERVER_NOT_YET] = "server-not-yet",
        [HL_CAUSE_SERVER_INVALID] = "server-invalid",
        [HL_CAUSE_TURNED_AWAY] = "turned-away",
        [HL_CAUSE_UNKNOWN_AUTHORITY] = "unknown-authority",
        [HL_CAUSE_NO_AGREEMENT] = "no-agreement",
        [HL_CAUSE_NOT_TLS] = "not-tls",
        [HL_CAUSE_CLOSED] = "closed",
        [HL_CAUSE_STALLED] = "stalled",
    };

    g_assert(cause < HL_N_CAUSES);
    return names[cause];
}

char *hl_cause_sentence(HlCause cause, const HlCauseFacts *facts)
{
    g_autoptr(GString) text = g_string_new(NULL);

    g_assert(cause < HL_N_CAUSES);
    for (const char *at = sentences[cause]; *at != '\0';) {
        if (*at == '{') {
            g_autofree char *value = fact(&at, facts);

            g_string_append(text, value);
        } else {
            g_string_append_c(text, *at++);
        }
    }
    return hl_text_printable(text->str);
}
