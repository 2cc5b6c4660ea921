/* SPDX-License-Identifier: Apache-2.0 */
/* The resources of the REST interface: one table, from which dispatch, the methods of a 405 and openapi.json are made.
 * Pure. */
#ifndef MANAGER_CONSOLE_CORE_ROUTE_H
#define MANAGER_CONSOLE_CORE_ROUTE_H

#include "lib/base/error.h"

#define CON_API        "/api/v1"
#define CON_MAX_PARAMS 2 /* of a path */

typedef enum { CON_GET, CON_POST, CON_PATCH, CON_DELETE, CON_N_METHODS } ConMethod;

/* "GET", ... */
const char *con_method_name(ConMethod method);

typedef enum {
    CON_ROUTE_OPEN = 1 << 0,     /* for those who are not signed in as well */
    CON_ROUTE_MATCH = 1 << 1,    /* If-Match is required: the version that was seen */
    CON_ROUTE_VERSION = 1 << 2,  /* the answer has an ETag of its member "tag"     */
    CON_ROUTE_CREATED = 1 << 3,  /* 201 */
    CON_ROUTE_ACCEPTED = 1 << 4, /* 202: endpoints do it, and the command says how far they are */
    CON_ROUTE_NOTHING = 1 << 5,  /* 204 */
    CON_ROUTE_CSV = 1 << 6,      /* text/csv for those who ask for it */
    CON_ROUTE_STREAM = 1 << 7,   /* text/event-stream */
    CON_ROUTE_PASSIVE = 1 << 8,  /* is done by a page that nobody looks at: does not keep a session alive */
    CON_ROUTE_PICTURE = 1 << 9,  /* the answer has its member "uri" as a picture, too */
    CON_ROUTE_WORDED = 1 << 10,  /* its lines are in the reader's language (manager/console/worded.h), but for CSV */
} ConRouteFlags;

typedef struct {
    ConMethod method;
    unsigned flags;   /* ConRouteFlags */
    const char *path; /* below CON_API; a segment {name} takes any text */
    const char *id;   /* of the operation, in openapi.json; what the console answers itself is found by it */
    const char *summary;
    /* The admin call that answers it; NULL: the console itself does.  "quarantine =how": its last words are the value
     * of that member of the body. */
    const char *call;
    /* Of the call, separated by blanks: "name=path.group": where the value comes from: path, query, body, and what is
     * made of a body's member settings (an object); "match": the version of If-Match; "text.X": always X; "selector":
     * of a body's ids, filter with in_group and except, or selector.  A "?" behind it: it may be missing. */
    const char *arguments;
    const char *list;  /* the array of the call's answer that is this list; NULL: it is a document */
    const char *query; /* the parameters that it takes, separated by blanks */
    const char *body;  /* schema of the request, by name; NULL: it has none */
    const char *reply; /* schema of the answer, "[X]": a list whose rows have that one; NULL: it has none */
} ConRoute;

typedef struct {
    const ConRoute *rows;
    gsize count;
} ConRoutes;

ConRoutes con_routes(void);

typedef struct {
    const ConRoute *route;              /* NULL: none */
    const char *params[CON_MAX_PARAMS]; /* what its segments in braces stand for, in order; borrowed */
    unsigned methods;                   /* bits of those that the path has; 0: there is no such path */
} ConMatch;

/* segments: of a target, those of CON_API included.  HEAD is GET. */
ConMatch con_route_find(const char *method, char *const *segments);

/* The value of a segment in braces; NULL: the route has none of this name. */
const char *con_match_param(const ConMatch *match, const char *name);

/* "GET, HEAD, POST": for Allow.  Caller frees. */
char *con_methods_print(unsigned methods);

#endif
