/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTPS server of the console: bounds, headers, the REST interface and the pages.  Loop thread. */
#ifndef MANAGER_CONSOLE_FRONT_H
#define MANAGER_CONSOLE_FRONT_H

#include "manager/console/identity.h"
#include "manager/console/request.h"

typedef struct ConFront ConFront;

/* Answers it, now or later. */
typedef void (*ConHandler)(ConRequest *request, gpointer user);

/* What the console answers itself, by the operation's id. */
typedef struct {
    const char *id;
    ConHandler handler;
} ConHandlerRow;

typedef struct {
    const ConConf *conf;
    const ConIdentity *identity;
    ConHandler calls; /* answers the routes that an admin call answers */
    gpointer calls_user;
} ConFrontOptions;

/* Listens once con_front_start is called. */
ConFront *con_front_new(const ConFrontOptions *options);

/* rows ends with an id that is NULL, and outlives the front. */
void con_front_add(ConFront *front, const ConHandlerRow *rows, gpointer user);

/* Every route that no call answers must have a handler by now. */
bool con_front_start(ConFront *front, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Ends the server; what is answered later is dropped. */
void con_front_stop(ConFront *front);
void con_front_free(ConFront *front);

/* The certificate of now; on failure nothing changes. */
bool con_front_reload(ConFront *front, const ConIdentity *identity, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What the configuration that the front was made with says by now. */
void con_front_take_limits(ConFront *front);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ConFront, con_front_free)

#endif
