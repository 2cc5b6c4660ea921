/* SPDX-License-Identifier: Apache-2.0 */
/* updater/delta: the parts of encode that stand by themselves. */
#include "updater/delta/lines.h"
#include "updater/delta/mix.h"

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
    g_test_add_func("/delta-parts/lines", test_lines);
    g_test_add_func("/delta-parts/mix-repeats", test_mix_repeats);
    return g_test_run();
}
