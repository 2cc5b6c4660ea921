/* SPDX-License-Identifier: Apache-2.0 */
/* Who sends a request: the manager decides, by the session or token that it shows.  Its answer holds for a few seconds,
 * so that a page with ten requests asks once; and sign-in, sign-out.  Loop thread. */
#ifndef MANAGER_CONSOLE_PEOPLE_H
#define MANAGER_CONSOLE_PEOPLE_H

#include "manager/console/front.h"
#include "manager/console/line.h"

typedef struct ConPeople ConPeople;

typedef struct {
    char *account, *role;
    char **groups; /* that they are limited to, ends with NULL; NULL: all */
} ConPerson;

ConPeople *con_people_new(ConLine *line);
void con_people_free(ConPeople *people);

/* person is borrowed. */
typedef void (*ConPersonFn)(ConRequest *request, const ConPerson *person, gpointer user);

/* Calls found with the person who sends the request; nobody that is signed in is answered 401, and found not called. */
void con_people_find(ConPeople *people, ConRequest *request, ConPersonFn found, gpointer user);

/* Whether the manager has said, not too long ago, who that is: for what must not wait for it.  NULL: nobody. */
bool con_people_knows(const ConPeople *people, const char *session);

/* Everybody is asked for again: something changed about somebody. */
void con_people_forget(ConPeople *people);

/* Whether a session is still good, for what goes on without requests.  person NULL: it is over, or is_over is false,
 * and nobody could be asked. */
typedef void (*ConStillFn)(const ConPerson *person, bool is_over, gpointer user);
void con_people_check(ConPeople *people, const char *session, const char *address, ConStillFn done, gpointer user);

extern const ConHandlerRow con_people_rows[];

#endif
