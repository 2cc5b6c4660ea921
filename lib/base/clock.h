/* SPDX-License-Identifier: Apache-2.0 */
/* Time as plain integers.
 *
 * HlTime counts milliseconds.  Two clocks, never mixed: wall (since 1970, UTC; may jump) for what a person or another
 * machine reads, mono (since boot, includes suspend; never jumps) for durations and deadlines.  Pure cores take their
 * time as an argument; only daemons call hl_clock_*.  Durations are written "90s", "15m", "6h", "7d", "2w"; a bare
 * number is refused, because its unit would be a guess. */
#ifndef LIB_BASE_CLOCK_H
#define LIB_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/error.h"

typedef int64_t HlTime;

#define HL_SECOND ((HlTime)1000)
#define HL_MINUTE (60 * HL_SECOND)
#define HL_HOUR   (60 * HL_MINUTE)
#define HL_DAY    (24 * HL_HOUR)

/* clock.c holds these two and nothing else, so that a test can have its own (tests/support/clock_fake.h). */
HlTime hl_clock_wall(void);
HlTime hl_clock_mono(void);

/* RFC 3339 in UTC with seconds, "2026-11-22T21:45:00Z"; 0 gives "-".  Caller frees. */
char *hl_time_format(HlTime wall);

/* RFC 3339, UTC ("Z") only. */
bool hl_time_parse(const char *text, HlTime *wall, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* a - b for times chosen by somebody else: clamped to what can be negated where the plain difference would overflow. */
HlTime hl_time_difference(HlTime a, HlTime b);

/* "4d", "90s", "250ms": a whole number and one unit.  Result in milliseconds, at most 100 years. */
bool hl_duration_parse(const char *text, HlTime *duration, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The shortest exact form; hl_duration_parse accepts it.  Caller frees. */
char *hl_duration_format(HlTime duration);

/* For people: "12 s", "3 min", "2 h 5 min", "4 d".  Caller frees. */
char *hl_duration_describe(HlTime duration);

#endif
