/* SPDX-License-Identifier: Apache-2.0 */
/* What the words in lists mean: a table, for "holdline glossary". */
#ifndef MANAGER_CLI_GLOSSARY_H
#define MANAGER_CLI_GLOSSARY_H

#include <stdbool.h>

#include <glib.h>

typedef struct {
    const char *word;  /* as lists print it; the same one may stand in several columns */
    const char *where; /* the column or command that has it */
    const char *text;
} CliTerm;

extern const CliTerm cli_terms[];
extern const gsize cli_n_terms;

/* Whether the term has that word or column, in any case; what is typed for it may leave out or add "-" and blanks, and
 * need not say whose column it is: "STATE" is that of commands and that of roll-outs. */
bool cli_term_is(const CliTerm *term, const char *typed);

/* The word or column that was probably meant, as it is written here; NULL: none is near.  Static. */
const char *cli_term_nearest(const char *typed);

#endif
