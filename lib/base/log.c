/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/log.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"

#define LIMIT_INTERVAL (10 * HL_SECOND)
#define LIMIT_KEYS     4096 /* beyond that the table starts over: better to forget a counter than to grow without bound */

typedef struct {
    HlTime next;
    guint suppressed;
} Limit;

static const char *const level_names[] = { "debug", "info ", "warn ", "error" };
static int threshold = HL_LOG_INFO;
static pthread_mutex_t limits_lock = PTHREAD_MUTEX_INITIALIZER;
static GHashTable *limits;

void hl_log_set_level(HlLogLevel level)
{
    __atomic_store_n(&threshold, (int)level, __ATOMIC_RELAXED);
}

static bool is_enabled(HlLogLevel level)
{
    return (int)level >= __atomic_load_n(&threshold, __ATOMIC_RELAXED);
}

/* One write per record, so that lines of several threads and processes do not mix. */
static void write_record(HlLogLevel level, const char *area, const char *message)
{
    g_autofree char *time = hl_time_format(hl_clock_wall());
    g_autofree char *clean = hl_text_printable(message);
    g_autofree char *line = g_strdup_printf("%s %s %s: %s\n", time, level_names[level], area, clean);
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

/* Whether a record with this key may pass now; *suppressed is how many were held back since the last one that did. */
static bool pass_limit(const char *area, const char *key, guint *suppressed)
{
    g_autofree char *name = g_strdup_printf("%s/%s", area, key);
    HlTime now = hl_clock_mono();
    bool pass;
    Limit *limit;

    pthread_mutex_lock(&limits_lock);
    if (limits == NULL)
        limits = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    if (g_hash_table_size(limits) >= LIMIT_KEYS)
        g_hash_table_remove_all(limits);
    limit = g_hash_table_lookup(limits, name);
    if (limit == NULL) {
        limit = g_new0(Limit, 1);
        g_hash_table_insert(limits, g_steal_pointer(&name), limit);
    }
    pass = now >= limit->next;
    *suppressed = limit->suppressed;
    if (pass) {
        limit->next = now + LIMIT_INTERVAL;
        limit->suppressed = 0;
    } else {
        limit->suppressed++;
    }
    pthread_mutex_unlock(&limits_lock);
    return pass;
}

void hl_log_limited(HlLogLevel level, const char *area, const char *key, const char *format, ...)
{
    g_autoptr(GString) message = NULL;
    guint suppressed = 0;
    va_list args;

    if (!is_enabled(level) || !pass_limit(area, key, &suppressed))
        return;
    message = g_string_new(NULL);
    va_start(args, format);
    g_string_append_vprintf(message, format, args);
    va_end(args);
    if (suppressed > 0)
        g_string_append_printf(message, " (%u more like it were not logged)", suppressed);
    write_record(level, area, message->str);
}
