/* SPDX-License-Identifier: Apache-2.0 */
/* GET /events: what changes, as it changes (server-sent events), one stream for each browser.
 *
 * Changes are gathered for a quarter of a second and sent as one batch; a reader who is too slow is told to ask for
 * everything again ("reset") instead of being kept waiting for what is old by then.  Readers that take gzip share what
 * is compressed once for all of them (core/squeeze.h).  A "pulse" every 15 s keeps proxies from cutting it, shows who
 * left, and tells a page that its line still stands.  Loop thread. */
#ifndef MANAGER_CONSOLE_EVENTS_H
#define MANAGER_CONSOLE_EVENTS_H

#include "manager/console/people.h"
#include "manager/console/watch.h"

typedef struct ConEvents ConEvents;

ConEvents *con_events_new(ConPeople *people, const ConWatch *watch);

/* Ends the streams; after the front has stopped. */
void con_events_free(ConEvents *events);

/* The watch's news. */
void con_events_news(ConNews news, const char *id, const json_t *document, gpointer events);

extern const ConHandlerRow con_events_rows[];

#endif
