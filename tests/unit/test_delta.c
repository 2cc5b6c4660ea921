/* SPDX-License-Identifier: Apache-2.0 */
/* updater/delta: what goes in comes out, increments are small, and a damaged or hostile one is refused. */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "updater/delta/delta.h"
#include "updater/delta/lines.h"
#include "updater/delta/mix.h"
#include "updater/delta/wire.h"

static int memory_file(GBytes *bytes)
{
    int fd = memfd_create("test", MFD_CLOEXEC);

    g_assert_cmpint(fd, >=, 0);
    if (bytes != NULL)
        g_assert_cmpint(write(fd, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes)), ==,
                        (gssize)g_bytes_get_size(bytes));
    g_assert_cmpint(lseek(fd, 0, SEEK_SET), ==, 0);
    return fd;
}

static GBytes *memory_bytes(int fd)
{
    gsize size = (gsize)lseek(fd, 0, SEEK_END);
    guint8 *data = g_malloc(size + 1);

    g_assert_cmpint(pread(fd, data, size, 0), ==, (gssize)size);
    return g_bytes_new_take(data, size);
}

/* NULL with *error set, or the result; *written says how much was written in either case. */
static GBytes *apply(GBytes *base, GBytes *delta, guint64 out_length, gsize *written, GError **error)
{
    hl_autofd int base_fd = memory_file(base);
    hl_autofd int out_fd = memory_file(NULL);
    bool ok = upd_delta_apply(base_fd, delta, out_fd, out_length, error);
    g_autoptr(GBytes) result = memory_bytes(out_fd);

    if (written != NULL)
        *written = g_bytes_get_size(result);
    return ok ? g_steal_pointer(&result) : NULL;
}

/* Encodes, applies, compares; the delta. */
static GBytes *round_trip(GBytes *base, GBytes *target)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) delta = upd_delta_encode(base, target, &error);
    g_autoptr(GBytes) result = NULL;

    g_assert_no_error(error);
    result = apply(base, delta, g_bytes_get_size(target), NULL, &error);
    g_assert_no_error(error);
    g_assert_true(g_bytes_equal(result, target));
    return g_steal_pointer(&delta);
}

static GBytes *text(const char *s)
{
    return g_bytes_new(s, strlen(s));
}

static void test_small(void)
{
    static const char *const contents[] = { "",          "\n",         "a",         "a\n",
                                            "a\nb\nc\n", "a\nb\nc",    "b\na\nc\n", "x\na\nb\nb\nb\nc\n",
                                            "a\nc\n",    "\n\n\na\n\n" };

    for (gsize i = 0; i < G_N_ELEMENTS(contents); i++) {
        for (gsize k = 0; k < G_N_ELEMENTS(contents); k++) {
            g_autoptr(GBytes) base = text(contents[i]);
            g_autoptr(GBytes) target = text(contents[k]);
            g_autoptr(GBytes) delta = round_trip(base, target);

            g_assert_cmpuint(g_bytes_get_size(delta), >, 0);
        }
    }
}

/* n lines that look like signatures; those whose number `drop` divides are missing, `extra` new ones stand at the end.
 */
static GBytes *signatures(guint n, guint drop, guint extra, guint seed)
{
    GString *out = g_string_new(NULL);
    g_autoptr(GRand) rand = g_rand_new_with_seed(1);
    g_autoptr(GRand) more = g_rand_new_with_seed(seed);

    for (guint i = 0; i < n + extra; i++) {
        GRand *r = i < n ? rand : more;
        guint32 a = g_rand_int(r);
        guint32 b = g_rand_int(r);

        if (i < n && drop > 0 && i % drop == drop - 1)
            continue;
        g_string_append_printf(out, "%08x%08x%08x%08x:%u:Win.Malware.Agent-%u\n", a, b, a ^ 0x5a5a5a5a, a * b,
                               b % 500000, 9000000 + i);
    }
    return g_string_free_to_bytes(out);
}

static void test_growth(void)
{
    g_autoptr(GBytes) base = signatures(20000, 0, 0, 0);
    g_autoptr(GBytes) target = signatures(20000, 1000, 100, 7);
    g_autoptr(GBytes) delta = round_trip(base, target);
    UpdDeltaInfo info;

    g_assert_true(upd_delta_inspect(delta, &info, NULL));
    g_assert_cmpint(info.format, ==, UPD_DELTA_LINES);
    g_assert_cmpuint(info.base_length, ==, g_bytes_get_size(base));
    g_assert_cmpuint(info.out_length, ==, g_bytes_get_size(target));
    /* 100 new lines hold 64 random bits each and a counter, 20 lines went: some 20 bytes a new line, 3 a gap */
    g_assert_cmpuint(g_bytes_get_size(delta), <, 100 * 24 + 20 * 4 + 200);
}

