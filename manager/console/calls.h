/* SPDX-License-Identifier: Apache-2.0 */
/* The resources that an admin call of the manager answers: what the row of the route says is made into the call's
 * arguments, and its answer into the document.  Loop thread. */
#ifndef MANAGER_CONSOLE_CALLS_H
#define MANAGER_CONSOLE_CALLS_H

#include "manager/console/line.h"
#include "manager/console/request.h"

/* A ConHandler; line: the ConLine that is asked. */
void con_calls_answer(ConRequest *request, gpointer line);

#endif
