/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/log.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"

#define LIMIT_INTERVAL (10 * HL_SECOND)
#define LIMIT_KEYS     4096 /* beyond that the table starts over: better to forget a counter than to grow without bound */
/* Records an area and interval, however many keys there are: strangers choose theirs, an IPv6 /64 has 2^64 addresses.
 * An area at its limit all day writes 26 MB of 100-byte lines. */
#define LIMIT_AREA 30

typedef struct {
    HlTime next;
    guint suppressed;
} Limit;

typedef struct {
    HlTime until; /* the end of this interval */
    guint passed; /* in it */
    guint suppressed;
} Area;

/* What was held back since the last record that passed: of the same key, and of others in its area. */
typedef struct {
    guint alike, others;
} Suppressed;

static const char *const level_names[] = { "debug", "info ", "warn ", "error" };
/* syslog's numbers, as sd-daemon(3) has them */
static const char *const marks[] = { "<7>", "<6>", "<4>", "<3>" };
static bool in_journal;
static int threshold = HL_LOG_INFO;
static pthread_mutex_t limits_lock = PTHREAD_MUTEX_INITIALIZER;
static GHashTable *limits; /* "area/key" -> Limit * */
static GHashTable *areas;  /* name -> Area *; as many as there are in the sources */

void hl_log_set_level(HlLogLevel level)
{
    __atomic_store_n(&threshold, (int)level, __ATOMIC_RELAXED);
}

static bool is_enabled(HlLogLevel level)
{
    return (int)level >= __atomic_load_n(&threshold, __ATOMIC_RELAXED);
}

void hl_log_follow_journal(void)
{
    const char *stream = g_getenv("JOURNAL_STREAM");
    g_autofree char *own = NULL;
    struct stat about;

    in_journal = false;
    if (stream == NULL || fstat(STDERR_FILENO, &about) != 0)
        return;
    own = g_strdup_printf("%ju:%ju", (uintmax_t)about.st_dev, (uintmax_t)about.st_ino);
    in_journal = strcmp(own, stream) == 0;
}

const char *hl_log_mark(HlLogLevel level)
{
    return in_journal ? marks[level] : "";
}

/* One write per record, so that lines of several threads and processes do not mix. */
static void write_record(HlLogLevel level, const char *area, const char *message)
{
    g_autofree char *time = hl_time_format(hl_clock_wall());
    g_autofree char *clean = hl_text_printable(message);
    g_autofree char *line =
        g_strdup_printf("%s%s %s %s: %s\n", hl_log_mark(level), time, level_names[level], area, clean);
    ssize_t written = write(STDERR_FILENO, line, strlen(line));

    (void)written; /* there is nobody left to tell about a log that cannot be written */
}

void hl_log(HlLogLevel level, const char *area, const char *format, ...)
{
    g_autofree char *message = NULL;
    va_list args;

    if (!is_enabled(level))
        return;
    va_start(args, format);
    message = g_strdup_vprintf(format, args);
    va_end(args);
    write_record(level, area, message);
}

/* All under the lock. */

static Limit *find_limit(const char *area, const char *key)
{
    char *name = g_strdup_printf("%s/%s", area, key);
    Limit *limit;

    if (limits == NULL)
        limits = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    if (g_hash_table_size(limits) >= LIMIT_KEYS)
        g_hash_table_remove_all(limits);
    limit = g_hash_table_lookup(limits, name);
    if (limit != NULL) {
        g_free(name);
        return limit;
    }
    limit = g_new0(Limit, 1);
    g_hash_table_insert(limits, name, limit);
    return limit;
}

static Area *find_area(const char *name)
{
    Area *area;

    if (areas == NULL)
        areas = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    area = g_hash_table_lookup(areas, name);
    if (area == NULL) {
        area = g_new0(Area, 1);
        g_hash_table_insert(areas, g_strdup(name), area);
    }
    return area;
}

static bool has_room(Area *area, HlTime now)
{
    if (now >= area->until) {
        area->until = now + LIMIT_INTERVAL;
        area->passed = 0;
    }
    return area->passed < LIMIT_AREA;
}

static bool pass(Limit *limit, Area *area, HlTime now, Suppressed *suppressed)
{
    if (now < limit->next) {
        limit->suppressed++;
        return false;
    }
    if (!has_room(area, now)) {
        area->suppressed++;
        return false;
    }
    *suppressed = (Suppressed){ limit->suppressed, area->suppressed };
    limit->next = now + LIMIT_INTERVAL;
    area->passed++;
    limit->suppressed = area->suppressed = 0;
    return true;
}

static bool pass_limit(const char *area, const char *key, Suppressed *suppressed)
{
    HlTime now = hl_clock_mono();
    bool passed;

    pthread_mutex_lock(&limits_lock);
    passed = pass(find_limit(area, key), find_area(area), now, suppressed);
    pthread_mutex_unlock(&limits_lock);
    return passed;
}

void hl_log_limited(HlLogLevel level, const char *area, const char *key, const char *format, ...)
{
    g_autoptr(GString) message = NULL;
    Suppressed suppressed;
    va_list args;

    if (!is_enabled(level) || !pass_limit(area, key, &suppressed))
        return;
    message = g_string_new(NULL);
    va_start(args, format);
    g_string_append_vprintf(message, format, args);
    va_end(args);
    if (suppressed.alike > 0)
        g_string_append_printf(message, " (%u more like it were not logged)", suppressed.alike);
    if (suppressed.others > 0)
        g_string_append_printf(message, " (%u of others were not logged)", suppressed.others);
    write_record(level, area, message->str);
}
