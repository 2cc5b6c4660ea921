/* SPDX-License-Identifier: Apache-2.0 */
/* Owned copies of a message, for the files of lib/bus.  A message in a callback is borrowed; whatever keeps it makes a
 * copy. */
#ifndef LIB_BUS_MESSAGE_H
#define LIB_BUS_MESSAGE_H

#include "lib/bus/bus.h"

/* The strings are copied; payload and correlation are shared. */
HlBusMessage hl_bus_message_copy(const HlBusMessage *message);

/* Frees what a copy owns and zeroes it. */
void hl_bus_message_clear(HlBusMessage *message);

#endif
