/* SPDX-License-Identifier: Apache-2.0 */
/* What a client does with metadata whose signatures hold: the input is a script of unsigned files, which are signed
 * here with fixed keys and handed to the client's rules one after another.
 *
 *   a file is a line TYPE KEYS ':' JSON:   t1:{"_type":"timestamp", ...}
 *   TYPE   r root, t timestamp, T timestamp of the last run, s snapshot, S snapshot of the last run, g targets,
 *          d delegated targets
 *   KEYS   which of the keys 0 to 5 sign it: at most four digits
 *   in JSON: @N the keyid of key N, %N the member "keyid": {key}, #N the SHA-256 and ~N the length of the file that
 *          stands N places further on
 *
 * It begins with a root of version 1: key 0 signs root, 1 timestamp, 2 snapshot, 3 targets. */
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "updater/tuf/canonical.h"
#include "updater/tuf/delegation.h"
#include "updater/tuf/trusted.h"

/* Where any answer is right, and only the way to it is tried. */
static volatile bool done;

#define N_KEYS     6
#define FILES_MAX  12
#define SIGNED_MAX 4
#define NOW        ((HlTime)1795385700 * HL_SECOND) /* 2026-11-22 */

#define FIRST_ROOT                                                                                        \
    "{\"_type\":\"root\",\"spec_version\":\"1.0.34\",\"version\":1,\"expires\":\"2027-01-01T00:00:00Z\"," \
    "\"consistent_snapshot\":true,\"keys\":{%0,%1,%2,%3},\"roles\":{"                                     \
    "\"root\":{\"keyids\":[\"@0\"],\"threshold\":1},\"timestamp\":{\"keyids\":[\"@1\"],\"threshold\":1}," \
    "\"snapshot\":{\"keyids\":[\"@2\"],\"threshold\":1},\"targets\":{\"keyids\":[\"@3\"],\"threshold\":1}}}"

typedef struct {
    char type;
    GBytes *bytes;
} File;

static struct {
    TufPrivateKey *private;
    char *id, *member;
} keys[N_KEYS];

/* PKCS #8 is a fixed head and 32 bytes that are the key. */
static TufPrivateKey *make_key(guint8 number)
{
    guint8 der[48] = { 0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20 };
    g_autofree char *base64 = NULL;
    g_autofree char *pem = NULL;

    memset(der + 16, number + 1, 32);
    base64 = g_base64_encode(der, sizeof der);
    pem = g_strdup_printf("-----BEGIN PRIVATE KEY-----\n%s\n-----END PRIVATE KEY-----\n", base64);
    return tuf_private_key_parse(pem, NULL, NULL);
}

static void make_keys(void)
{
    for (guint8 i = 0; i < N_KEYS; i++) {
        g_autoptr(json_t) object = NULL;
        g_autofree char *text = NULL;

        keys[i].private = make_key(i);
        g_assert_nonnull(keys[i].private);
        object = tuf_key_object(keys[i].private);
        text = hl_json_print(object);
        keys[i].id = tuf_keyid(object, NULL);
        keys[i].member = g_strdup_printf("\"%s\":%s", keys[i].id, text);
    }
}

/* ---------------------------------------------------------------------------------------------------- the script */

/* later: the files that follow, the nearest first. */
static char *fill_in(const char *json, const File *later, guint n_later)
{
    GString *out = g_string_new(NULL);

    for (const char *p = json; *p != '\0' && out->len < 20000; p++) {
        guint n = (guint)(p[1] - '0');
        GBytes *file = n - 1 < n_later ? later[n - 1].bytes : NULL;

        if (strchr("@%#~", *p) == NULL || n > 9) {
            g_string_append_c(out, *p);
            continue;
        }
        if (n < N_KEYS && (*p == '@' || *p == '%'))
            g_string_append(out, *p == '@' ? keys[n].id : keys[n].member);
        if (*p == '~')
            g_string_append_printf(out, "%zu", file == NULL ? 0 : g_bytes_get_size(file));
        if (*p == '#' && file != NULL) {
            g_autofree char *hash = tuf_hash_hex(TUF_HASH_SHA256, g_bytes_get_data(file, NULL), g_bytes_get_size(file));

            g_string_append(out, hash);
        }
        p++;
    }
    return g_string_free(out, FALSE);
}