/* More new lines than the mixing coder takes: the others follow in a section of their own. */
static void test_long_growth(void)
{
    g_autoptr(GBytes) base = signatures(30000, 0, 0, 0);
    g_autoptr(GBytes) target = signatures(30000, 0, 3000, 7);
    g_autoptr(GBytes) delta = round_trip(base, target);
    UpdDeltaInfo info;

    g_assert_true(upd_delta_inspect(delta, &info, NULL));
    g_assert_cmpint(info.format, ==, UPD_DELTA_LINES);
    g_assert_cmpuint(g_bytes_get_size(delta), <, 3000 * 25);
}

static void test_moved_lines(void)
{
    g_autoptr(GBytes) base = signatures(9000, 0, 0, 0);
    gsize size;
    const char *data = g_bytes_get_data(base, &size);
    const char *cut = memchr(data + size / 3, '\n', size / 2) + 1;
    GByteArray *moved = g_byte_array_new();
    g_autoptr(GBytes) target = NULL;
    g_autoptr(GBytes) delta = NULL;

    g_byte_array_append(moved, (const guint8 *)cut, (guint)(data + size - cut));
    g_byte_array_append(moved, (const guint8 *)data, (guint)(cut - data));
    target = g_byte_array_free_to_bytes(moved);
    delta = round_trip(base, target);
    g_assert_cmpuint(g_bytes_get_size(delta), <, 64); /* two jumps */
}

static void test_binary(void)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(3);
    gsize size = 300000;
    guint8 *data = g_malloc(size);
    guint8 *changed;
    g_autoptr(GBytes) base = NULL;
    g_autoptr(GBytes) target = NULL;
    g_autoptr(GBytes) delta = NULL;

    for (gsize i = 0; i < size; i++) /* no newline anywhere: one line */
        data[i] = (guint8)(11 + g_rand_int_range(rand, 0, 245));
    changed = g_memdup2(data, size);
    changed[1000] ^= 0x40;
    memmove(changed + 150000, changed + 150010, size - 150010);
    base = g_bytes_new_take(data, size);
    target = g_bytes_new_take(changed, size - 10);
    delta = round_trip(base, target);
    g_assert_cmpuint(g_bytes_get_size(delta), <, 400);
}

/* The base as prefix in pieces: more than one piece, and a base longer than a prefix may be. */
static void test_blocks_over_bounds(void)
{
    gsize size = (gsize)13 << 20;
    guint32 *data = g_malloc(size);
    g_autoptr(GRand) rand = g_rand_new_with_seed(5);
    g_autoptr(GBytes) base = NULL;
    g_autoptr(GBytes) target = NULL;
    g_autoptr(GBytes) delta = NULL;
    UpdDeltaInfo info;

    for (gsize i = 0; i < size / 4; i++)
        data[i] = g_rand_int(rand) | 0x80808080; /* no newline */
    base = g_bytes_new_take(data, size);
    target = g_bytes_new((const guint8 *)data + 100,
                         ((gsize)4 << 20) + 77777); /* a copy: zstd forgets a prefix that overlaps */
    delta = round_trip(base, target);
    g_assert_true(upd_delta_inspect(delta, &info, NULL));
    g_assert_cmpint(info.format, ==, UPD_DELTA_BLOCKS);
    g_assert_cmpuint(g_bytes_get_size(delta), <, g_bytes_get_size(target) / 20);
}

