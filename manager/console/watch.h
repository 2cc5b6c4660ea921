/* SPDX-License-Identifier: Apache-2.0 */
/* What the console knows of the endpoints: the table, from a snapshot and then the status topics; the summary; the last
 * events.
 *
 * While no manager is heard, or a snapshot is on its way, what it knows is stale, and said to be.  Loop thread. */
#ifndef MANAGER_CONSOLE_WATCH_H
#define MANAGER_CONSOLE_WATCH_H

#include "manager/console/core/table.h"
#include "manager/console/line.h"

typedef struct ConWatch ConWatch;

typedef enum {
    CON_NEWS_CHANGED, /* the endpoint of that id */
    CON_NEWS_MOVED,   /* likewise, and it is in another group now */
    CON_NEWS_REMOVED, /* likewise */
    CON_NEWS_SUMMARY, /* document: the new one */
    CON_NEWS_EVENT,   /* document: it */
    CON_NEWS_PEOPLE,  /* somebody's session, token or rights may have ended */
    CON_NEWS_STALE,   /* or no longer */
    CON_NEWS_RESET,   /* anything may have changed */
} ConNews;

typedef void (*ConNewsFn)(ConNews news, const char *id, const json_t *document, gpointer user);

/* told and user: who hears the news. */
ConWatch *con_watch_new(ConNewsFn told, gpointer user);
void con_watch_free(ConWatch *watch);

/* Before anything else; outlives the watch. */
void con_watch_attach(ConWatch *watch, ConLine *line);

/* The line's handlers. */
void con_watch_line(ConWatch *watch, ConLineState state);
void con_watch_status(ConWatch *watch, HlTopic topic, const char *id, GBytes *payload);

const ConTable *con_watch_table(const ConWatch *watch);
bool con_watch_is_stale(const ConWatch *watch);

/* Borrowed; NULL: none was heard yet. */
const json_t *con_watch_summary(const ConWatch *watch);

/* The newest first; a new reference. */
json_t *con_watch_events(const ConWatch *watch);

#endif
