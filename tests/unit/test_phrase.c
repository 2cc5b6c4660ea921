/* SPDX-License-Identifier: Apache-2.0 */
/* proto/phrase: the daemon's words in the user's language, whatever they are made of. */
#include <locale.h>
#include <string.h>

#include "lib/base/i18n.h"
#include "proto/phrase.h"
#include "proto/phrase_table.h"

static const char *same(const char *message)
{
    return message;
}

static void check(HlPhraseLanguage language, const char *english, const char *wanted)
{
    g_autofree char *text = hl_phrase_translate_to(english, language);

    g_assert_cmpstr(text, ==, wanted);
}

/* ------------------------------------------------------------------------------------------------------- the table */

/* What phrase_table.h says of a template. */
static void check_template(const HlPhrase *phrase)
{
    guint n = 0;

    for (const char *at = strchr(phrase->text, '%'); at != NULL; at = strchr(at + 2, '%'), n++) {
        g_assert_true(at[1] == 's' || at[1] == 'u');
        g_assert_true(at[2] != '%');
    }
    g_assert_cmpuint(n, <=, HL_PHRASE_ARGS);
    g_assert_cmpuint(strlen(phrase->holds), <=, n);
    g_assert_cmpuint(strspn(phrase->holds, "splwncu-"), ==, strlen(phrase->holds));
}

static void test_table(void)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    const HlPhrase *row;

    for (gsize i = 0; (row = hl_phrase_row(i)) != NULL; i++) {
        check_template(row);
        if (!g_hash_table_add(seen, (gpointer)(guintptr)row->text))
            g_error("twice: %s", row->text);
    }
    g_assert_cmpuint(g_hash_table_size(seen), ==, hl_n_phrases + hl_n_ground_phrases + hl_n_server_phrases);
    for (gsize i = 0; i < hl_n_phrase_errnos; i++)
        g_assert_cmpstr(hl_phrase_errnos[i].text, ==, strerrordesc_np(hl_phrase_errnos[i].value));
}

/* ----------------------------------------------------------------------------------------------------- the matching */

static const char *const samples[] = {
    "",
    "%s",
    "%",
    "100 %n of %1$s",
    ": ; : ; ",
    "the endpoint stops",
    "a text that nobody has translated",
    "updated from server: virus 2026112702, rules 7; mirror: https://m.example/1.root.json: status 404 (unavailable)",
    "only the administrator of this machine may do this: run it as root",
    "schedule: 120 files looked at, 1 found, 3 not looked at (2 unreadable, 1 too large)",
    "cannot read /tmp/a: b: No such file or directory",
};

/* Where nothing is translated nothing changes, not even in what fits no template. */
static void test_same(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(samples); i++)
        check(same, samples[i], samples[i]);
}