/* NULL when it is no JSON that can be signed. */
static GBytes *sign(const char *json, const char *signers, gsize n_signers)
{
    g_autoptr(json_t) body = hl_json_parse("body", json, strlen(json), NULL);
    g_autoptr(GBytes) canonical = body == NULL ? NULL : tuf_canonical(body, NULL);
    g_autoptr(json_t) file = json_pack("{s:O*, s:[]}", "signed", body, "signatures");
    char *text;
    gsize size;
    const void *data;

    if (canonical == NULL)
        return NULL;
    data = g_bytes_get_data(canonical, &size);
    for (gsize i = 0; i < MIN(n_signers, SIGNED_MAX); i++) {
        guint n = (guint)(signers[i] - '0');

        if (n < N_KEYS) {
            g_autofree char *signature = tuf_sign(keys[n].private, data, size);

            json_array_append_new(json_object_get(file, "signatures"),
                                  json_pack("{s:s, s:s}", "keyid", keys[n].id, "sig", signature));
        }
    }
    text = hl_json_print(file);
    return g_bytes_new_take(text, strlen(text));
}

/* The last file first, because those before it list its hash. */
static guint sign_files(char **lines, File files[FILES_MAX])
{
    guint n = MIN(g_strv_length(lines), FILES_MAX);

    for (guint i = n; i-- > 0;) {
        const char *colon = strchr(lines[i], ':');
        g_autofree char *json = colon == NULL ? NULL : fill_in(colon + 1, &files[i + 1], n - i - 1);

        files[i] = (File){ .type = lines[i][0] };
        if (json != NULL && colon > lines[i])
            files[i].bytes = sign(json, lines[i] + 1, (gsize)(colon - lines[i]) - 1);
    }
    return n;
}

/* ---------------------------------------------------------------------------------------------------- the rules */

static void try_root(TufTrusted *trusted, GBytes *bytes)
{
    int64_t version = trusted->root->version;
    bool rotated;

    if (tuf_trusted_update_root(trusted, bytes, &rotated, NULL)) {
        g_assert_cmpint(trusted->root->version, ==, version + 1);
        g_assert_true(!rotated || (trusted->timestamp == NULL && trusted->snapshot == NULL));
    } else {
        g_assert_cmpint(trusted->root->version, ==, version);
    }
    done = tuf_trusted_check_root(trusted, NULL);
}

static int64_t listed_snapshot(const TufMetadata *timestamp)
{
    return tuf_metadata_meta(timestamp, "snapshot")->version;
}

static void try_timestamp(TufTrusted *trusted, GBytes *bytes)
{
    const TufMetadata *old = trusted->timestamp;
    int64_t version = old == NULL ? 0 : old->version;
    int64_t snapshot = old == NULL ? 0 : listed_snapshot(old);
    TufOutcome outcome = TUF_SAME;

    if (tuf_trusted_update_timestamp(trusted, bytes, &outcome, NULL) && outcome == TUF_UPDATED) {
        g_assert_cmpint(trusted->timestamp->version, >, version);
        g_assert_cmpint(listed_snapshot(trusted->timestamp), >=, snapshot);
        g_assert_cmpint(trusted->timestamp->expires, >, NOW);
    } else {
        g_assert_true(trusted->timestamp == old);
    }
}

static void try_snapshot(TufTrusted *trusted, GBytes *bytes)
{
    const TufMetadata *old = trusted->snapshot;
    int64_t version = old == NULL ? 0 : old->version;

    if (trusted->timestamp == NULL) /* the client asks for none before */
        return;
    if (tuf_trusted_update_snapshot(trusted, bytes, NULL)) {
        g_assert_cmpint(trusted->snapshot->version, >=, version);
        g_assert_true(tuf_trusted_snapshot_is_current(trusted));
    } else {
        g_assert_true(trusted->snapshot == old);
    }
}

