/* Going back by itself: a new pattern set on which the engine fails again and again.
 *
 * An engine that loads a set may still crash when it scans with it.  So many failures of the engine (not detections,
 * and not the first trouble that comes along) one after another, soon after a switch, mean that the set is to blame:
 * the endpoint goes back, once for each switch, and says so.  Pure; times are mono. */
#ifndef ENDPOINT_CORE_PROBATION_H
#define ENDPOINT_CORE_PROBATION_H

#include <stdbool.h>

#include "lib/base/clock.h"

#define EP_PROBATION_FAILURES 3
#define EP_PROBATION_WINDOW   (30 * HL_MINUTE)

typedef struct {
    bool armed;        /* a switch may be taken back */
    HlTime switched;   /* when it came */
    unsigned failures; /* since then, without a success in between */
} EpProbation;

typedef enum { EP_ENGINE_WORKED, EP_ENGINE_FAILED } EpEngineEnd;

/* Another set is active. */
void ep_probation_begin(EpProbation *probation, HlTime now);

/* The set was gone back from by somebody else, or there is none before it: nothing to take back. */
void ep_probation_end(EpProbation *probation);

/* The engine ended; whether to go back now. */
bool ep_probation_engine_ended(EpProbation *probation, EpEngineEnd end, HlTime now);

#endif
