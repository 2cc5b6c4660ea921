/* SPDX-License-Identifier: Apache-2.0 */
/* The columns of lists of endpoints: what matters most is first, because what does not fit is cut at the end.  What a
 * dial found is shown where endpoints are dialled: elsewhere a healthy fleet would look Offline. */
#ifndef MANAGER_CLI_ENDPOINT_COLUMNS_H
#define MANAGER_CLI_ENDPOINT_COLUMNS_H

#include "manager/cli/elements.h"
#include "manager/cli/show.h"
#include "manager/filter/filter.h"

/* The list that is the document's "endpoints", as the options say; above it, for people, what is given (NULL: nothing).
 */
bool cli_show_endpoints(const HlInvocation *call, const json_t *document, const char *above,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The columns for these rows, n of them; the caller frees the array.  about: members that have one in any case, also
 * those that only -o wide shows; may be NULL. */
CliColumn *cli_endpoint_columns(const json_t *rows, bool is_wide, const char *const *about, gsize *n);

/* The members that a list is about: what its selector asks for, where that may differ from row to row, and what it is
 * sorted by.  Ends with NULL; the caller frees the array. */
const char **cli_endpoint_about(const HlInvocation *call);

/* The same of what selects and what searches in the list; either may be NULL. */
const char **cli_endpoint_about_filters(const MgrFilter *selector, const MgrFilter *search);

/* The call ("endpoint list", "snapshot") with what the options wish for: the server puts the rows in order, sends as
 * many as are shown, and of a table only the columns that it may have.  The answer is that of a server which knows none
 * of this all the same, only later: cli_show_endpoints does the rest.  selector may be NULL.  elements: what
 * cli_endpoint_elements gave; not NULL: the endpoints are in it, and the answer is without them. */
json_t *cli_call_endpoints(HlInvocation *call, const char *name, const char *selector, CliElements *elements,
                           GError **error);

/* For a list that is JSON as it came, which is most of those that programs ask for.  NULL: rows are to be sorted or
 * made of columns here, or the options are wrong. */
CliElements *cli_endpoint_elements(const HlInvocation *call);

/* The document of a list of which they are. */
bool cli_show_elements(const HlInvocation *call, const CliElements *elements, const json_t *document,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* An endpoint as a person is shown it: of one that nobody dials `-` for what a console that dials would show, as in
 * lists; 'endpoint explain' has the whole. */
void cli_dash_undialled(json_t *endpoint);

/* SELECTOR, --where and the flags as one selector: what all of them take.  NULL: none was given; caller frees. */
char *cli_selector_of(const HlInvocation *call);

#endif
