/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the manager dials an address that an endpoint registered.  Anyone who enrols chooses that address: it must
 * not become a way to have the server connect to its own services, or shout at a whole network.  Pure. */
#ifndef MANAGER_CORE_DIALABLE_H
#define MANAGER_CORE_DIALABLE_H

#include <stdbool.h>

typedef enum {
    MGR_DIALABLE,
    MGR_DIAL_NO_ADDRESS,  /* text that is no address */
    MGR_DIAL_UNSPECIFIED, /* 0.0.0.0/8, :: */
    MGR_DIAL_LOOPBACK,
    MGR_DIAL_LINK_LOCAL, /* means another machine on each of the server's networks */
    MGR_DIAL_MULTICAST,  /* and broadcast */
    MGR_DIAL_OWN,        /* of the server itself */
    MGR_DIAL_N,
} MgrDialable;

/* own: it is an address of the server itself.  trial: server and endpoints share one machine, so that loopback and own
 * addresses are dialled. */
MgrDialable mgr_dialable(const char *address, bool own, bool trial);

/* For a sentence that begins with the address: "is a loopback address". */
const char *mgr_dialable_reason(MgrDialable dialable);

#endif
