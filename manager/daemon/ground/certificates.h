/* SPDX-License-Identifier: Apache-2.0 */
/* A certificate as the fleet keeps it: in one piece of memory with the texts that each has, since a fleet is a million
 * of them.  Not the tables in which they are found (fleet.h). */
#ifndef MANAGER_DAEMON_GROUND_CERTIFICATES_H
#define MANAGER_DAEMON_GROUND_CERTIFICATES_H

#include "manager/store/registry.h"

/* Takes what is in the record and leaves it without texts.  serial and name of the result stay where they are, and are
 * never set. */
MgrCertificateRecord *mgr_certificate_keep(MgrCertificateRecord *record);
void mgr_certificate_free(gpointer kept);

#endif
