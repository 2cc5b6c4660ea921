/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/child_fake.h"

#include <signal.h>
#include <string.h>

#include "lib/base/unconst.h"

struct HlChild {
    char **argv;
    HlChildLine on_line;
    HlChildDone done;
    gpointer user;
    bool stopped;
};

static GPtrArray *children;
static guint started;
static bool refuse;

HlChild *hl_child_start(const HlChildSpec *spec, HlChildLine on_line, HlChildDone done, gpointer user, GError **error)
{
    HlChild *child;

    if (refuse) {
        refuse = false;
        hl_fail(error, HL_ERROR_UNAVAILABLE, "cannot start %s", spec->argv[0]);
        return NULL;
    }
    child = g_new(HlChild, 1);
    *child = (HlChild){ g_strdupv((char **)hl_unconst(spec->argv)), on_line, done, user, false };
    if (children == NULL)
        children = g_ptr_array_new();
    g_ptr_array_add(children, child);
    started++;
    return child;
}

pid_t hl_child_pid(const HlChild *child G_GNUC_UNUSED)
{
    return 0;
}

void hl_child_stop(HlChild *child)
{
    child->stopped = true;
}

void hl_child_kill(HlChild *child)
{
    child->stopped = true;
}

static void drop(HlChild *child)
{
    g_assert_true(g_ptr_array_remove(children, child));
    g_strfreev(child->argv);
    g_free(child);
}

void hl_child_leave(HlChild *child)
{
    hl_child_abandon(child);
}

void hl_child_abandon(HlChild *child)
{
    drop(child);
}

HlChild *child_fake_last(void)
{
    return child_fake_running() == 0 ? NULL : children->pdata[children->len - 1];
}

HlChild *child_fake_find(const char *verb)
{
    for (guint i = child_fake_running(); i > 0; i--) {
        HlChild *child = children->pdata[i - 1];

        if (g_strcmp0(child->argv[1], verb) == 0)
            return child;
    }
    return NULL;
}

guint child_fake_running(void)
{
    return children == NULL ? 0 : children->len;
}

guint child_fake_started(void)
{
    return started;
}

const char *const *child_fake_argv(const HlChild *child)
{
    return (const char *const *)child->argv;
}

const char *child_fake_option(const HlChild *child, const char *name)
{
    for (gsize i = 0; child->argv[i] != NULL; i++)
        if (strcmp(child->argv[i], name) == 0)
            return child->argv[i + 1];
    return NULL;
}

void child_fake_say(HlChild *child, const char *line)
{
    if (child->on_line != NULL)
        child->on_line(line, child->user);
}

/* done may start the next one, so this one stays until it returns, as the real one does. */
static void end(HlChild *child, HlChildEnd how)
{
    how.output = how.output != NULL ? how.output : "";
    how.errors = how.errors != NULL ? how.errors : "";
    child->done(&how, child->user);
    drop(child);
}

void child_fake_exit(HlChild *child, int status, const char *output, const char *errors)
{
    end(child, (HlChildEnd){ .exited = true, .status = status, .output = output, .errors = errors });
}

void child_fake_die(HlChild *child, int signal_number)
{
    end(child, (HlChildEnd){ .status = signal_number });
}

void child_fake_time_out(HlChild *child)
{
    end(child, (HlChildEnd){ .status = SIGTERM, .timed_out = true });
}

void child_fake_lose(HlChild *child)
{
    end(child, (HlChildEnd){ .status = SIGKILL, .lost = true });
}

bool child_fake_is_stopped(const HlChild *child)
{
    return child->stopped;
}

void child_fake_refuse(void)
{
    refuse = true;
}

void child_fake_reset(void)
{
    if (child_fake_running() > 0)
        g_error("%u children still run, the last is '%s'", child_fake_running(), child_fake_last()->argv[0]);
    g_clear_pointer(&children, g_ptr_array_unref);
    started = 0;
    refuse = false;
}