static void test_wrong_base_and_length(void)
{
    g_autoptr(GBytes) base = signatures(100, 0, 0, 0);
    g_autoptr(GBytes) other = signatures(99, 0, 0, 0);
    g_autoptr(GBytes) target = signatures(100, 9, 3, 1);
    g_autoptr(GBytes) delta = round_trip(base, target);
    g_autoptr(GError) error = NULL;
    gsize written = 1;

    g_assert_null(apply(other, delta, g_bytes_get_size(target), &written, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
    g_assert_cmpuint(written, ==, 0);
    g_clear_error(&error);
    g_assert_null(apply(base, delta, g_bytes_get_size(target) - 1, &written, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
    g_assert_cmpuint(written, ==, 0);
}

/* What a delta announces is held against the length of the result before anything is unpacked: a hostile one would have
 * its full 256 KiB mixed for a result of ten bytes. */
static void test_announced_too_much(void)
{
    static const struct {
        guint32 out_length, steps, size, more;
        const char *words;
    } cases[] = {
        { 10, 11, 0, 0, "number of steps is 11, at most 10" },
        { 10, 0, UPD_MIX_MAX, 0, "new lines is 262144, at most 10" },
        { 10, 0, 4, 7, "new lines is 7, at most 6" },
        { 10, 0, 0, 11, "new lines is 11, at most 10" },
    };
    static const guint8 nothing[12];

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        UpdDeltaInfo info = { .format = UPD_DELTA_LINES, .base_length = 2, .out_length = cases[i].out_length };
        GByteArray *out = g_byte_array_new();
        g_autoptr(GBytes) base = text("a\n");
        g_autoptr(GBytes) delta = NULL;
        g_autoptr(GError) error = NULL;

        upd_put_header(out, &info);
        upd_put_number(out, cases[i].steps);
        for (int plane = 0; plane < 4; plane++)
            upd_put_number(out, 0);
        upd_put_number(out, cases[i].size);
        if (cases[i].size > 0) {
            upd_put_number(out, MIN(cases[i].size, sizeof nothing) << 2 | UPD_CODER_RAW);
            g_byte_array_append(out, nothing, MIN(cases[i].size, sizeof nothing));
        }
        upd_put_number(out, cases[i].more);
        delta = g_byte_array_free_to_bytes(out);
        g_assert_null(apply(base, delta, cases[i].out_length, NULL, &error));
        g_assert_error(error, HL_ERROR, HL_ERROR_LIMIT);
        g_assert_nonnull(strstr(error->message, cases[i].words));
    }
}

/* Whatever single byte is changed, and wherever it is cut: no more is written than was announced. */
static void test_damage(void)
{
    g_autoptr(GBytes) base = signatures(300, 0, 0, 0);
    g_autoptr(GBytes) target = signatures(300, 17, 11, 1);
    g_autoptr(GBytes) delta = round_trip(base, target);
    gsize size;
    const guint8 *data = g_bytes_get_data(delta, &size);

    for (gsize at = 0; at < size; at++) {
        g_autoptr(GBytes) cut = g_bytes_new_from_bytes(delta, 0, at);
        g_autofree guint8 *copy = g_memdup2(data, size);
        g_autoptr(GBytes) changed = NULL;
        g_autoptr(GBytes) result = NULL;
        gsize written = 0;

        g_assert_null(apply(base, cut, g_bytes_get_size(target), NULL, NULL));
        copy[at] ^= (guint8)(1 + at % 255);
        changed = g_bytes_new(copy, size);
        result = apply(base, changed, g_bytes_get_size(target), &written, NULL);
        g_assert_cmpuint(written, <=, g_bytes_get_size(target));
        g_assert_true(result == NULL || g_bytes_get_size(result) == g_bytes_get_size(target));
    }
}

static void test_trailing_bytes(void)
{
    g_autoptr(GBytes) base = signatures(10, 0, 0, 0);
    g_autoptr(GBytes) delta = round_trip(base, base);
    gsize size = g_bytes_get_size(delta);
    g_autofree guint8 *longer = g_malloc0(size + 1);
    g_autoptr(GBytes) more = NULL;

    memcpy(longer, g_bytes_get_data(delta, NULL), size);
    more = g_bytes_new(longer, size + 1);
    g_assert_null(apply(base, more, g_bytes_get_size(base), NULL, NULL));
}

static bool unpack(GBytes *packed, guint64 out_length, GBytes **result, GError **error)
{
    hl_autofd int in = memory_file(packed);
    hl_autofd int out = memory_file(NULL);
    bool ok = upd_full_unpack(in, out, out_length, error);

    *result = memory_bytes(out);
    return ok;
}

static void test_full(void)
{
    g_autoptr(GBytes) content = signatures(30000, 0, 0, 0);
    gsize size = g_bytes_get_size(content);
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) packed = upd_full_pack(content, &error);
    g_autoptr(GBytes) result = NULL;
    g_autoptr(GBytes) bomb = NULL;
    g_autoptr(GBytes) cut = NULL;

    g_assert_no_error(error);
    g_assert_cmpuint(g_bytes_get_size(packed), <, size / 2);
    g_assert_true(unpack(packed, size, &result, &error));
    g_assert_true(g_bytes_equal(result, content));
    g_assert_false(unpack(packed, size - 1, &bomb, &error)); /* more than announced comes out */
    g_assert_error(error, HL_ERROR, HL_ERROR_LIMIT);
    g_assert_cmpuint(g_bytes_get_size(bomb), <, size);
    g_clear_error(&error);
    g_clear_pointer(&bomb, g_bytes_unref);
    g_assert_false(unpack(packed, size + 1, &bomb, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
    g_clear_error(&error);
    g_clear_pointer(&bomb, g_bytes_unref);
    cut = g_bytes_new_from_bytes(packed, 0, g_bytes_get_size(packed) - 5);
    g_assert_false(unpack(cut, size, &bomb, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
}

static void test_full_empty(void)
{
    g_autoptr(GBytes) nothing = g_bytes_new_static("", 0);
    g_autoptr(GBytes) packed = upd_full_pack(nothing, NULL);
    g_autoptr(GBytes) result = NULL;

    g_assert_true(unpack(packed, 0, &result, NULL));
    g_assert_false(unpack(nothing, 0, &result, NULL)); /* no frame at all is a damaged file, not an empty one */
}

/* The runs of a diff rebuild the target, line for line, and copy what can be copied. */
static void test_lines(void)
{
    static const char base_text[] = "one\ntwo\nthree is a longer line, so that copying it pays\nfour\n";
    static const char target_text[] = "one\nnew\ntwo\nthree is a longer line, so that copying it pays\nfour\n";
    UpdLines base;
    UpdLines target;
    g_autoptr(GArray) runs = NULL;

    upd_lines_init(&base, base_text, sizeof base_text - 1);
    upd_lines_init(&target, target_text, sizeof target_text - 1);
    g_assert_cmpuint(base.n, ==, 4);
    runs = upd_lines_diff(&base, &target);
    g_assert_cmpuint(runs->len, ==, 2);
    g_assert_cmpuint(g_array_index(runs, UpdRun, 0).count, ==, 1);
    g_assert_cmpuint(g_array_index(runs, UpdRun, 1).literals, ==, 1);
    g_assert_cmpuint(g_array_index(runs, UpdRun, 1).first, ==, 1);
    g_assert_cmpuint(g_array_index(runs, UpdRun, 1).count, ==, 3);
    upd_lines_clear(&base);
    upd_lines_clear(&target);
}

/* The mixing coder finds again what it saw, in the primer or before: noise, once known, costs next to nothing. */
static void test_mix_repeats(void)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(5);
    g_autofree guint8 *noise = g_malloc(20000);
    g_autofree guint8 *result = g_malloc(8000);
    g_autoptr(GByteArray) fresh = g_byte_array_new();
    g_autoptr(GByteArray) twice = g_byte_array_new();
    g_autoptr(GByteArray) primed = g_byte_array_new();
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < 20000; i++)
        noise[i] = (guint8)g_rand_int(random);
    memcpy(noise + 4000, noise, 4000);
    upd_mix_pack(fresh, NULL, 0, noise, 4000);
    upd_mix_pack(twice, NULL, 0, noise, 8000);
    upd_mix_pack(primed, noise, 20000, noise + 9000, 4000); /* from between two of the trained pieces */
    g_assert_cmpuint(fresh->len, >, 3900);
    g_assert_cmpuint(twice->len, <, fresh->len + 200);
    g_assert_cmpuint(primed->len, <, 200);
    g_assert_true(upd_mix_unpack(NULL, 0, twice->data, twice->len, result, 8000, &error));
    g_assert_no_error(error);
    g_assert_cmpmem(result, 8000, noise, 8000);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/delta/lines", test_lines);
    g_test_add_func("/delta/mix-repeats", test_mix_repeats);
    g_test_add_func("/delta/small", test_small);
    g_test_add_func("/delta/growth", test_growth);
    g_test_add_func("/delta/long-growth", test_long_growth);
    g_test_add_func("/delta/moved-lines", test_moved_lines);
    g_test_add_func("/delta/binary", test_binary);
    g_test_add_func("/delta/blocks-over-bounds", test_blocks_over_bounds);
    g_test_add_func("/delta/wrong-base-and-length", test_wrong_base_and_length);
    g_test_add_func("/delta/announced-too-much", test_announced_too_much);
    g_test_add_func("/delta/damage", test_damage);
    g_test_add_func("/delta/trailing-bytes", test_trailing_bytes);
    g_test_add_func("/delta/full", test_full);
    g_test_add_func("/delta/full-empty", test_full_empty);
    return g_test_run();
}
