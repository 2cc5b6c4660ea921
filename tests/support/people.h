/* SPDX-License-Identifier: Apache-2.0 */
/* People who call the manager through a console, "web": they sign in, and have sessions and tokens.  Over
 * manager_parts.h. */
#ifndef TESTS_SUPPORT_PEOPLE_H
#define TESTS_SUPPORT_PEOPLE_H

#include "tests/support/manager_parts.h"

#define PEOPLE_PASSWORD "correct horse battery"
#define PEOPLE_ADDRESS  "192.0.2.7" /* of the browser */

/* Parts with the console, and an account with that password. */
Parts *people_new(const char *name, const char *role);

/* What was written is committed, and what follows from it too. */
void people_let_finish(Parts *parts);

/* A call of the site's administrator, which must succeed: arguments as name and value. */
void people_of_admin(Parts *parts, const char *call, const char *const *words);
#define PEOPLE_OF_ADMIN(parts, call, ...) people_of_admin(parts, call, (const char *const[]){ __VA_ARGS__, NULL })

/* The answer to a call of a console, and its code; caller frees both.  session: or token; NULL: nobody's. */
json_t *people_answer(Parts *parts, const char *session, const char *address, const char *name,
                      const char *const *arguments, char **code);

/* The same, which must end with that code. */
json_t *people_expect(Parts *parts, const char *session, const char *name, const char *const *arguments,
                      const char *expected);
void people_expect_end(Parts *parts, const char *session, const char *name, const char *expected);

/* -> the session's text; caller frees. */
char *people_sign_in(Parts *parts, const char *name);

#endif
