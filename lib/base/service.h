/* SPDX-License-Identifier: Apache-2.0 */
/* What a daemon tells the service manager that started it: systemd's notification protocol, without its library.
 *
 * Nothing is said, and nothing fails, where the daemon was started by something else.  Loop thread only. */
#ifndef LIB_BASE_SERVICE_H
#define LIB_BASE_SERVICE_H

#include <glib.h>

/* First act of a daemon, before there are threads.  Takes NOTIFY_SOCKET and WATCHDOG_USEC out of the environment, so
 * that no child speaks for the daemon; marks the lines of the log with their priority if they go to the journal; and
 * feeds the watchdog, if there is one, from the default main context: only a loop that turns is alive. */
void hl_service_start(void);

/* It serves from now on, or again: after the start and after hl_service_reloading, whether or not that succeeded. */
void hl_service_ready(void);

/* Must be followed by hl_service_ready. */
void hl_service_reloading(void);

void hl_service_stopping(void);

/* One line for "systemctl status": what it does now. */
void hl_service_status(const char *format, ...) G_GNUC_PRINTF(1, 2);

/* Closes the socket and stops feeding. */
void hl_service_end(void);

#endif
