/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/file.h"

#define CHECK_SIZE 16
#define MAX_SIZE   ((gsize)1 << 30) /* 200 bytes a certificate: five million */

struct HlJournal {
    char *path;
    int fd;
    uint64_t number, number_before; /* of the last line; of the one before the last append */
    off_t size, size_before;
};

/* "NUMBER CHECK text\n" */
static void print_line(GString *out, uint64_t number, const char *text)
{
    g_autofree char *checked = g_strdup_printf("%" G_GUINT64_FORMAT " %s", number, text);
    g_autofree char *check = g_compute_checksum_for_string(G_CHECKSUM_SHA256, checked, -1);

    g_string_append_printf(out, "%" G_GUINT64_FORMAT " %.*s %s\n", number, CHECK_SIZE, check, text);
}

/* Where the reader is. */
typedef struct {
    HlJournalLine line;
    gpointer user;
    HlJournalState *state;
    uint64_t number; /* of the last sound line */
} Reader;

/* A whole line with its line feed.  false: it is not sound. */
static bool take_line(Reader *reader, const char *data, gsize length)
{
    g_autofree char *line = g_strndup(data, length);
    g_autoptr(GString) again = g_string_new(NULL);
    char *text = NULL;
    uint64_t number = g_ascii_strtoull(line, &text, 10);

    if (strlen(line) != length || text == line || *text != ' ' || strlen(text) < CHECK_SIZE + 3 ||
        text[CHECK_SIZE + 1] != ' ')
        return false;
    text += CHECK_SIZE + 2;
    text[strlen(text) - 1] = '\0';
    print_line(again, number, text);
    if (again->len != length || memcmp(again->str, data, length) != 0)
        return false;
    reader->state->gaps += number != reader->number + 1;
    reader->number = number;
    reader->state->lines++;
    if (reader->line != NULL)
        reader->line(text, reader->user);
    return true;
}

static void read_lines(Reader *reader, const char *data, gsize size)
{
    gsize at = 0;

    while (at < size) {
        const char *end = memchr(data + at, '\n', size - at);
        gsize length = end == NULL ? 0 : (gsize)(end - data) - at + 1;

        if (end == NULL || (!take_line(reader, data + at, length) && at + length == size)) {
            reader->state->torn = size - at;
            return;
        }
        at += length;
    }
}

static bool read_all(const char *path, Reader *reader, gsize *size, GError **error)
{
    g_autoptr(GError) problem = NULL;
    g_autoptr(GBytes) bytes = hl_file_read(path, MAX_SIZE, &problem);
    const char *data;
    guint whole = 0;

    *reader->state = (HlJournalState){ 0 };
    *size = 0;
    if (bytes == NULL) {
        if (hl_error_code(problem) == HL_ERROR_NOT_FOUND)
            return true;
        g_propagate_error(error, g_steal_pointer(&problem));
        return false;
    }
    data = g_bytes_get_data(bytes, size);
    read_lines(reader, data, *size);
    for (gsize i = 0; i < *size - reader->state->torn; i++)
        whole += data[i] == '\n';
    reader->state->damaged = whole - reader->state->lines;
    return true;
}

bool hl_journal_read(const char *path, HlJournalLine line, gpointer user, HlJournalState *state, GError **error)
{
    Reader reader = { .line = line, .user = user, .state = state };
    gsize size;

    return read_all(path, &reader, &size, error);
}

HlJournal *hl_journal_open(const char *path, HlJournalState *state, GError **error)
{
    g_autoptr(HlJournal) journal = g_new0(HlJournal, 1);
    g_autofree char *directory = g_path_get_dirname(path);
    Reader reader = { .state = state };
    gsize size;

    journal->fd = -1;
    journal->path = g_strdup(path);
    if (!read_all(path, &reader, &size, error))
        return NULL;
    journal->number = journal->number_before = reader.number;
    journal->size = journal->size_before = (off_t)(size - state->torn);
    journal->fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (journal->fd < 0 || ftruncate(journal->fd, journal->size) != 0 || fsync(journal->fd) != 0) {
        hl_fail_errno(error, errno, "cannot open %s", path);
        return NULL;
    }
    return hl_dir_sync(directory, error) ? g_steal_pointer(&journal) : NULL;
}

void hl_journal_free(HlJournal *journal)
{
    if (journal == NULL)
        return;
    hl_fd_clear(&journal->fd);
    g_free(journal->path);
    g_free(journal);
}

static bool write_at(int fd, const char *data, gsize size, off_t at)
{
    while (size > 0) {
        ssize_t n = pwrite(fd, data, size, at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        data += n;
        size -= (gsize)n;
        at += n;
    }
    return true;
}

bool hl_journal_append(HlJournal *journal, const GPtrArray *lines, GError **error)
{
    g_autoptr(GString) out = g_string_new(NULL);
    int saved;

    for (guint i = 0; i < lines->len; i++) {
        g_assert(strchr(lines->pdata[i], '\n') == NULL);
        print_line(out, journal->number + 1 + i, lines->pdata[i]);
    }
    if (write_at(journal->fd, out->str, out->len, journal->size) && fdatasync(journal->fd) == 0) {
        journal->number_before = journal->number;
        journal->number += lines->len;
        journal->size_before = journal->size;
        journal->size += (off_t)out->len;
        return true;
    }
    saved = errno;
    HL_IGNORE(ftruncate(journal->fd, journal->size) == 0); /* else the next append writes over it */
    return hl_fail_errno(error, saved, "cannot write %s", journal->path);
}

bool hl_journal_take_back(HlJournal *journal)
{
    if (journal->size == journal->size_before || ftruncate(journal->fd, journal->size_before) != 0)
        return false;
    HL_IGNORE(fdatasync(journal->fd) == 0); /* what a power cut brings back comes true: see the owner */
    journal->size = journal->size_before;
    journal->number = journal->number_before;
    return true;
}
