/* Automatic roll-back of a new pattern set on which the engine fails again and again.
 *
 * An engine that loads a set may still crash when it scans with it.  Several failures of the engine in a row (not
 * detections, and not a single failure) soon after a switch mean that the set is to blame:
 * the endpoint goes back, once for each switch, and says so.  Pure; times are mono. */
#ifndef ENDPOINT_CORE_PROBATION_H
#define ENDPOINT_CORE_PROBATION_H

#include <stdbool.h>

#include "lib/base/clock.h"

#define EP_PROBATION_FAILURES 3
#define EP_PROBATION_WINDOW   (30 * HL_MINUTE)

typedef struct {
    bool armed;        /* a switch may be rolled back */
    HlTime switched;   /* when it came */
    unsigned failures; /* since then, without a success in between */
} EpProbation;

typedef enum { EP_ENGINE_WORKED, EP_ENGINE_FAILED } EpEngineEnd;

/* Another set is active. */
void ep_probation_begin(EpProbation *probation, HlTime now);

/* It was rolled back already, or there is none before it: nothing to roll back. */
void ep_probation_end(EpProbation *probation);

/* The engine ended; whether to go back now. */
bool ep_probation_engine_ended(EpProbation *probation, EpEngineEnd end, HlTime now);

#endif
