/* SPDX-License-Identifier: Apache-2.0 */
/* manager/core/mail_replies: who has a mail, who will not get it, and who is asked for again. */
#include "manager/core/mail_replies.h"

static const char *const all[] = { "it@x", "late@x", "gone@x", NULL };

static void expect_left(const json_t *replies, const char *wanted)
{
    g_auto(GStrv) left = mgr_mail_replies_left(replies, all);
    g_autofree char *joined = g_strjoinv(",", left);

    g_assert_cmpstr(joined, ==, wanted);
}

static void expect_said(const json_t *replies, const char *answer, const char *wanted)
{
    g_autofree char *said = mgr_mail_replies_said(replies, all, answer);

    g_assert_cmpstr(said, ==, wanted);
}

/* One has it, one is put off and one refused: only the second is asked for again, until that has an end. */
static void test_each(void)
{
    static const char *const late[] = { "late@x", NULL };
    g_autoptr(json_t) replies = mgr_mail_replies_parse("{}");
    g_autoptr(json_t) read = NULL;
    g_autofree char *stored = NULL;

    expect_left(replies, "it@x,late@x,gone@x");
    g_assert_true(
        mgr_mail_replies_fold(replies, all, (const char *const[]){ "250 ok", "450 later", "550 no", NULL }, true));
    g_assert_true(mgr_mail_replies_has_some(replies));
    expect_left(replies, "late@x");
    expect_said(replies, "250 queued", "late@x: 450 later; gone@x: 550 no; 250 queued");
    stored = hl_json_print(replies);
    read = mgr_mail_replies_parse(stored); /* a restart */
    expect_left(read, "late@x");
    g_assert_true(mgr_mail_replies_fold(read, late, (const char *const[]){ "451 still", NULL }, false));
    expect_left(read, "late@x");
    g_assert_true(mgr_mail_replies_fold(read, late, (const char *const[]){ "250 ok", NULL }, true));
    expect_left(read, "");
    expect_said(read, NULL, "gone@x: 550 no");
    g_assert_true(mgr_mail_replies_fold(replies, late, (const char *const[]){ "553 never", NULL }, false));
    expect_left(replies, "");
}

/* Where nobody has it, or the attempt failed as a whole, all that were left are tried again. */
static void test_whole(void)
{
    static const char *const later[] = { "late@x", "gone@x", NULL };
    g_autoptr(json_t) replies = mgr_mail_replies_parse("[not an object");

    g_assert_false(
        mgr_mail_replies_fold(replies, all, (const char *const[]){ "550 no", "450 later", "550 no", NULL }, false));
    g_assert_false(mgr_mail_replies_has_some(replies));
    expect_left(replies, "it@x,late@x,gone@x");
    g_assert_true(
        mgr_mail_replies_fold(replies, all, (const char *const[]){ "250 ok", "450 later", "450 later", NULL }, true));
    g_assert_false(
        mgr_mail_replies_fold(replies, later, (const char *const[]){ "550 no", "", NULL }, false)); /* hung up */
    g_assert_false(
        mgr_mail_replies_fold(replies, later, (const char *const[]){ "250 ok", "550 no", NULL }, false)); /* DATA */
    expect_left(replies, "late@x,gone@x");
    expect_said(replies, "250 queued", "late@x: 450 later; gone@x: 450 later; 250 queued");
}

/* Who is no longer named by the rule is not asked for; who is named since then is. */
static void test_changed(void)
{
    g_autoptr(json_t) replies =
        mgr_mail_replies_parse("{\"it@x\": \"250 ok\", \"former@x\": \"450 later\", \"gone@x\": 1}");
    g_autofree char *text = NULL;

    expect_left(replies, "late@x,gone@x");
    expect_said(replies, NULL, "");
    g_assert_true(
        mgr_mail_replies_fold(replies, all, (const char *const[]){ "250 ok", "450 later", "250 ok", NULL }, true));
    expect_said(replies, NULL, "late@x: 450 later");
    text = mgr_mail_replies_missed(replies, NULL);
    g_assert_cmpstr(text, ==, "");
}

/* A server that answered for one of them was there. */
static void test_answered(void)
{
    g_assert_true(mgr_mail_replies_answered((const char *const[]){ "", "250 ok", NULL }));
    g_assert_true(mgr_mail_replies_answered((const char *const[]){ "450 later", "", NULL }));
    g_assert_false(mgr_mail_replies_answered((const char *const[]){ "", "", NULL }));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mail-replies/each", test_each);
    g_test_add_func("/mail-replies/whole", test_whole);
    g_test_add_func("/mail-replies/changed", test_changed);
    g_test_add_func("/mail-replies/answered", test_answered);
    return g_test_run();
}
