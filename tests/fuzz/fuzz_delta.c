/* The applier of deltas against hostile input: the base is fixed, the delta is whatever comes.  What is checked beside
 * not crashing: never more than out_length bytes are written, and success means exactly that many. */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"
#include "updater/delta/delta.h"

#define OUT_MAX ((guint64)1 << 20)

/* 400 lines of various lengths, some equal, the last without newline. */
static int make_base(void)
{
    int fd = memfd_create("base", MFD_CLOEXEC);
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < 400; i++)
        g_string_append_printf(text, "%08x:%u:Sample.Family.Name-%u%s", i * 2654435761u, i * 37 % 1000, i / 3,
                               i == 399 ? "" : "\n");
    g_assert_cmpint(write(fd, text->str, text->len), ==, (gssize)text->len);
    return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int base = -1;
    static int out = -1;
    g_autoptr(GBytes) delta = g_bytes_new(data, size);
    UpdDeltaInfo info = { .out_length = 1000 };
    guint64 out_length;
    gint64 written;
    bool ok;

    if (base < 0) {
        base = make_base();
        out = memfd_create("out", MFD_CLOEXEC);
    }
    (void)upd_delta_inspect(delta, &info, NULL);
    out_length = MIN(info.out_length, OUT_MAX);
    g_assert_cmpint(ftruncate(out, 0), ==, 0);
    g_assert_cmpint(lseek(out, 0, SEEK_SET), ==, 0);
    ok = upd_delta_apply(base, delta, out, out_length, NULL);
    written = lseek(out, 0, SEEK_END);
    g_assert_cmpint(written, <=, (gint64)out_length);
    g_assert_true(!ok || written == (gint64)out_length);
    return 0;
}
