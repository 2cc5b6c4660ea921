/* SPDX-License-Identifier: Apache-2.0 */
/* Who a request says that it is from, and whether a browser was made to send it by another site.  Pure. */
#ifndef MANAGER_CONSOLE_CORE_CREDENTIALS_H
#define MANAGER_CONSOLE_CORE_CREDENTIALS_H

#include "lib/base/error.h"

/* __Host-: browsers take it only from https, for this host alone, and send it to all of its paths. */
#define CON_COOKIE      "__Host-holdline"
#define CON_MAX_SESSION 128

/* The session of a Cookie header (NULL: there was none): 1 to CON_MAX_SESSION characters of a session or token.  NULL:
 * it has none, or one that cannot be.  Caller frees. */
char *con_cookie_session(const char *header);

/* The token of "Bearer TOKEN"; NULL as above.  Caller frees. */
char *con_bearer_token(const char *header);

/* For Set-Cookie.  session "": it is to be forgotten.  Caller frees. */
char *con_cookie_print(const char *session);

/* Refuses what a page of another site sends: headers Origin and Sec-Fetch-Site as they came (NULL: there was none), and
 * Host.  What is no browser sends neither. */
bool con_origin_check(const char *origin, const char *fetch_site, const char *host,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether a Content-Type is JSON. */
bool con_type_is_json(const char *header);

/* Whether an If-None-Match, or If-Match, names the tag ("*" names all); weak ones as well. */
bool con_tag_matches(const char *header, const char *tag);

/* "7-18f3" of an If-Match of "\"7-18f3\""; weak ones as well, which a proxy that compresses makes of them: each save
 * has a tag of its own.  NULL: there is none, there are several, or it is 0, which no version is and the manager takes
 * for an order to make it.  Caller frees. */
char *con_tag_version(const char *header);

/* Whether an Accept or Accept-Encoding names this, not with q=0. */
bool con_accepts(const char *header, const char *what);

#endif
