/* SPDX-License-Identifier: Apache-2.0 */
/* A simulated repository and a client of it with a metadata directory of its own, initialised with root version 1. */
#ifndef TESTS_SUPPORT_TUF_FIXTURE_H
#define TESTS_SUPPORT_TUF_FIXTURE_H

#include "tests/support/tuf_sim.h"

#define FIXTURE_NOW ((HlTime)1795385700 * HL_SECOND) /* 2026-11-22 */

typedef struct {
    TufSim *sim;
    char *top; /* everything is below */
    char *dir; /* metadata */
    char *out; /* the target that was downloaded last */
} Fixture;

Fixture *fixture_new(void);
void fixture_free(Fixture *fixture);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Fixture, fixture_free)

/* A client that has refreshed; NULL on failure. */
UpdClient *fixture_open(Fixture *fixture, GError **error);

/* One run each: a refresh that must hold; one that must fail like this, with these words in its message. */
void fixture_accept(Fixture *fixture);
void fixture_refuse(Fixture *fixture, HlErrorCode code, const char *words);

/* The same for a refresh and the download of one target, whose content must be this. */
void fixture_get(Fixture *fixture, const char *path, const char *content);
void fixture_get_refused(Fixture *fixture, const char *path, HlErrorCode code, const char *words);

/* The version in the file of a role in the metadata directory, -1 when there is none. */
gint64 fixture_version(Fixture *fixture, const char *role);
char *fixture_path(Fixture *fixture, const char *name);
void fixture_expect_requests(Fixture *fixture, const char *requests);

#endif
