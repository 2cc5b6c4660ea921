/* SPDX-License-Identifier: Apache-2.0 */
/* A registry in a directory of its own, and a writer whose commits the test orders. */
#ifndef TESTS_SUPPORT_REGISTRY_FIXTURE_H
#define TESTS_SUPPORT_REGISTRY_FIXTURE_H

#include "lib/store/writer.h"

typedef struct {
    char *directory;
    HlDb *db;
    HlWriter *writer;
    HlWriteSet *set; /* the next one */
    GString *loaded; /* what the loaders gave, as text */
} Fixture;

void fixture_set_up(Fixture *fixture, gconstpointer user);
void fixture_tear_down(Fixture *fixture, gconstpointer user);

/* Commits the set, which must succeed, or fail with HL_ERROR_CONFLICT; then there is a new one. */
void fixture_commit(Fixture *fixture);
void fixture_commit_fails(Fixture *fixture);

/* A line of a member, in a function that has a record and an out. */
#define ADD_TEXT(member)   g_string_append_printf(out, #member "=%s\n", record->member)
#define ADD_NUMBER(member) g_string_append_printf(out, #member "=%" G_GUINT64_FORMAT "\n", (uint64_t)record->member)

#endif
