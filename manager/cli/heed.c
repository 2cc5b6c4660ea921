/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/cli/heed.h"

#include <glib-unix.h>

#include "lib/base/error.h"
#include "lib/base/i18n.h"

static struct {
    int fd;
    CliWantsOut wants;
    gpointer user;
} heeded = { .fd = -1 };

void cli_heed(int fd, CliWantsOut wants, gpointer user)
{
    heeded.fd = fd;
    heeded.wants = wants;
    heeded.user = user;
}

bool cli_heed_is_given_up(void)
{
    GPollFD fd = { .fd = heeded.fd, .events = G_IO_IN | G_IO_HUP };

    return heeded.fd >= 0 && g_poll(&fd, 1, 0) > 0 && heeded.wants(heeded.user);
}

static gboolean on_readable(int fd G_GNUC_UNUSED, GIOCondition condition G_GNUC_UNUSED, gpointer user G_GNUC_UNUSED)
{
    return G_SOURCE_REMOVE;
}

GSource *cli_heed_attach(GMainContext *context)
{
    GSource *source = heeded.fd >= 0 ? g_unix_fd_source_new(heeded.fd, G_IO_IN | G_IO_HUP | G_IO_ERR) : NULL;

    if (source == NULL)
        return NULL;
    g_source_set_callback(source, G_SOURCE_FUNC(on_readable), NULL, NULL);
    g_source_attach(source, context);
    return source;
}

bool cli_heed_check(GError **error)
{
    return !cli_heed_is_given_up() || hl_fail(error, HL_ERROR_UNAVAILABLE, _("given up before the server answered"));
}
