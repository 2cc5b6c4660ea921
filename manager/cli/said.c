/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/cli/said.h"

#include <stdio.h>
#include <string.h>

char *cli_format_said(const json_t *value, const json_t *row G_GNUC_UNUSED)
{
    const char *text = json_string_value(value);

    return hl_phrase_detail(text != NULL ? text : "");
}

char *cli_format_word(const json_t *value, const json_t *row G_GNUC_UNUSED)
{
    const char *text = json_string_value(value);

    return g_strdup(hl_phrase_word(text != NULL ? text : ""));
}

/* ----------------------------------------------------------------------------------------------------------- states */

typedef struct {
    const char *code;
    const char *text; /* as the console's pages have it */
    HlTone tone;
} State;

/* Of commands, roll-outs, notifications, messages, detections, bundles, accounts, certificates and brokers: none of
 * these means two things by one code. */
static const State states[] = {
    { "queued", N_("Queued"), HL_TONE_DIM },
    { "sent", N_("Sent"), HL_TONE_PLAIN },
    { "received", N_("Received"), HL_TONE_PLAIN },
    { "started", N_("Started"), HL_TONE_PLAIN },
    { "succeeded", N_("Succeeded"), HL_TONE_GOOD },
    { "failed", N_("Failed"), HL_TONE_BAD },
    { "rejected", N_("Rejected"), HL_TONE_BAD },
    { "timed-out", N_("Timed out"), HL_TONE_BAD },
    { "expired", N_("Expired"), HL_TONE_WARN },
    { "cancelled", N_("Cancelled"), HL_TONE_WARN },
    { "unknown", N_("Other"), HL_TONE_PLAIN },
    { "completed", N_("Completed"), HL_TONE_PLAIN },
    { "stopped", N_("Stopped"), HL_TONE_PLAIN },
    { "never", N_("Never scanned"), HL_TONE_PLAIN },
    { "other", N_("Other"), HL_TONE_PLAIN },
    { "running", N_("Running"), HL_TONE_PLAIN },
    { "soaking", N_("Soaking"), HL_TONE_PLAIN },
    { "paused", N_("Paused"), HL_TONE_PLAIN },
    { "halted", N_("Halted"), HL_TONE_PLAIN },
    { "aborted", N_("Aborted"), HL_TONE_PLAIN },
    { "done", N_("Complete"), HL_TONE_PLAIN },
    { "ok", N_("In order"), HL_TONE_PLAIN },
    { "failing", N_("Failing"), HL_TONE_PLAIN },
    { "partial", N_("Not to all"), HL_TONE_PLAIN },
    { "disabled", N_("Disabled"), HL_TONE_PLAIN },
    { "gathering", N_("Gathering"), HL_TONE_PLAIN },
    { "waiting", N_("Waiting"), HL_TONE_PLAIN },
    { "given-up", N_("Given up"), HL_TONE_PLAIN },
    { "open", N_("Open"), HL_TONE_BAD },
    { "acknowledged", N_("Acknowledged"), HL_TONE_PLAIN },
    { "removed", N_("Endpoint removed"), HL_TONE_PLAIN },
    { "valid", N_("Valid"), HL_TONE_PLAIN },
    { "used up", N_("Used up"), HL_TONE_PLAIN },
    { "withdrawn", N_("Withdrawn"), HL_TONE_PLAIN },
    { "enabled", N_("Enabled"), HL_TONE_PLAIN },
    { "renewal-due", N_("Renewal due"), HL_TONE_WARN },
    { "revoked", N_("Certificate revoked"), HL_TONE_PLAIN },
    { "authority-ended", N_("Authority has ended"), HL_TONE_PLAIN },
    { "up", N_("In order"), HL_TONE_PLAIN },
    { "away", N_("Not heard"), HL_TONE_PLAIN },
    { "drained", N_("Drained"), HL_TONE_PLAIN },
};

static const State *find_state(const char *code)
{
    for (gsize i = 0; i < G_N_ELEMENTS(states); i++)
        if (strcmp(states[i].code, code) == 0)
            return &states[i];
    return NULL;
}

const char *cli_state_word(const char *code, HlPhraseLanguage language)
{
    const State *state = find_state(code);
    const char *said = state != NULL ? language(state->text) : NULL;

    return said != NULL && said != state->text ? said : code;
}

static const char *of_user(const char *text)
{
    return hl_tr(text);
}

const char *cli_state_word_here(const char *code)
{
    return cli_state_word(code, of_user);
}

char *cli_format_state(const json_t *value, const json_t *row G_GNUC_UNUSED)
{
    const char *code = json_string_value(value) != NULL ? json_string_value(value) : "-";
    const State *state = find_state(code);

    return hl_tone(stdout, state != NULL ? state->tone : HL_TONE_PLAIN, cli_state_word_here(code));
}
