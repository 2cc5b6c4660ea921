/* SPDX-License-Identifier: Apache-2.0 */
/* The files of a TUF repository as structs: TUF 1.0.34, section 4.
 *
 * Parsing checks form and bounds, and that the file has the type and the spec_version that are expected.  It says
 * nothing about trust: that is trusted.h.  Unknown members are ignored, but are part of what is signed.  Pure. */
#ifndef UPDATER_TUF_METADATA_H
#define UPDATER_TUF_METADATA_H

#include "lib/base/clock.h"
#include "updater/tuf/key.h"

/* The top-level roles in the order of their update.  A delegated role has the type TUF_TARGETS. */
typedef enum { TUF_ROOT, TUF_TIMESTAMP, TUF_SNAPSHOT, TUF_TARGETS, TUF_N_ROLES } TufRole;

/* "root", ... */
const char *tuf_role_name(TufRole role);

/* The most bytes that are accepted of a file of this type when no length is listed: W, X, Y and Z of TUF section 5. */
gsize tuf_role_max_size(TufRole role);

/* Numbers in metadata: what every JSON implementation keeps exactly. */
#define TUF_NUMBER_MAX (((int64_t)1 << 53) - 1)

/* Of one of our hashes each, NULL where it is not listed. */
typedef struct {
    char *hex[TUF_HASH_N];
} TufHashes;

/* Whether every hash that is listed is the one of data. */
bool tuf_hashes_match(const TufHashes *hashes, const void *data, gsize size);

/* Who may sign: a number of distinct keys out of these. */
typedef struct {
    GHashTable *keyids; /* a set of text */
    int64_t threshold;
} TufSigners;

/* Whether every key of the old signers is still one of the new ones. */
bool tuf_signers_kept(const TufSigners *old, const TufSigners *now);

typedef struct {
    char *keyid;
    GBytes *value; /* empty when "sig" is not hexadecimal: it then verifies with no key */
} TufSignature;

/* An entry of "meta". */
typedef struct {
    int64_t version;
    int64_t length; /* -1: not listed */
    TufHashes hashes;
} TufMeta;

typedef struct {
    char *path;
    int64_t length;
    TufHashes hashes; /* one at least */
    json_t *custom;   /* an object, or NULL */
} TufTarget;

typedef struct {
    char *name;
    TufSigners signers;
    bool terminating;
    GPtrArray *paths;              /* patterns, or NULL */
    GPtrArray *path_hash_prefixes; /* or NULL */
} TufDelegation;

typedef struct {
    TufRole type;
    int64_t version;
    HlTime expires;
    GBytes *bytes;         /* the file as it came */
    GBytes *signed_bytes;  /* canonical form of what is signed */
    GPtrArray *signatures; /* of TufSignature, each keyid once */

    /* TUF_ROOT */
    bool consistent_snapshot;
    TufKeyring *keys; /* for TUF_TARGETS: the keys of the delegations, or NULL */
    TufSigners signers[TUF_N_ROLES];

    /* TUF_TIMESTAMP, TUF_SNAPSHOT: file name -> TufMeta */
    GHashTable *meta;

    /* TUF_TARGETS */
    GHashTable *targets;    /* path -> TufTarget */
    GPtrArray *delegations; /* of TufDelegation, in their order; NULL: none */
} TufMetadata;

/* NULL on failure; the message starts with the reason, not with the file's name. */
TufMetadata *tuf_metadata_parse(TufRole type, GBytes *bytes, GError **error);
void tuf_metadata_free(TufMetadata *metadata);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TufMetadata, tuf_metadata_free)

/* The entry "NAME.json" of meta; NULL if it is not listed. */
const TufMeta *tuf_metadata_meta(const TufMetadata *metadata, const char *role_name);

/* NULL if this file does not list it. */
const TufTarget *tuf_metadata_target(const TufMetadata *metadata, const char *path);

#endif