/* Backwards and in brackets, so that the order of the arguments and what is verbatim shows. */
static const char *brackets(const char *message)
{
    static const struct {
        const char *message, *translation;
    } rows[] = {
        { "version %u of %s", "<%2$s %1$u>" },
        { "cannot read %s", "<read %s>" },
        { "updated from %s", "<from %s>" },
        { "No such file or directory", "<none>" },
        { "%s (unavailable)", "<away %s>" },
        { "%s: status %u", "<%2$u of %1$s>" },
        { "stopped %s", "<stop %s>" },
        { "by the user", "<user>" },
        { "the endpoint stops", "<100%% stops %s>" },
        { "command", "<command>" },
        { "%s -> %s", "<%2$s after %1$s>" },
        { "Offline", "<off>" },
        { "Online", "<on>" },
        { "%s version %u applied (%s)", "<%2$u of %1$s, %3$s>" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        if (strcmp(rows[i].message, message) == 0)
            return rows[i].translation;
    return message;
}

static void test_arguments(void)
{
    check(brackets, "version 7 of g-1", "<g-1 7>");
    check(brackets, "version x of g-1", "version x of g-1");
    check(brackets, "version  of g-1", "version  of g-1");
    check(brackets, "stopped by the user", "<stop <user>>");
    check(brackets, "stopped by somebody", "<stop by somebody>");
    check(brackets, "stopped by the user: the rest", "<stop <user>>: the rest");
    /* a name that is also a word stays a name */
    check(brackets, "cannot read command", "<read command>");
    check(brackets, "version 1 of command", "<command 1>");
}

/* A word of the table, or nothing: else whatever has an arrow or brackets in it would be taken for a code. */
static void test_words(void)
{
    check(brackets, "offline -> online", "<<on> after <off>>");
    check(brackets, "offline -> gone", "offline -> gone");
    check(brackets, "online version 2 applied (online)", "<2 of online, <on>>");
    check(same, "offline -> online", "offline -> online");
    check(brackets, "offline", "offline"); /* alone it may be somebody's name */
    g_assert_cmpstr(hl_phrase_word("offline"), ==, "offline");
}

static void test_sentences(void)
{
    check(brackets, "cannot read /x: No such file or directory", "<read /x>: <none>");
    check(brackets, "x: cannot read /x; stopped by the user", "x: <read /x>; <stop <user>>");
    check(brackets, "updated from server: virus 1, rules 2; m: https://m/1.json: status 404 (unavailable)",
          "<away <from server>: virus 1, rules 2; m: <404 of https://m/1.json>>");
    check(brackets, "cannot read : No such file or directory", "cannot read : <none>");
}

/* Captured text is never a format, and a translation that asks for more than there is gets nothing. */
static void test_formats(void)
{
    check(brackets, "cannot read %n%s%1$s", "<read %n%s%1$s>");
    check(brackets, "version 7 of %2$s", "<%2$s 7>");
    check(brackets, "the endpoint stops", "<100% stops >");
}

static void test_bounds(void)
{
    g_autofree char *longest = g_strnfill(HL_PHRASE_MAX, ';');
    g_autofree char *longer = g_strnfill(HL_PHRASE_MAX + 1, 'x');
    g_autoptr(GString) many = g_string_new(NULL);
    g_autofree char *done = NULL;

    check(brackets, longest, longest);
    check(brackets, longer, longer);
    while (many->len + 20 < HL_PHRASE_MAX)
        g_string_append(many, "the endpoint stops; ");
    done = hl_phrase_translate_to(many->str, brackets);
    g_assert_true(g_str_has_prefix(done, "<100% stops >; <100% stops >; "));
    g_assert_true(g_str_has_suffix(done, "the endpoint stops; ")); /* no more than so many sentences */
}

/* --------------------------------------------------------------------------------------------------------- Japanese */

static const struct {
    const char *english, *japanese;
} japanese[] = {
    { "the administrator does not allow users of this machine to update by hand; the setting privilege.update-now of "
      "its group allows it",
      "このコンピュータのユーザには手動でアップデートする権限がありません。管理者に依頼してください (グループの設定 "
      "privilege.update-now で許可できます)" },
    { "updated from server: virus 2026112702", "アップデートしました (アップデート元: サーバ): virus 2026112702" },
    { "settings: version 2 of 総務部; patterns: nothing newer from server: virus 1; program: 0.9, no upgrade is "
      "offered",
      "設定: 総務部 のバージョン 2; パターンファイル: 最新です (アップデート元: サーバ): virus 1; プログラム: 0.9 "
      "(アップグレードはありません)" },
    { "schedule: 120 files looked at, 1 found, 3 not looked at (2 unreadable, 1 too large)",
      "スケジュール: 検索済み 120 ファイル、検出 1、未検索 3 (読み取り不可 2, サイズ超過 1)" },
    { "manual, stopped: by the user (1 file looked at, 0 found, 0 not looked at)",
      "手動 - 中止: ユーザにより (検索済み 1 ファイル、検出 0、未検索 0)" },
    { "stopped by the administrator: 0 files looked at, 0 found, 0 not looked at",
      "管理者により中止: 検索済み 0 ファイル、検出 0、未検索 0" },
    { "broker.example:8883: nobody listens at the proxy 10.0.0.1:3128 (connection refused)",
      "broker.example:8883: プロキシ 10.0.0.1:3128 で待ち受けているプログラムがありません (接続拒否)" },
    { "cannot store a command: database /x/endpoint.db: database or disk is full (free some space)",
      "コマンドを保存できません: データベース /x/endpoint.db: database or disk is full (空き領域を増やしてください)" },
    { "update-now: nothing is listening on /run/control: start the daemon as root: systemctl start holdline-endpointd",
      "update-now: /run/control で待ち受けているプログラムがありません: root でデーモンを起動してください: systemctl "
      "start holdline-endpointd" },
    { "the updater ended with signal 9: Killed", "アップデータがシグナル 9 で終了しました: Killed" },
    { "program: 0.1.0~1614, not upgraded: there is no way back",
      "プログラム: 0.1.0~1614 (アップグレードしません): 元のバージョンに戻す手段がありません" },
    { "program: 0.1.0~1614, no upgrade is possible: there is no way back",
      "プログラム: 0.1.0~1614 (アップグレードできません): 元のバージョンに戻す手段がありません" },
    { "nothing could be looked at: there is no file in /srv, /home apart from what scan.exclude leaves out: mount what "
      "belongs there, or correct scan.paths or scan.exclude of its group",
      "検索できたファイルがありません: /srv, /home には scan.exclude で除外したもの以外のファイルがありません: "
      "必要なファイルシステムをマウントするか、グループの設定 scan.paths または scan.exclude を直してください" },
    /* of the manager's registry */
    { "offline -> online (birth)", "オフライン → オンライン (接続)" },
    { "unreachable-offline -> online", "到達不能/オフライン → オンライン" },
    { "succeeded", "成功" },
    { "succeeded (command, from server): settings: version 2 of 総務部; patterns: nothing newer from server: virus 1",
      "成功 (管理者の指示、アップデート元: サーバ): 設定: 総務部 のバージョン 2; パターンファイル: 最新です "
      "(アップデート元: サーバ): virus 1" },
    { "office version 3 applied (channel)", "office: バージョン 3 を適用 (常時接続)" },
    { "manual: completed; 1 file, 0 found, 0 not looked at", "手動: 完了、1 ファイル、検出 0、未検索 0" },
    { "192.0.2.7:61000: refused (Connection refused)", "192.0.2.7:61000: 拒否 (接続が拒否されました)" },
    { "failures; ring 1 of 3: failed=2 succeeded=9; 'holdline rollout show r-1' says more",
      "失敗が多すぎます、リング 1/3: 失敗=2 成功=9。詳細は 'holdline rollout show r-1'" },
    { "too many failed; ring 1 of 3: failed=2 succeeded=9; 'holdline rollout show r-1' says more",
      "失敗が多すぎます、リング 1/3: 失敗=2 成功=9。詳細は 'holdline rollout show r-1'" },
    /* a name that looks like one of its lines is no code */
    { "pc-1 -> pc-2", "pc-1 -> pc-2" },
};

static void test_japanese(void)
{
    g_setenv("LC_ALL", "C.UTF-8", TRUE);
    g_setenv("LANGUAGE", "ja", TRUE);
    hl_i18n_init();
    for (gsize i = 0; i < G_N_ELEMENTS(japanese); i++) {
        g_autofree char *text = hl_phrase_detail(japanese[i].english);

        g_assert_cmpstr(text, ==, japanese[i].japanese);
    }
    g_assert_cmpstr(hl_phrase_word("succeeded"), ==, "成功");
    g_assert_cmpstr(hl_phrase_word("the endpoint stops"), ==, "the endpoint stops"); /* a sentence is no word */
    g_assert_cmpstr(hl_phrase_word(""), ==, "");
}

/* What the summary tells of the server (mgr_status_set_problem), and what such a sentence holds. */
static const char *const problems[] = {
    "the manager does not hear broker 2 (127.0.0.1:8884), 3 (127.0.0.1:8885): endpoints that were there are shown as "
    "they were, until they are heard at another broker; 'holdline doctor' on the server looks for the cause",
    "broker 2 (127.0.0.1:8884) is drained, and its endpoints are at the others: 'holdline broker undrain 2' has it "
    "used again",
    "broker 1 ended 5 times in a row, the last at 2026-11-30T11:28:03Z (status 1): look at /s/broker/mosquitto.log",
    "broker 1 hung at 2026-11-30T11:28:03Z: it has not run for 30 s, although it was asked; the manager ended it and "
    "started it again: look at /s/broker/mosquitto.log, and at the system's log for what stopped it",
    "it has taken processor time for 2 min and answered nobody",
    "the addresses that endpoints are told lead to brokers that do not know each other: what endpoints say at b:8883 "
    "is not heard; let all of them lead to one broker or one cluster",
    "the external broker may not have read the latest revocation list, access list or certificate: '/bin/tell x' ended "
    "with status 3: no such host; remedy: run broker.reload-command by hand as the manager's user, and mend what it "
    "says",
    "'/bin/tell x' ended with status 3: no such host",
    "'/bin/tell x' ended with signal 9",
    "'/bin/tell x' took longer than 60 s",
    "'/bin/tell x' has been running for 8 s",
    "the server at b:8883 shows a certificate of an authority that this site does not have, and that ends later than "
    "the "
    "site's own: this copy of the site is from before its authority was replaced, and endpoints do not trust it; stop "
    "it, and keep the later one",
    "broker.reload-command is not run meanwhile",
    "the broker at b:8883 shows a certificate of an authority that this site does not have: have it read the site's "
    "pki/ca.pem and pki/server.pem, or correct broker.addresses",
    "the server at b:8883 shows a certificate of an authority that this site does not have, and endpoints that are "
    "told this address do not get in there: a copy of the site from before its authority was replaced runs there, or "
    "another installation; stop that one, or let the address lead here",
    "the broker refused the subscription to holdline/v1/+: not authorized; does its access list fit this version?; "
    "what endpoints or administrators say there is not heard: give the user 'manager' what the site's broker/acl lists "
    "(docs/brokers.md), then start the manager again",
    "the broker refused the subscription to holdline/v1/+: not authorized; does its access list fit this version?",
    "1 notification cannot be sent: 'holdline notification list' says which, and 'holdline notification show NAME' "
    "why.",
    "3 notifications cannot be sent: 'holdline notification list' says which, and 'holdline notification show NAME' "
    "why.",
    "The disk of the site is full: nothing can be stored; make room, it goes on by itself.",
    "The disk of the site is nearly full: make room before nothing can be stored; 'holdline doctor' says how much is "
    "left.",
    "/s/repo/targets/virus.9.cvd is missing, with 2 of the 14 files that the repository lists",
    "endpoints cannot update from this server",
    "'holdline doctor' on the server says why",
    "holdline-updater repo repair /s/repo makes again what it can, and names what has to come from a backup",
    "/s/repo is missing, and with it what was published: virus 7, rules 3",
    "mount the disk that has /s/repo, or bring it back from a backup: endpoints trust no new one",
    "remove /s/repo and copy the source again: holdline pattern sync",
    "The server's patterns (virus) are of 2026-11-20, and none have come for more than 7d (patterns.old-after): "
    "'holdline pattern sync' asks their source; if that has none either, ask those who run it.",
    "'holdline pattern sync' asks their source; if that has none either, ask those who run it",
    "their source cannot be copied, and 'holdline pattern list' says why",
    "look there at 'journalctl -u holdline-repo-import', or publish some ('holdline pattern publish COMPONENT FILE')",
    "The audit log is not what was written: it ended with row 9, and ends with row 7 now (head 9:ab).  Somebody who "
    "may "
    "write registry.db has changed it: 'holdline audit verify' looks it over, and what was there is in an export or a "
    "backup of an earlier day",
    "it ended with row 9, and ends with row 7 now (head 9:ab)",
    "The audit log is not what was written: it ended with row 6 when the manager was stopped, and ends with row 7 now: "
    "somebody else has added to it.  Somebody who may write registry.db has changed it: 'holdline audit verify' looks "
    "it over, and what was there is in an export or a backup of an earlier day",
    "the file audit.head beside it is damaged or missing, so whether rows were cut off while no manager ran is not "
    "known",
    "row 9 was another one (head 9:ab)",
    "row 5 is missing: after row 4 comes row 6",
    "row 5 is not what was written: its hash does not fit its fields and the row before it",
    "it cannot be read (database is locked)",
    "An older registry.db was put in the place of the manager's while it was stopped: settings, groups, commands and "
    "history since are lost; certificates, accounts and revocations are known from the journal.  Stop the manager and "
    "put the later one back, if there is one; else review the groups' settings",
};

static const char *nothing(const char *message G_GNUC_UNUSED)
{
    return "";
}

/* Each is a template as a whole: nothing of it is left in English. */
static void test_problems(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(problems); i++)
        check(nothing, problems[i], "");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/phrase/table", test_table);
    g_test_add_func("/phrase/same", test_same);
    g_test_add_func("/phrase/arguments", test_arguments);
    g_test_add_func("/phrase/words", test_words);
    g_test_add_func("/phrase/sentences", test_sentences);
    g_test_add_func("/phrase/formats", test_formats);
    g_test_add_func("/phrase/bounds", test_bounds);
    g_test_add_func("/phrase/japanese", test_japanese);
    g_test_add_func("/phrase/problems", test_problems);
    return g_test_run();
}
