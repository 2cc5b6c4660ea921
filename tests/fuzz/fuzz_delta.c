/* SPDX-License-Identifier: Apache-2.0 */
/* Increments and full files against hostile input, on memory files.  What is checked beside not crashing: never more
 * than out_length bytes are written, and success means exactly that many.
 *   'F'   what follows two bytes of length is a packed full file
 *   else  an increment; the base is fixed */
#include <sys/mman.h>
#include <unistd.h>

#include "tests/fuzz/delta_base.h"
#include "tests/fuzz/fuzz.h"
#include "updater/delta/delta.h"

static int base = -1;
static int packed = -1;
static int out = -1;

static void fill(int fd, const void *data, gsize size)
{
    g_assert_cmpint(ftruncate(fd, 0), ==, 0);
    g_assert_cmpint(lseek(fd, 0, SEEK_SET), ==, 0);
    g_assert_cmpint(write(fd, data, size), ==, (gssize)size);
    g_assert_cmpint(lseek(fd, 0, SEEK_SET), ==, 0);
}

static void begin(void)
{
    if (base < 0) {
        GString *text = delta_base();

        base = memfd_create("base", MFD_CLOEXEC);
        packed = memfd_create("packed", MFD_CLOEXEC);
        out = memfd_create("out", MFD_CLOEXEC);
        fill(base, text->str, text->len);
        g_string_free(text, TRUE);
    }
    fill(out, "", 0);
}

static void check(bool ok, guint64 out_length)
{
    gint64 written = lseek(out, 0, SEEK_END);

    g_assert_cmpint(written, <=, (gint64)out_length);
    g_assert_true(!ok || written == (gint64)out_length);
}

static void try_full(const uint8_t *data, size_t size)
{
    guint64 out_length = (guint64)data[0] << 8 | data[1];

    fill(packed, data + 2, size - 2);
    check(upd_full_unpack(packed, out, out_length, NULL), out_length);
}

static void try_delta(const uint8_t *data, size_t size)
{
    g_autoptr(GBytes) delta = g_bytes_new_static(data, size);
    UpdDeltaInfo info = { .out_length = 1000 };
    guint64 out_length;

    HL_IGNORE(upd_delta_inspect(delta, &info, NULL)); /* applied all the same: apply checks for itself */
    out_length = MIN(info.out_length, DELTA_OUT_MAX);
    check(upd_delta_apply(base, delta, out, out_length, NULL), out_length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    begin();
    if (size > 3 && data[0] == 'F')
        try_full(data + 1, size - 1);
    else
        try_delta(data, size);
    return 0;
}
