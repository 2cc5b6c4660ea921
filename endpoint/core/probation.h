/* SPDX-License-Identifier: Apache-2.0 */
/* Automatic roll-back from a new pattern set with which the engine keeps failing.
 *
 * An engine that loads a set may still crash when it scans with it.  Several failures of the engine in a row (not
 * detections, and not a single incident) soon after a switch mean that the set is to blame: the endpoint goes back,
 * once per switch, and reports it.  Pure; times are mono. */
#ifndef ENDPOINT_CORE_PROBATION_H
#define ENDPOINT_CORE_PROBATION_H

#include <stdbool.h>

#include "lib/base/clock.h"

#define EP_PROBATION_FAILURES 3
#define EP_PROBATION_WINDOW   (30 * HL_MINUTE)

typedef struct {
    bool armed;        /* a switch may be undone */
    HlTime switched;   /* when it happened */
    unsigned failures; /* since then, without a success in between */
} EpProbation;

typedef enum { EP_ENGINE_WORKED, EP_ENGINE_FAILED } EpEngineEnd;

/* Another set is active. */
void ep_probation_begin(EpProbation *probation, HlTime now);

/* Somebody else rolled it back, or there is no set before it: nothing to undo. */
void ep_probation_end(EpProbation *probation);

/* The engine ended; returns whether to go back now. */
bool ep_probation_engine_ended(EpProbation *probation, EpEngineEnd end, HlTime now);

#endif
