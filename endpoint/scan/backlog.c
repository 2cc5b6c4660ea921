/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/scan/backlog.h"

#include <stddef.h>

typedef struct {
    dev_t device;
    ino_t inode;
    int fd;
    HlTime first, last; /* when it was written */
} File;

struct EpBacklog {
    GArray *files; /* File */
    EpBacklogNumbers numbers;
    HlTime minute; /* its number; what was looked at in it and in the one before */
    guint64 now_looked, before_looked;
};

/* One row per number. */
static const struct {
    const char *name;
    size_t offset;
} rows[] = {
    { "written", offsetof(EpBacklogNumbers, written) },   { "looked_at", offsetof(EpBacklogNumbers, looked_at) },
    { "full", offsetof(EpBacklogNumbers, full) },         { "overflows", offsetof(EpBacklogNumbers, overflows) },
    { "unopened", offsetof(EpBacklogNumbers, unopened) }, { "rate", offsetof(EpBacklogNumbers, rate) },
    { "waiting", offsetof(EpBacklogNumbers, waiting) },
};

EpBacklog *ep_backlog_new(void)
{
    EpBacklog *backlog = g_new0(EpBacklog, 1);

    backlog->files = g_array_new(FALSE, FALSE, sizeof(File));
    return backlog;
}

void ep_backlog_free(EpBacklog *backlog)
{
    if (backlog == NULL)
        return;
    g_array_unref(backlog->files);
    g_free(backlog);
}

static File *file_at(const EpBacklog *backlog, guint i)
{
    return &g_array_index(backlog->files, File, i);
}

static HlTime due_at(const File *file)
{
    return MIN(file->last + EP_BACKLOG_QUIET, file->first + EP_BACKLOG_LATE);
}

bool ep_backlog_add(EpBacklog *backlog, dev_t device, ino_t inode, int fd, HlTime now)
{
    File file = { device, inode, fd, now, now };

    backlog->numbers.written++;
    for (guint i = 0; i < backlog->files->len; i++) {
        File *known = file_at(backlog, i);

        if (known->device == device && known->inode == inode) {
            known->last = now;
            return false;
        }
    }
    if (backlog->files->len >= EP_BACKLOG_MAX) {
        backlog->numbers.full++;
        return false;
    }
    g_array_append_val(backlog->files, file);
    return true;
}

/* The index of the one that is due first; files->len: nothing waits. */
static guint first_due(const EpBacklog *backlog)
{
    guint first = 0;

    for (guint i = 1; i < backlog->files->len; i++)
        if (due_at(file_at(backlog, i)) < due_at(file_at(backlog, first)))
            first = i;
    return first;
}

static void turn_minute(EpBacklog *backlog, HlTime now)
{
    HlTime minute = now / HL_MINUTE;

    if (minute == backlog->minute)
        return;
    backlog->before_looked = minute == backlog->minute + 1 ? backlog->now_looked : 0;
    backlog->now_looked = 0;
    backlog->minute = minute;
}

int ep_backlog_take(EpBacklog *backlog, HlTime now)
{
    guint first = first_due(backlog);
    int fd;

    if (first == backlog->files->len || due_at(file_at(backlog, first)) > now)
        return -1;
    fd = file_at(backlog, first)->fd;
    g_array_remove_index_fast(backlog->files, first);
    turn_minute(backlog, now);
    backlog->now_looked++;
    backlog->numbers.looked_at++;
    return fd;
}

bool ep_backlog_has_spare(const EpBacklog *backlog)
{
    return backlog->files->len < EP_BACKLOG_MAX / 2;
}

void ep_backlog_passed_over(EpBacklog *backlog)
{
    backlog->now_looked--;
    backlog->numbers.looked_at--;
}

HlTime ep_backlog_pause(const EpBacklog *backlog, HlTime now, HlTime most)
{
    guint first = first_due(backlog);

    return first == backlog->files->len ? most : CLAMP(due_at(file_at(backlog, first)) - now, 0, most);
}

void ep_backlog_overflowed(EpBacklog *backlog)
{
    backlog->numbers.overflows++;
}

void ep_backlog_unopened(EpBacklog *backlog)
{
    backlog->numbers.unopened++;
}

EpBacklogNumbers ep_backlog_numbers(const EpBacklog *backlog, HlTime now)
{
    EpBacklogNumbers numbers = backlog->numbers;
    HlTime age = now / HL_MINUTE - backlog->minute;

    numbers.waiting = backlog->files->len;
    numbers.rate = age == 0 ? backlog->before_looked : age == 1 ? backlog->now_looked : 0;
    return numbers;
}

guint64 ep_backlog_missed(const EpBacklogNumbers *numbers)
{
    return numbers->full + numbers->overflows + numbers->unopened;
}

json_t *ep_backlog_json(const EpBacklogNumbers *numbers)
{
    json_t *json = json_pack("{s:I}", "missed", (json_int_t)ep_backlog_missed(numbers));

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        json_object_set_new(json, rows[i].name,
                            json_integer((json_int_t)G_STRUCT_MEMBER(guint64, numbers, rows[i].offset)));
    return json;
}

void ep_backlog_parse(EpBacklogNumbers *numbers, const json_t *json)
{
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        json_int_t value = json_integer_value(json_object_get(json, rows[i].name));

        G_STRUCT_MEMBER(guint64, numbers, rows[i].offset) = value > 0 ? (guint64)value : 0;
    }
}
