/* SPDX-License-Identifier: Apache-2.0 */
/* updater/delta: what goes in comes out, increments are small, and a damaged or hostile one is refused. */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "updater/delta/blocks.h"
#include "updater/delta/delta.h"
#include "updater/delta/mix.h"
#include "updater/delta/patch.h"
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

static GBytes *noise(gsize size)
{
    guint32 *data = g_malloc(size);
    g_autoptr(GRand) rand = g_rand_new_with_seed(5);

    for (gsize i = 0; i < size / 4; i++)
        data[i] = g_rand_int(rand) | 0x80808080; /* no newline */
    return g_bytes_new_take(data, size);
}

/* A container of this kind without content: what follows is the test's. */
static GByteArray *container(guint8 version, UpdDeltaFormat format, gsize base_length, gsize out_length)
{
    UpdDeltaInfo info = { version, format, base_length, out_length };
    GByteArray *out = g_byte_array_new();

    upd_put_header(out, &info);
    return out;
}

/* The base as prefix in pieces: more than one piece, and a base longer than a prefix may be. */
static void test_blocks_over_bounds(void)
{
    g_autoptr(GBytes) base = noise((gsize)13 << 20);
    const guint8 *data = g_bytes_get_data(base, NULL);
    gsize target_size = ((gsize)4 << 20) + 77777;
    g_autoptr(GBytes) target = g_bytes_new(data + 100, target_size); /* a copy: zstd forgets a prefix that overlaps */
    GByteArray *out = container(UPD_DELTA_VERSION, UPD_DELTA_BLOCKS, g_bytes_get_size(base), target_size);
    g_autoptr(GBytes) delta = NULL;
    g_autoptr(GBytes) result = NULL;
    g_autoptr(GError) error = NULL;

    upd_blocks_encode(out, 6, data, (guint32)g_bytes_get_size(base), g_bytes_get_data(target, NULL),
                      (guint32)target_size);
    delta = g_byte_array_free_to_bytes(out);
    g_assert_cmpuint(g_bytes_get_size(delta), <, target_size / 20);
    result = apply(base, delta, target_size, NULL, &error);
    g_assert_no_error(error);
    g_assert_true(g_bytes_equal(result, target));
}

/* As a patch, whether it is the smallest increment or not. */
static void patch_round_trip(GBytes *base, GBytes *target, guint64 budget)
{
    gsize base_size;
    gsize size;
    const guint8 *base_data = g_bytes_get_data(base, &base_size);
    const guint8 *data = g_bytes_get_data(target, &size);
    GByteArray *out = container(UPD_DELTA_VERSION, UPD_DELTA_PATCH, base_size, size);
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) delta = NULL;
    g_autoptr(GBytes) result = NULL;

    upd_patch_encode(out, base_data, (guint32)base_size, data, (guint32)size, budget);
    delta = g_byte_array_free_to_bytes(out);
    result = apply(base, delta, size, NULL, &error);
    g_assert_no_error(error);
    g_assert_true(g_bytes_equal(result, target));
}

/* More new bytes than a part holds: the others follow in parts of their own. */
static void test_patch_over_bounds(void)
{
    gsize base_size = (gsize)256 << 10;
    gsize size = base_size + UPD_PATCH_BYTES + 5000;
    g_autoptr(GBytes) base = noise(base_size);
    guint8 *changed = g_malloc(size);
    g_autoptr(GBytes) target = g_bytes_new_take(changed, size);

    memcpy(changed, g_bytes_get_data(base, NULL), base_size);
    for (gsize i = 64; i < base_size; i += 3)
        changed[i] = (guint8)(changed[i] + 3);
    for (gsize i = base_size; i < size; i++)
        changed[i] = (guint8)((i - base_size) % 7000 * 2654435761u >> 11);
    patch_round_trip(base, target, 0);
}

/* Compiled content: an insertion moves what refers to what lies behind it.  A correction costs less than a byte. */
static void test_patch(void)
{
    enum { N = 20000 };
    g_autofree guint32 *before = g_new(guint32, N);
    g_autofree guint32 *after = g_new(guint32, N + 9);
    g_autoptr(GRand) rand = g_rand_new_with_seed(9);
    g_autoptr(GBytes) base = NULL;
    g_autoptr(GBytes) target = NULL;
    g_autoptr(GBytes) delta = NULL;
    UpdDeltaInfo info;

    for (gsize i = 0; i < N; i++)
        before[i] = GUINT32_TO_LE(i % 2 ? g_rand_int(rand) : 0x400000 + g_rand_int(rand) % (N * 4));
    for (gsize i = 0; i < N + 9; i++)
        after[i] = i < 5000 ? before[i] : i < 5009 ? g_rand_int(rand) : before[i - 9];
    for (gsize i = 0; i < N + 9; i++)
        if (i % 2 == (i >= 5009) && GUINT32_FROM_LE(after[i]) >= 0x400000 + 20000 && (i < 5000 || i >= 5009))
            after[i] = GUINT32_TO_LE(GUINT32_FROM_LE(after[i]) + 36);
    base = g_bytes_new(before, N * sizeof *before);
    target = g_bytes_new(after, (N + 9) * sizeof *after);
    delta = round_trip(base, target);
    g_assert_true(upd_delta_inspect(delta, &info, NULL));
    g_assert_cmpint(info.format, ==, UPD_DELTA_PATCH);
    g_assert_cmpuint(g_bytes_get_size(delta), <, N / 2);
}

