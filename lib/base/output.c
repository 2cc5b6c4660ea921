/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/output.h"

#include <glib-unix.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

bool hl_output_gone(void)
{
    struct pollfd out = { .fd = STDOUT_FILENO };

    return poll(&out, 1, 0) > 0 && (out.revents & (POLLERR | POLLHUP)) != 0;
}

static gboolean on_gone(int fd G_GNUC_UNUSED, GIOCondition condition G_GNUC_UNUSED, gpointer user G_GNUC_UNUSED)
{
    return G_SOURCE_REMOVE; /* the context has woken */
}

void hl_output_watch(GMainContext *context)
{
    g_autoptr(GSource) source = NULL;
    struct stat st;

    if (fstat(STDOUT_FILENO, &st) != 0 || !(S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode)))
        return;
    source = g_unix_fd_source_new(STDOUT_FILENO, G_IO_ERR | G_IO_HUP);
    g_source_set_callback(source, G_SOURCE_FUNC(on_gone), NULL, NULL);
    g_source_attach(source, context);
}
