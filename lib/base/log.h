/* SPDX-License-Identifier: Apache-2.0 */
/* The log: one line per record on stderr, "2026-11-22T21:45:00Z warn  line: message".
 *
 * For events that an operator should read; not for failures that are returned (handle once or return, never both).  Any
 * thread.  Whatever somebody outside can cause goes through hl_log_limited: one record per area and key every ten
 * seconds, and thirty per area whatever the keys are; it counts the rest, so that garbage from outside cannot fill a
 * disk.  In the journal a record carries its level as a priority: debug 7, info 6, warn 4, error 3 (syslog's). */
#ifndef LIB_BASE_LOG_H
#define LIB_BASE_LOG_H

#include <glib.h>

typedef enum { HL_LOG_DEBUG, HL_LOG_INFO, HL_LOG_WARN, HL_LOG_ERROR } HlLogLevel;

/* Records below the level are dropped; default HL_LOG_INFO. */
void hl_log_set_level(HlLogLevel level);

/* Looks whether stderr is the journal's stream (JOURNAL_STREAM); if so, records begin with their priority, "<4>", which
 * journald takes off again.  For daemons, before they have threads; others write to people. */
void hl_log_follow_journal(void);

/* What a line of this level on stderr begins with: "<3>" in the journal, else "". */
const char *hl_log_mark(HlLogLevel level);

/* area is a short noun ("broker", "enrol"). */
void hl_log(HlLogLevel level, const char *area, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* key names the sender or object; suppressed records are counted, and the next one that passes gives their number. */
void hl_log_limited(HlLogLevel level, const char *area, const char *key, const char *format, ...) G_GNUC_PRINTF(4, 5);

#define hl_debug(area, ...) hl_log(HL_LOG_DEBUG, area, __VA_ARGS__)
#define hl_info(area, ...)  hl_log(HL_LOG_INFO, area, __VA_ARGS__)
#define hl_warn(area, ...)  hl_log(HL_LOG_WARN, area, __VA_ARGS__)
#define hl_error(area, ...) hl_log(HL_LOG_ERROR, area, __VA_ARGS__)

#endif
