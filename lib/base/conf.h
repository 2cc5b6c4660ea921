/* SPDX-License-Identifier: Apache-2.0 */
/* Configuration files: sections and keys (GKeyFile), checked against one option table per program.
 *
 * An unknown section or key is an error, so that a misspelt key is never silently ignored.  Nothing is stored unless
 * the whole file is valid: SIGHUP can parse first and swap after. */
#ifndef LIB_BASE_CONF_H
#define LIB_BASE_CONF_H

#include "lib/base/option.h"

/* values must be zeroed or initialised by hl_options_init; on success they hold defaults overlaid with the file. Option
 * names are "section.key". */
bool hl_conf_load(const char *path, HlOptionTable table, void *values, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The same from text, for tests and the fuzz target, which have no files; name stands for the file in messages. */
bool hl_conf_parse(const char *name, const char *text, gsize size, HlOptionTable table, void *values,
                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A documented file with every option set as in values.  Caller frees. */
char *hl_conf_print(HlOptionTable table, const void *values);

#endif
