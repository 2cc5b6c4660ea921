/* SPDX-License-Identifier: Apache-2.0 */
/* The elements of a long list as the server wrote them, for output that is JSON anyway: to make one tree of a large
 * fleet's documents, print it and free it takes longer than the server takes to send them.  Each is looked through, and
 * its text kept.  Pure. */
#ifndef MANAGER_CLI_ELEMENTS_H
#define MANAGER_CLI_ELEMENTS_H

#include <stdio.h>

#include "lib/base/json.h"

typedef struct CliElements CliElements;

/* member: the list's name in the answer; copied. */
CliElements *cli_elements_new(const char *member);
void cli_elements_free(CliElements *elements);

/* A part of the answer.  The elements in it are kept; what is beside them is returned.  NULL: it is not JSON. */
json_t *cli_elements_take(CliElements *elements, const char *text, GError **error);

/* Of an answer that failed half-way. */
void cli_elements_forget(CliElements *elements);

/* By "id"; those that are equal as they came. */
void cli_elements_sort(CliElements *elements);

/* Those whose "removed" is true. */
void cli_elements_leave_out_removed(CliElements *elements);

/* One line: the document of the first limit of them (0: all), and what was beside them. */
void cli_elements_print(const CliElements *elements, guint limit, const json_t *rest, FILE *out);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CliElements, cli_elements_free)

#endif
