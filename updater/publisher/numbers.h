/* SPDX-License-Identifier: Apache-2.0 */
/* The numbers that metadata is given: the clock in milliseconds, or the one after the last where that is higher (ADR
 * 16).  Because of that they tell of a wrong clock: nothing can be signed before what was signed already.
 *
 * private/numbers.json is for numbers that are known to be ahead of the clock, as somebody said. */
#ifndef UPDATER_PUBLISHER_NUMBERS_H
#define UPDATER_PUBLISHER_NUMBERS_H

#include "updater/publisher/repo.h"

/* How far a clock may be behind the last number: hosts that publish in turn do not agree to the second. */
#define UPD_NUMBERS_SLACK HL_HOUR

typedef struct {
    json_int_t number; /* all up to this one, and those counted up from it, may be ahead; 0: none is known to be */
    HlTime at;         /* when that was said: wall clock */
} UpdNumbersMark;

/* The time that the last number (0: none) shows to have been: nothing is signed before it.  Pure. */
HlTime upd_numbers_reached(json_int_t last, const UpdNumbersMark *mark);

/* Refuses a clock that is behind what was signed last, naming both and what to do.  With repo->any_clock it is taken
 * for right instead, and from now on (numbers.json): the one before was ahead. */
bool upd_numbers_check_clock(const UpdRepo *repo, const UpdState *state, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The least number that metadata may get now; 0 in a repository that has given out none.  After the check. */
json_int_t upd_numbers_floor(const UpdRepo *repo, const UpdState *state);

/* What a restored repository has to go past, as clients' refusals name it; 0: not given. */
typedef struct {
    json_int_t metadata;
    gint64 component; /* YYYYMMDDNN */
} UpdNumbersAbove;

/* Each text is a component's number or a metadata's, told apart by their length; of several of a kind the highest. */
bool upd_numbers_parse_above(const char *const *texts, gsize n, UpdNumbersAbove *above,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* From now on all metadata is numbered above this one. */
bool upd_numbers_go_past(const UpdRepo *repo, json_int_t number, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
