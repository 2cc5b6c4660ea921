/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/core/late.h"

#include <glib.h>
#include <string.h>

#include "endpoint/core/link.h"

#define DOUBT      3                /* attempts that fail before the own clock is doubted */
#define MAX_WAIT   HL_HOUR          /* a longer one is not believed: the endpoint would be lost */
#define MIN_WAIT   HL_SECOND        /* full jitter begins at 0 */
#define CLOCK_WAIT (5 * HL_MINUTE)  /* somebody may set it */
#define REFUSED    HL_HOUR          /* the owner may raise enrolment.grace; and as a part of it: */
#define SPREAD     (30 * HL_MINUTE) /* machines of one office were refused together */
#define GRANTED    (10 * HL_MINUTE) /* the line gets its turn with the other one */

static bool is_wanted(const EpLateFacts *facts)
{
    const EpRenewalDates *dates = &facts->dates;
    bool is_doubtful =
        facts->now < dates->not_before || ep_renewal_is_due(dates, facts->now) || facts->is_authority_over;

    if (facts->is_line_up || facts->failed == 0)
        return false;
    return ep_late_is_ended(dates->not_after, facts->now) || (is_doubtful && facts->failed >= DOUBT);
}

bool ep_late_step(EpLate *late, const EpLateFacts *facts)
{
    if (facts->is_line_up) {
        hl_backoff_reset(&late->backoff);
        late->due = 0;
    }
    if (late->is_asking || facts->mono < late->due || !is_wanted(facts))
        return false;
    late->is_asking = true;
    return true;
}

static HlTime pause_after(EpLate *late, EpLateOutcome outcome, HlTime wait, uint64_t random)
{
    switch (outcome) {
    case EP_LATE_GRANTED:
        hl_backoff_reset(&late->backoff);
        return GRANTED;
    case EP_LATE_LETTER: /* the request for a certificate follows */
    case EP_LATE_UNREACHED:
        return MAX(hl_backoff_next(&late->backoff, random), MIN_WAIT);
    case EP_LATE_LATER:
        return MAX(wait, hl_backoff_next(&late->backoff, random));
    case EP_LATE_VALID:
        return wait;
    case EP_LATE_CLOCK:
        return CLOCK_WAIT;
    case EP_LATE_REFUSED:
        return REFUSED + ep_spread(SPREAD, random);
    }
    g_assert_not_reached();
}

void ep_late_answered(EpLate *late, EpLateOutcome outcome, HlTime wait, HlTime mono, uint64_t random)
{
    HlTime pause = pause_after(late, outcome, wait, random);

    late->is_asking = false;
    late->due = mono + CLAMP(pause, MIN_WAIT, outcome == EP_LATE_REFUSED ? REFUSED + SPREAD : MAX_WAIT);
}

bool ep_late_is_ended(HlTime ends, HlTime server)
{
    return server >= ends;
}

EpLateOutcome ep_late_outcome(const char *code)
{
    static const struct {
        const char *code;
        EpLateOutcome outcome;
    } rows[] = {
        { "", EP_LATE_GRANTED },          { "denied", EP_LATE_REFUSED }, { "expired", EP_LATE_REFUSED },
        { "untrusted", EP_LATE_REFUSED }, { "invalid", EP_LATE_CLOCK },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        if (strcmp(code, rows[i].code) == 0)
            return rows[i].outcome;
    return EP_LATE_LATER;
}
