/* SPDX-License-Identifier: Apache-2.0 */
/* Configuration files: sections and keys (GKeyFile), checked against one option table per program.
 *
 * An unknown section or key is an error, so that a misspelt key is never silently ignored.  Nothing is stored unless
 * the whole file is valid: SIGHUP can parse first and swap after. */
#ifndef LIB_BASE_CONF_H
#define LIB_BASE_CONF_H

#include "lib/base/option.h"

/* values must be zeroed or initialised by hl_options_init; on success they hold defaults overlaid with the file. Option
 * names are "section.key".  A key that is given twice is no failure, as files that have one have worked so far:
 * it is logged as a warning. */
bool hl_conf_load(const char *path, HlOptionTable table, void *values, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The same from text, for tests and the fuzz target, which have no files; name stands for the file in messages. */
bool hl_conf_parse(const char *name, const char *text, gsize size, HlOptionTable table, void *values,
                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* One fault in words: file, line, section, key, what it takes. */
typedef void (*HlConfFault)(const char *fault, gpointer user);

/* Calls fault for everything that is wrong with the file, where hl_conf_load stops at the first; returns how many there
 * are, of which it looks for 50.  values as for hl_conf_load: set only if there are none. */
guint hl_conf_check(const char *path, HlOptionTable table, void *values, HlConfFault fault,
                    gpointer user) G_GNUC_WARN_UNUSED_RESULT;

/* Calls fault for each line of the text that gives a key which an earlier line gives, by this or an earlier name, with
 * the numbers of both lines; returns how many there are, of which it looks for 50. */
guint hl_conf_doubles(const char *name, const char *text, HlOptionTable table, HlConfFault fault, gpointer user);

/* The same of a file.  0 too if it cannot be read, which hl_conf_load says. */
guint hl_conf_doubles_in(const char *path, HlOptionTable table, HlConfFault fault, gpointer user);

/* What is asked about values that are right each by itself; members may be NULL.  path: of the file. */
typedef struct {
    bool (*whole)(void *values, GError **error); /* false: a program does not start with them */
    /* What else does not work, though the program does: calls fault for each, returns how many. */
    guint (*lacks)(const char *path, const void *values, HlConfFault fault, gpointer user);
} HlConfRules;

/* The same for "--check-config": a line on standard output for each fault, each need of the table that is not met and
 * each key that is given twice among them.  The values are cleared.  false, with how many faults there are, if any. */
bool hl_conf_check_print(const char *path, HlOptionTable table, void *values, HlConfRules rules,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A documented file with every option set as in values.  Caller frees. */
char *hl_conf_print(HlOptionTable table, const void *values);

#endif
