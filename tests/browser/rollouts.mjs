// SPDX-License-Identifier: Apache-2.0
// Roll-outs: started, halted, explained, mended, aborted; and of settings, taken back.
import { order, play, Session } from './session.mjs';

const session = await Session.open();
await play(session, 'roll-outs in two languages', async ({ page }) => {
    await session.signIn();
    await session.show('rollouts');
    await order('updater', 'bad');

    session.where = 'a canary fails';
    await session.press('New roll-out');
    await page.waitForSelector('dialog [name=rings]');
    await session.enter('rings', '50%,25%');
    await session.press('Start');
    await session.until(() => document.activeElement.name === 'rings' && document.activeElement.ariaInvalid === 'true');
    await session.says('each has to be larger than the one before it');
    await session.forgive(400, 1);
    await session.enter('rings', '25%,100%');
    await session.enter('min_sample', '1');
    await session.enter('soak', '1');
    await page.select('dialog [name=soak] + select', 's');
    await session.checkSchemes();
    await session.picture('rollout-new');
    await session.press('Start');
    await session.says('It halted because 1 of 1 endpoints failed or were silent: at least 95% must succeed.');
    session.expect(await page.evaluate(() => document.querySelectorAll('main tbody tr').length) === 3, 'two rings, and one that failed');
    await session.checkSchemes();
    await session.picture('rollout-halted');

    session.where = 'Live Status tells of it';
    await session.show('live');
    await session.press('1 roll-out has halted.');
    await session.until(() => location.hash.startsWith('#/rollouts/r-') && document.querySelector('main .badge') !== null);

    session.where = 'in Japanese';
    await session.speak('ja');
    await session.says('1 台中 1 台が失敗または無応答のため停止しました');
    await session.checkSchemes();
    await session.picture('rollout-halted-ja');
    await order('updater', '2026010103');
    await session.press('失敗したものに再実行');
    await session.says('すべてのクライアントへの配信が終了しました。4 台中 4 台が成功し、0 台が失敗または無応答でした。');
    await session.until(() => document.querySelector('main .badge').textContent === '完了');
    await session.picture('rollout-done-ja');
    await session.expectPrintable('rollout-paper-ja');

    session.where = 'settings of a group, from its page';
    await session.show('groups/default/privileges');
    await page.click('input[name="privilege.update-now"]');
    await session.press('段階的に保存…');
    await page.waitForSelector('dialog [name=rings]');
    await session.says('それまでは元に戻せます。');
    await session.enter('rings', '33%,100%');
    await session.enter('min_sample', '1');
    await session.checkSchemes();
    await session.picture('trial-new-ja');
    await session.press('開始');
    await session.until(() => location.hash.startsWith('#/rollouts/r-') && document.querySelector('main .badge') !== null);
    await session.until(() => document.querySelector('main a[href="#/groups/default/versions"]') !== null);
    await session.until(() => /成功 1/.test(document.querySelector('main').textContent));
    await session.picture('trial-ja');
    await session.show('groups/default/privileges');
    await session.press('バージョン 2 を 1 台のクライアントで試行中です。');
    await session.until(() => location.hash.startsWith('#/rollouts/r-') && document.querySelector('main .badge') !== null);
    await session.press('ロールバック');
    await session.says('元の設定に戻ります');
    await session.press('ロールバック');
    await session.until(() => document.querySelector('main .badge').textContent === '中止');

    session.where = 'for those that are selected';
    await session.show('endpoints');
    await page.focus('.grid'); // by keys: what a live page shows above the list moves it under a pointer
    for (const key of ['Space', 'ArrowDown', 'Space'])
        await page.keyboard.press(key);
    await session.until(() => document.querySelectorAll('.grid-row[aria-selected=true]').length === 2);
    await session.press('段階的にアップデート…');
    await session.says('2 台のクライアントを選択しています。');
    await order('hold'); // or the endpoints may have ended it before its end is pressed
    await session.press('開始');
    await session.until(() => location.hash.startsWith('#/rollouts/r-'));
    await session.press('一時停止');
    await session.says('一時停止中です。');
    await session.press('再開');
    await session.says('受信済み 2'); // the steps of its beginning are written
    await session.press('中止');
    await session.says('再開はできません。');
    await session.press('中止');
    await session.until(() => document.querySelector('main .badge').textContent === '中止');
    await order('release');

    session.where = 'for a filter, whose words are no names, and whose member waits for its window';
    await order('window');
    await session.show('rollouts');
    await session.press('新しい段階配信');
    await page.waitForSelector('dialog [name=rings]');
    await page.type('dialog [placeholder="outdated:yes"]', 'ffic');
    await session.press('開始');
    await session.until(() => location.hash.startsWith('#/rollouts/r-'));
    await session.says('フィルタ: ffic');
    await session.until(() => /office · 1 · [a-z]{3} 12:00-12:30 · .+ に開始/.test(document.querySelector('main').textContent));
    await session.picture('rollout-waits-ja');
    await session.press('中止');
    await session.says('再開はできません。');
    await session.press('中止');
    await session.until(() => document.querySelector('main .badge').textContent === '中止');

    session.where = 'the list';
    await session.show('rollouts');
    session.expect(await page.evaluate(() => document.querySelectorAll('main tbody tr').length) === 4, 'four roll-outs');
    await session.checkSchemes();
    await session.picture('rollouts-ja');
    await session.expectPrintable('rollouts-paper-ja');
});