/* Whatever the lengths: nothing, a byte, the same, nothing in common. */
static void test_patch_small(void)
{
    static const char *const contents[] = { "",
                                            "a",
                                            "ab",
                                            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                                            "abcdefghijklmnopqrstuvwxyz",
                                            "zyxw",
                                            "abcdefghijklmn-pqrstuvwxyzabcdefghijklmnop" };

    for (gsize i = 1; i < G_N_ELEMENTS(contents); i++) {
        for (gsize k = 0; k < G_N_ELEMENTS(contents); k++) {
            g_autoptr(GBytes) base = text(contents[i]);
            g_autoptr(GBytes) target = text(contents[k]);

            patch_round_trip(base, target, G_MAXUINT32);
        }
    }
}

static void put_raw(GByteArray *out, const char *bytes, gsize size)
{
    upd_put_number(out, (guint32)size);
    if (size == 0)
        return;
    upd_put_number(out, (guint32)size << 2 | UPD_CODER_RAW);
    g_byte_array_append(out, (const guint8 *)bytes, (guint)size);
}

/* Patches of one part to the base "abcdef": what breaks a rule is refused, in the words that name it. */
static void test_patch_malformed(void)
{
    static const struct {
        guint32 steps, reach;
        const char *planes[UPD_PATCH_PLANES]; /* new sizes, copy sizes, jumps, gaps, lengths, corrections, new */
        const char *words;                    /* NULL: it is good, and makes "xbddef" */
    } cases[] = {
        { 1, 0, { "\1", "\5", "\2", "\1", "\1", "\1", "x" }, NULL },
        { 0, 0, { "", "", "", "", "", "", "" }, "without steps" },
        { 7, 0, { "", "", "", "", "", "", "" }, "number of steps is 7, at most 6" },
        { 1, 7000, { "", "", "", "", "", "", "" }, "reach is 7000, at most 6144" },
        { 2, 0, { "\1", "\5", "\2", "\1", "\1", "\1", "x" }, "cut short in its jumps" },
        { 1, 0, { "\1\1", "\5", "\2", "\1", "\1", "\1", "x" }, "new sizes go on" },
        { 1, 0, { "\1", "\6", "\2", "\1", "\1", "\1", "x" }, "copy size is 6, at most 5" },
        { 1, 0, { "\1", "\5", "\3", "\1", "\1", "\1", "x" }, "jumps out of its base" },
        { 1, 0, { "\1", "\5", "\20", "\1", "\1", "\1", "x" }, "jumps out of its base" },
        { 1, 0, { "\2", "\5", "\2", "\1", "\1", "\1", "x" }, "more than its result holds" },
        { 1, 0, { "\1", "\4", "\2", "\1", "\1", "\1", "x" }, "makes 5 bytes only" },
        { 1, 0, { "\1", "\5", "\2", "\5", "\1", "\1", "x" }, "corrects nothing, or more than it copies" },
        { 1, 0, { "\1", "\5", "\2", "\1\1", "\1", "\1", "x" }, "cut short in its run length" },
        { 1, 0, { "\1", "\5", "\2", "\1", "\1\1", "\1", "x" }, "run lengths go on" },
        { 1, 0, { "\1", "\5", "\2", "\1", "\1", "\1\1", "x" }, "as many bytes as its corrections" },
        { 1, 0, { "\1", "\5", "\2", "\1", "\1", "\1", "" }, "fewer new bytes" },
        { 1, 0, { "\1", "\5", "\2", "\1", "\1", "\1", "xy" }, "new bytes is 2, at most 1" },
        { 1, 0, { "\1", "\5", "\2", "\1", "\1", "\1\1\1\1\1\1\1", "x" }, "corrections is 7, at most 6" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GBytes) base = text("abcdef");
        GByteArray *out = container(UPD_DELTA_VERSION, UPD_DELTA_PATCH, 6, 6);
        g_autoptr(GBytes) delta = NULL;
        g_autoptr(GBytes) result = NULL;
        g_autoptr(GError) error = NULL;
        gsize written = 0;

        upd_put_number(out, cases[i].steps);
        upd_put_number(out, cases[i].reach);
        for (gsize k = 0; k < UPD_PATCH_PLANES; k++)
            put_raw(out, cases[i].planes[k], strlen(cases[i].planes[k]));
        delta = g_byte_array_free_to_bytes(out);
        result = apply(base, delta, 6, &written, &error);
        if (cases[i].words == NULL) {
            g_assert_no_error(error);
            g_assert_cmpmem(g_bytes_get_data(result, NULL), 6, "xbddef", 6);
            continue;
        }
        g_assert_null(result);
        g_assert_cmpuint(written, ==, 0);
        g_assert_nonnull(error);
        if (strstr(error->message, cases[i].words) == NULL)
            g_error("case %zu: %s", i, error->message);
    }
}

