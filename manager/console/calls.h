/* SPDX-License-Identifier: Apache-2.0 */
/* The resources that an admin call of the manager answers: what the row of the route says is made into the call's
 * arguments, and its answer into the document.  Loop thread. */
#ifndef MANAGER_CONSOLE_CALLS_H
#define MANAGER_CONSOLE_CALLS_H

#include "manager/console/people.h"
#include "manager/console/watch.h"

typedef struct ConCalls ConCalls;

ConCalls *con_calls_new(ConLine *line, ConPeople *people, const ConWatch *watch);
void con_calls_free(ConCalls *calls);

/* A ConHandler. */
void con_calls_answer(ConRequest *request, gpointer calls);

#endif
