/* SPDX-License-Identifier: Apache-2.0 */
/* How long each connection may take until its next request is there whole: one that brings a header or a body byte by
 * byte is never silent, and would be held for ever.  Counts from the start of the connection, TLS included, or the end
 * of the answer before; what the answer takes is not its business.
 *
 * Connections come and go on the HTTP thread, those that are late are ended from another one. */
#ifndef LIB_HTTP_PATIENCE_H
#define LIB_HTTP_PATIENCE_H

#include <glib.h>

#include "lib/base/clock.h"

typedef struct HlPatience HlPatience;
typedef struct HlPatienceLine HlPatienceLine;

/* bound: milliseconds.  context: of the thread that ends those that are late, up to a quarter of the bound later; NULL:
 * the default context. */
HlPatience *hl_patience_new(HlTime bound, GMainContext *context);
/* All lines were removed. */
void hl_patience_free(HlPatience *patience);

/* A connection, whose first request is awaited from now (monotonic) on.  Borrows the descriptor until
 * hl_patience_remove, which frees the line. */
HlPatienceLine *hl_patience_add(HlPatience *patience, int fd, HlTime now);
void hl_patience_remove(HlPatience *patience, HlPatienceLine *line);

/* Its last request is answered, the next is awaited. */
void hl_patience_await(HlPatience *patience, HlPatienceLine *line, HlTime now);
/* It is there. */
void hl_patience_received(HlPatience *patience, HlPatienceLine *line);

/* What the context does from time to time: shuts down the sockets of those that are late, each once; their owner sees
 * the end.  How many. */
guint hl_patience_end_late(HlPatience *patience, HlTime now);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(HlPatience, hl_patience_free)

#endif