/* Increments of older publishers: the container's version names the primer, and there are no patches in it. */
static void test_version_2(void)
{
    static const guint8 old[] = { 1, 0, 0, 0, 0, 0, 0 };
    g_autoptr(GBytes) base = text("a\n");
    GByteArray *lines = container(2, UPD_DELTA_LINES, 2, 2);
    GByteArray *patch = container(2, UPD_DELTA_PATCH, 2, 2);
    g_autoptr(GBytes) delta = NULL;
    g_autoptr(GBytes) refused = NULL;
    g_autoptr(GBytes) result = NULL;
    g_autoptr(GError) error = NULL;

    upd_put_number(lines, 1); /* a step: no new line, move 0, one line */
    for (gsize i = 0; i < 3; i++)
        put_raw(lines, i == 2 ? "\1" : "\0", 1);
    for (gsize i = 0; i < 3; i++)
        put_raw(lines, "", 0);
    delta = g_byte_array_free_to_bytes(lines);
    result = apply(base, delta, 2, NULL, &error);
    g_assert_no_error(error);
    g_assert_true(g_bytes_equal(result, base));
    g_byte_array_append(patch, old, sizeof old);
    refused = g_byte_array_free_to_bytes(patch);
    g_assert_null(apply(base, refused, 2, NULL, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
    g_assert_true(upd_delta_knows("holdline-delta-2"));
    g_assert_true(upd_delta_knows(UPD_DELTA_FORMAT));
    g_assert_false(upd_delta_knows("holdline-delta-4"));
    g_assert_false(upd_delta_knows(""));
}

/* The base is a pipe: refused, not waited for. */
static void test_base_is_a_pipe(void)
{
    g_autoptr(GBytes) base = text("a\n");
    g_autoptr(GBytes) delta = round_trip(base, base);
    g_autoptr(GError) error = NULL;
    int ends[2];
    hl_autofd int out = memory_file(NULL);

    g_assert_cmpint(pipe(ends), ==, 0);
    g_assert_false(upd_delta_apply(ends[0], delta, out, 2, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
    close(ends[0]);
    close(ends[1]);
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
        GByteArray *out = container(UPD_DELTA_VERSION, UPD_DELTA_LINES, 2, cases[i].out_length);
        g_autoptr(GBytes) base = text("a\n");
        g_autoptr(GBytes) delta = NULL;
        g_autoptr(GError) error = NULL;

        upd_put_number(out, UPD_REACH_LINES);
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

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/delta/small", test_small);
    g_test_add_func("/delta/growth", test_growth);
    g_test_add_func("/delta/long-growth", test_long_growth);
    g_test_add_func("/delta/moved-lines", test_moved_lines);
    g_test_add_func("/delta/binary", test_binary);
    g_test_add_func("/delta/blocks-over-bounds", test_blocks_over_bounds);
    g_test_add_func("/delta/patch", test_patch);
    g_test_add_func("/delta/patch-small", test_patch_small);
    g_test_add_func("/delta/patch-over-bounds", test_patch_over_bounds);
    g_test_add_func("/delta/patch-malformed", test_patch_malformed);
    g_test_add_func("/delta/version-2", test_version_2);
    g_test_add_func("/delta/base-is-a-pipe", test_base_is_a_pipe);
    g_test_add_func("/delta/wrong-base-and-length", test_wrong_base_and_length);
    g_test_add_func("/delta/announced-too-much", test_announced_too_much);
    g_test_add_func("/delta/damage", test_damage);
    g_test_add_func("/delta/trailing-bytes", test_trailing_bytes);
    g_test_add_func("/delta/full", test_full);
    g_test_add_func("/delta/full-empty", test_full_empty);
    return g_test_run();
}
