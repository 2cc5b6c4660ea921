/* SPDX-License-Identifier: Apache-2.0 */
/* Machines that enrol at the parts of a manager: each has a fingerprint, a key, and the certificate that it was given
 * last. */
#ifndef TESTS_SUPPORT_ENROL_WORLD_H
#define TESTS_SUPPORT_ENROL_WORLD_H

#include "manager/daemon/work/enrol.h"
#include "manager/daemon/work/late_renewals.h"
#include "tests/support/http_fake.h"
#include "tests/support/manager_parts.h"

#define FINGERPRINT "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER       "f123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define THIRD       "1123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define FOURTH      "2123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define PEER        "192.0.2.50"

typedef struct {
    HlKey *key;
    GBytes *csr, *proof; /* of the same key: anyone who has it signs for the next one */
    char *certificate;   /* PEM; NULL: it has none */
} Machine;

typedef struct {
    Parts *parts;
    MgrApplicants *applicants;
    MgrEnrol *enrol;
    MgrLateRenewals *late_renewals;
    char *bundle, *token; /* id, secret; of "office", two uses */
    char *path;           /* by which the settings in it come, as they say */
    GHashTable *machines; /* fingerprint -> Machine * */
} World;

World *world_new(void);
void world_free(World *world);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(World, world_free)

/* The machine with this fingerprint, made when it is first named. */
Machine *world_machine(World *world, const char *fingerprint);

/* The world's bundle is another one from now on: for a group, or for an endpoint (then group is NULL). */
void world_take_bundle(World *world, const char *group, const char *endpoint, const char *uses);

typedef struct {
    HlMsgEnrolRequest request;
    HlMsgRegistration registration;
} Request;

/* The usual request of a machine.  With replace it shows its certificate, if it has one, and the proof. */
void request_init(World *world, Request *request, const char *fingerprint, bool replace);
void request_post(World *world, const Request *request);
void ask(World *world, const char *fingerprint, bool replace);

/* The next answer has this status and code; its message, decoded. */
HlMsgEnrolReply *expect(guint status, const char *code);
/* And says this. */
void expect_refusal(guint status, const char *code, const char *part);
void expect_none(void);

/* The request of an endpoint that comes back late: the machine's certificate and key, and a request for the other key.
 */
typedef struct {
    HlMsgRenewRequest request;
    GBytes *csr, *proof;
    char *certificate;
} Late;

void late_init(World *world, Late *late, const char *fingerprint);
void late_clear(Late *late);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Late, late_clear)
void late_post(World *world, const Late *late);

/* Enrols the machine, which has the certificate then; its id, caller frees. */
char *enrol(World *world, const char *fingerprint, bool replace);

#endif
