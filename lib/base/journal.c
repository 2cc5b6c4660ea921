/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/i18n.h"

#define CHECK_SIZE 16
#define MAX_DIGITS 19               /* so that none is too large for 64 bits */
#define MAX_SIZE   ((gsize)1 << 30) /* 200 bytes a certificate: five million */

struct HlJournal {
    char *path;
    int fd;
    uint64_t number, number_before; /* of the last line; of the one before the last append */
    off_t size, size_before;
};

/* Of "NUMBER text", into CHECK_SIZE characters.  A site of a million endpoints has two million lines, and some starts
 * look at all of them: one sum for all, and nothing is printed that is only compared. */
static void make_check(GChecksum *sum, const char *number, gsize digits, const char *text, gsize size, char *check)
{
    guint8 digest[32];
    gsize n = sizeof digest;

    g_checksum_reset(sum);
    g_checksum_update(sum, (const guchar *)number, (gssize)digits);
    g_checksum_update(sum, (const guchar *)" ", 1);
    g_checksum_update(sum, (const guchar *)text, (gssize)size);
    g_checksum_get_digest(sum, digest, &n);
    for (gsize i = 0; i < CHECK_SIZE; i++)
        check[i] = "0123456789abcdef"[i % 2 == 0 ? digest[i / 2] >> 4 : digest[i / 2] & 15];
}

/* "NUMBER CHECK text\n" */
static void print_line(GString *out, GChecksum *sum, uint64_t number, const char *text)
{
    char digits[MAX_DIGITS + 2];
    gsize n = (gsize)g_snprintf(digits, sizeof digits, "%" G_GUINT64_FORMAT, number);
    gsize size = strlen(text);
    char check[CHECK_SIZE];

    make_check(sum, digits, n, text, size, check);
    g_string_append_len(out, digits, (gssize)n);
    g_string_append_c(out, ' ');
    g_string_append_len(out, check, CHECK_SIZE);
    g_string_append_c(out, ' ');
    g_string_append_len(out, text, (gssize)size);
    g_string_append_c(out, '\n');
}

/* Where the reader is. */
typedef struct {
    HlJournalLine line;
    gpointer user;
    HlJournalState *state;
    GChecksum *sum;
    uint64_t number; /* of the last sound line */
} Reader;

/* As a number is printed; 0: it is none. */
static gsize count_digits(const char *data, gsize length)
{
    gsize n = 0;

    while (n < length && g_ascii_isdigit(data[n]))
        n++;
    return n > MAX_DIGITS || (n > 1 && data[0] == '0') ? 0 : n;
}

/* A whole line with its line feed: where its text begins.  0: it is not sound. */
static gsize check_line(GChecksum *sum, const char *data, gsize length)
{
    gsize digits = count_digits(data, length);
    gsize begin = digits + CHECK_SIZE + 2;
    char check[CHECK_SIZE];

    if (digits == 0 || length < begin + 1 || data[digits] != ' ' || data[begin - 1] != ' ' ||
        memchr(data, '\0', length) != NULL)
        return 0;
    make_check(sum, data, digits, data + begin, length - begin - 1, check);
    return memcmp(check, data + digits + 1, CHECK_SIZE) == 0 ? begin : 0;
}

/* false: it is not sound. */
static bool take_line(Reader *reader, const char *data, gsize length)
{
    gsize begin = check_line(reader->sum, data, length);
    uint64_t number;

    if (begin == 0)
        return false;
    number = g_ascii_strtoull(data, NULL, 10);
    reader->state->gaps += number != reader->number + 1;
    reader->number = number;
    reader->state->lines++;
    if (reader->line != NULL) {
        g_autofree char *text = g_strndup(data + begin, length - begin - 1);

        reader->line(text, reader->user);
    }
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

/* The file from a place on; NULL: no sound line of that number begins there. */
static GBytes *read_behind(const char *path, GChecksum *sum, HlJournalPlace from)
{
    g_autoptr(GBytes) bytes = from.number > 0 ? hl_file_read_from(path, from.at, MAX_SIZE, NULL) : NULL;
    gsize size = 0;
    const char *data = bytes != NULL ? g_bytes_get_data(bytes, &size) : NULL;
    const char *end = size > 0 ? memchr(data, '\n', size) : NULL;

    return end != NULL && check_line(sum, data, (gsize)(end - data) + 1) > 0 &&
                   g_ascii_strtoull(data, NULL, 10) == from.number
               ? g_steal_pointer(&bytes)
               : NULL;
}

/* size: of what was read. */
static bool read_all(const char *path, HlJournalPlace from, Reader *reader, gsize *size, GError **error)
{
    g_autoptr(GError) problem = NULL;
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_autoptr(GBytes) bytes = read_behind(path, sum, from);
    const char *data;
    guint whole = 0;

    reader->sum = sum;
    *reader->state = (HlJournalState){ .left = bytes != NULL ? from.at : 0 };
    reader->number = bytes != NULL ? from.number - 1 : 0;
    *size = 0;
    if (bytes == NULL)
        bytes = hl_file_read(path, MAX_SIZE, &problem);
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

    return read_all(path, (HlJournalPlace){ 0 }, &reader, &size, error);
}

HlJournal *hl_journal_open(const char *path, HlJournalLine line, gpointer user, HlJournalState *state, GError **error)
{
    return hl_journal_open_from(path, (HlJournalPlace){ 0 }, line, user, state, error);
}

HlJournal *hl_journal_open_from(const char *path, HlJournalPlace from, HlJournalLine line, gpointer user,
                                HlJournalState *state, GError **error)
{
    g_autoptr(HlJournal) journal = g_new0(HlJournal, 1);
    g_autofree char *directory = g_path_get_dirname(path);
    Reader reader = { .line = line, .user = user, .state = state };
    gsize size;

    journal->fd = -1;
    journal->path = g_strdup(path);
    if (!read_all(path, from, &reader, &size, error))
        return NULL;
    journal->number = journal->number_before = reader.number;
    journal->size = journal->size_before = (off_t)(state->left + size - state->torn);
    journal->fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (journal->fd < 0 || ftruncate(journal->fd, journal->size) != 0 || fsync(journal->fd) != 0) {
        hl_fail_errno(error, errno, _("cannot open %s"), path);
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

HlJournalPlace hl_journal_end(const HlJournal *journal)
{
    return (HlJournalPlace){ (uint64_t)journal->size, journal->number + 1 };
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
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_autoptr(GString) out = g_string_new(NULL);
    int saved;

    for (guint i = 0; i < lines->len; i++) {
        g_assert(strchr(lines->pdata[i], '\n') == NULL);
        print_line(out, sum, journal->number + 1 + i, lines->pdata[i]);
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
    return hl_fail_errno(error, saved, _("cannot write %s"), journal->path);
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
