/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/scan/crate.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/ident.h"

#define MAGIC_SIZE 8
#define KEY_SIZE   32
#define STEP       (256 * 1024) /* a multiple of KEY_SIZE, so that every step begins with the key's first byte */

static const uint8_t magic[MAGIC_SIZE] = { 'H', 'L', 'c', 'r', 'a', 't', 'e', '1' };

G_STATIC_ASSERT(EP_CRATE_HEADER_SIZE == MAGIC_SIZE + KEY_SIZE);
G_STATIC_ASSERT(STEP % KEY_SIZE == 0);

static bool write_all(int fd, const uint8_t *data, gsize size, GError **error)
{
    while (size > 0) {
        ssize_t n = write(fd, data, size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return hl_fail_errno(error, errno, "cannot write");
        data += n;
        size -= (gsize)n;
    }
    return true;
}

/* Fills the buffer unless the file ends before.  -1 on failure. */
static gssize read_full(int fd, uint8_t *data, gsize size, int64_t offset, GError **error)
{
    gsize have = 0;

    while (have < size) {
        ssize_t n = pread(fd, data + have, size - have, offset + (int64_t)have);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            hl_fail_errno(error, errno, "cannot read");
            return -1;
        }
        if (n == 0)
            break;
        have += (gsize)n;
    }
    return (gssize)have;
}

static void mask(uint8_t *data, gsize size, const uint8_t *key)
{
    for (gsize i = 0; i < size; i++)
        data[i] ^= key[i % KEY_SIZE];
}

/* What one pass over a file does. */
typedef struct {
    int from;
    int64_t start; /* offset of the content */
    int64_t size;  /* expected; -1: to the end */
    int to;        /* -1: nowhere */
    const uint8_t *key;
    bool packs; /* the digest is of what is read, else of what is written */
} Pass;

static char *run(const Pass *pass, GError **error)
{
    g_autofree uint8_t *buffer = g_malloc(STEP);
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    int64_t done = 0;
    gssize n;

    while ((n = read_full(pass->from, buffer, STEP, pass->start + done, error)) > 0) {
        done += n;
        if (pass->size >= 0 && done > pass->size)
            break; /* one that grows without end is not followed */
        if (pass->packs)
            g_checksum_update(checksum, buffer, n);
        if (pass->key != NULL)
            mask(buffer, (gsize)n, pass->key);
        if (!pass->packs)
            g_checksum_update(checksum, buffer, n);
        if (pass->to >= 0 && !write_all(pass->to, buffer, (gsize)n, error))
            return NULL;
    }
    if (n < 0)
        return NULL;
    if (pass->size >= 0 && done != pass->size) {
        hl_fail(error, HL_ERROR_CONFLICT, "the file changed its size while it was read");
        return NULL;
    }
    if (pass->to >= 0 && fsync(pass->to) != 0) {
        hl_fail_errno(error, errno, "cannot write");
        return NULL;
    }
    return g_strdup(g_checksum_get_string(checksum));
}

char *ep_crate_pack(int from, int64_t size, int to, GError **error)
{
    uint8_t header[EP_CRATE_HEADER_SIZE];
    Pass pass = { .from = from, .size = size, .to = to, .key = header + MAGIC_SIZE, .packs = true };

    memcpy(header, magic, MAGIC_SIZE);
    hl_random_bytes(header + MAGIC_SIZE, KEY_SIZE);
    return write_all(to, header, sizeof header, error) ? run(&pass, error) : NULL;
}

char *ep_crate_unpack(int from, int to, GError **error)
{
    uint8_t header[EP_CRATE_HEADER_SIZE];
    Pass pass = { .from = from, .start = sizeof header, .size = -1, .to = to, .key = header + MAGIC_SIZE };
    gssize n = read_full(from, header, sizeof header, 0, error);

    if (n < 0)
        return NULL;
    if (n < (gssize)sizeof header || memcmp(header, magic, MAGIC_SIZE) != 0) {
        hl_fail(error, HL_ERROR_UNTRUSTED, "the stored content is damaged");
        return NULL;
    }
    return run(&pass, error);
}

char *ep_crate_digest(int fd, int64_t size, GError **error)
{
    Pass pass = { .from = fd, .size = size, .to = -1, .packs = true };

    return run(&pass, error);
}
