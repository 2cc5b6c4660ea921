/* SPDX-License-Identifier: Apache-2.0 */
/* Typed options in a table: one row per option, with type, offset in a struct, default, bounds and help.
 *
 * The same row parses, checks, prints and documents the value, wherever its text comes from: a configuration file
 * (conf.h), a command line KEY=VALUE, a settings document.  Strings belong to the struct; hl_options_clear frees
 * them. */
#ifndef LIB_BASE_OPTION_H
#define LIB_BASE_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/error.h"

typedef enum {
    HL_OPTION_STRING,   /* char *; min..max is its length in bytes */
    HL_OPTION_INT,      /* int64_t; min..max */
    HL_OPTION_BOOL,     /* bool; yes|no, true|false, on|off, 1|0 */
    HL_OPTION_DURATION, /* HlTime; min..max in milliseconds */
    HL_OPTION_CHOICE,   /* int: index into choices */
    HL_OPTION_LIST,     /* char ** (GStrv), comma-separated; min..max is the count */
} HlOptionType;

typedef struct {
    const char *name; /* "section.key"; dots in the key are allowed */
    HlOptionType type;
    size_t offset;
    const char *fallback; /* the default as text; must pass the row's own checks */
    int64_t min, max;     /* both 0: unbounded */
    const char *const *choices;
    const char *help;
    bool (*check)(const char *text, GError **error); /* an additional rule, or NULL */
} HlOption;

/* An earlier name of an option, by which files may still have it. */
typedef struct {
    const char *was, *name;
} HlOptionAlias;

/* Two options that mean something only together: where name has another value than its default, needs has to as well,
 * or has to be value. */
typedef struct {
    const char *name, *needs;
    const char *value;   /* as hl_option_get prints it; NULL: anything but the default */
    const char *without; /* what becomes of name otherwise, a clause: "no mail can be sent" */
} HlOptionNeed;

typedef struct {
    const HlOption *rows;
    size_t count;
    const HlOptionAlias *aliases; /* the last one is empty; NULL: none */
    const HlOptionNeed *needs;    /* the same */
} HlOptionTable;

#define HL_OPTION_TABLE(rows_) ((HlOptionTable){ (rows_), G_N_ELEMENTS(rows_), NULL, NULL })

/* By its name, or an earlier one; NULL if the table has no such row. */
const HlOption *hl_option_find(HlOptionTable table, const char *name);

/* Sets every option to its default.  A default that breaks the rules of its own row is a bug and aborts. */
void hl_options_init(HlOptionTable table, void *values);

/* Frees the strings and lists of the values and zeroes all of them. */
void hl_options_clear(HlOptionTable table, void *values);

/* Parses, checks, stores.  On failure the old value stays, and the message names the option and says what it takes. */
bool hl_option_set(const HlOption *option, void *values, const char *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The same by name; the error for an unknown name suggests the most similar one. */
bool hl_options_set(HlOptionTable table, void *values, const char *name, const char *text,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The value in the form that hl_option_set accepts.  Caller frees. */
char *hl_option_get(const HlOption *option, const void *values);

/* Calls unmet for each need of the table that the values do not meet, in a sentence that names both options and no
 * value of them; returns how many there are.  Not an error: a program works with them, without what they are for. */
typedef void (*HlOptionUnmet)(const char *sentence, gpointer user);
guint hl_options_unmet(HlOptionTable table, const void *values, HlOptionUnmet unmet, gpointer user);

/* What the option takes, for help and messages: "a duration from 10s to 1h", "one of managed, external".  Caller frees.
 */
char *hl_option_describe(const HlOption *option);

#endif
