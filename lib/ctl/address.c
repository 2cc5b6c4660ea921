/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/ctl/address.h"

#include <string.h>
#include <sys/socket.h>

bool hl_unix_address(const char *path, struct sockaddr_un *address, GError **error)
{
    *address = (struct sockaddr_un){ .sun_family = AF_UNIX };
    if (strlen(path) >= sizeof address->sun_path)
        return hl_fail(error, HL_ERROR_INVALID, "the path of the control socket is too long (at most %zu bytes): %s",
                       sizeof address->sun_path - 1, path);
    memcpy(address->sun_path, path, strlen(path) + 1);
    return true;
}