static void try_targets(TufTrusted *trusted, GBytes *bytes)
{
    const TufMetadata *old = trusted->targets;

    if (trusted->snapshot == NULL)
        return;
    if (tuf_trusted_update_targets(trusted, bytes, NULL))
        g_assert_cmpint(trusted->targets->version, ==, tuf_trusted_meta(trusted, "targets", NULL)->version);
    else
        g_assert_true(trusted->targets == old);
}

/* The first of the delegated files that holds for this delegation; all lie in roles, which outlives the walk. */
static const TufMetadata *find_role(const TufTrusted *trusted, const TufWalkEvent *event, const File *files, guint n,
                                    GPtrArray *roles)
{
    for (guint i = 0; i < n; i++) {
        TufMetadata *role =
            files[i].type != 'd' || files[i].bytes == NULL
                ? NULL
                : tuf_trusted_check_delegated(trusted, event->delegator, event->delegation, files[i].bytes, NULL);

        if (role != NULL) {
            g_ptr_array_add(roles, role);
            return role;
        }
    }
    return NULL;
}

static void try_search(const TufTrusted *trusted, const char *path, const File *files, guint n)
{
    g_autoptr(GPtrArray) roles = g_ptr_array_new_with_free_func((GDestroyNotify)tuf_metadata_free);
    g_auto(TufWalk) walk = { 0 };
    const TufMetadata *role = trusted->targets;
    TufWalkEvent event;
    TufWalkStep step;

    tuf_walk_init(&walk, path);
    while (role != NULL && (step = tuf_walk_enter(&walk, role, &event)) == TUF_WALK_WANTS) {
        g_assert_true(tuf_delegation_covers(event.delegation, path));
        g_assert_cmpuint(roles->len, <=, TUF_WALK_ROLES_MAX);
        role = find_role(trusted, &event, files, n, roles);
    }
    if (role != NULL && step == TUF_WALK_FOUND)
        g_assert_cmpstr(event.target->path, ==, path);
}

static void apply(TufTrusted *trusted, const File *file)
{
    switch (file->type) {
    case 'r':
        try_root(trusted, file->bytes);
        return;
    case 't':
        try_timestamp(trusted, file->bytes);
        return;
    case 'T':
        done = tuf_trusted_load_timestamp(trusted, file->bytes, NULL);
        return;
    case 's':
        try_snapshot(trusted, file->bytes);
        return;
    case 'S':
        done = tuf_trusted_load_snapshot(trusted, file->bytes, NULL);
        return;
    case 'g':
        try_targets(trusted, file->bytes);
        return;
    default:
        return;
    }
}

/* The first root, checked once and used again as long as no input replaces it: that is half of a run. */
static TufMetadata *first_root;

static void begin(TufTrusted *trusted)
{
    static GBytes *bytes = NULL;

    *trusted = (TufTrusted){ .now = NOW, .root = g_steal_pointer(&first_root) };
    if (trusted->root != NULL)
        return;
    if (bytes == NULL) {
        g_autofree char *json = NULL;

        make_keys();
        json = fill_in(FIRST_ROOT, NULL, 0);
        bytes = sign(json, "0", 1);
    }
    g_assert_true(tuf_trusted_init(trusted, bytes, NOW, NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *script = fuzz_text(data, size);
    g_auto(GStrv) lines = g_strsplit(script, "\n", FILES_MAX + 1);
    g_auto(TufTrusted) trusted = { 0 };
    File files[FILES_MAX];
    guint n;

    begin(&trusted);
    n = sign_files(lines, files);
    for (guint i = 0; i < n; i++)
        if (files[i].bytes != NULL)
            apply(&trusted, &files[i]);
    if (trusted.snapshot != NULL && trusted.targets != NULL) {
        try_search(&trusted, "file", files, n);
        try_search(&trusted, "virus/1/x.zst", files, n);
    }
    for (guint i = 0; i < n; i++)
        g_clear_pointer(&files[i].bytes, g_bytes_unref);
    if (trusted.root->version == 1)
        first_root = g_steal_pointer(&trusted.root);
    return 0;
}
