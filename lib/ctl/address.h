/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses of Unix sockets. */
#ifndef LIB_CTL_ADDRESS_H
#define LIB_CTL_ADDRESS_H

#include <sys/un.h>

#include "lib/base/error.h"

/* HL_ERROR_INVALID when the path is too long for the kernel. */
bool hl_unix_address(const char *path, struct sockaddr_un *address, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
