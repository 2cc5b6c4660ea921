// SPDX-License-Identifier: Apache-2.0
// The documented steps in Japanese: every page, and the dialogs on the way.
import { account, address, order, PAGES, PATIENCE, password, play, Session } from './session.mjs';

// Words of the filter language and of options, by the page where they are typed; no other page has them.
const FILTER = ['actual', 'offline'];
const FAILED = ['virus', 'mix', 'and', 'match']; // a component, and the name of an attack
const TYPED = {
    'endpoints': FILTER,
    'endpoints?group=office': FILTER,
    'endpoints?filter=actual%3Aonline': FILTER,
    'groups/office/update': ['virus', 'agent', 'rules', 'server', 'activeupdate', 'NETWORK', 'mon', 'fri'],
    'groups/office/scan': ['sha', 'HEX', 'signature', 'NAME'],
    'groups/office/line': ['host', 'port'],
    'endpoints/': ['direct', 'port', ...FAILED], // of an option that the verdict names
    'commands/': FAILED,
    'rollouts': ['outdated', 'yes'],
};
const typedAt = (path) => TYPED[path.replace(/^((endpoints|commands)\/).*/, '$1')] ?? [];

const session = await Session.open();
const { page } = session;

await play(session, 'Japanese', async () => {
    session.where = 'sign-in';
    await page.goto(address, { waitUntil: 'load' });
    await page.waitForSelector('form select', { timeout: PATIENCE });
    await page.select('form select', 'ja');
    await session.until(() => document.documentElement.lang === 'ja');
    await session.expectJapanese();
    await page.type('input[name=username]', account);
    await page.type('input[name=password]', 'not the password');
    await page.click('button[type=submit]');
    await page.waitForSelector('.sign-in [role=alert]', { timeout: PATIENCE });
    await session.expectJapanese();
    await session.picture('japanese-refused');
    await session.signIn('ａｄｍｉｎ　'); // the input method was on

    const more = [`endpoints/${await order('id', 'a')}`, `commands/${await order('command')}`, 'no/such/page'];
    for (const path of [...PAGES, ...more]) {
        session.where = path;
        await session.show(path);
        await session.expectJapanese(...typedAt(path));
        if (path.startsWith('commands/'))
            await session.says('1 秒 · 各クライアントは、この期間内の任意の時点で開始します。');
        await session.picture(`japanese-${path.replace(/[^a-z]+/g, '-')}`);
    }

    for (const path of ['endpoints/e-none', 'groups/none/update', 'commands/c-none']) {
        session.where = path;
        await session.show(path);
        await session.expectJapanese();
        session.expect(await page.$(`#main a[href="#/${path.replace(/\/.*/, '').replace('groups', 'endpoints')}"]`), 'there is no way back');
    }
    await session.forgive(404, 3);

    // What may be typed as the destination of a notification is no Japanese.
    const typed = ['mailto', 'example', 'org', 'boss', 'https', 'hooks', 'tls', 'log'];
    session.where = 'a notification';
    await session.show('notifications/log');
    await session.expectJapanese(...typed);

    session.where = 'a wrong filter';
    await session.show('endpoints');
    for (const [filter, says] of [['hots~pc', 'フィルタの 1 文字目 \'hots~pc\': そのような列はありません。\'host\' のことですか?'],
        ['(actual:offline', 'フィルタの末尾: 閉じ括弧がありません'], ['version<new', 'この前にはバージョンが必要です']]) {
        await page.click('input[type=search]', { clickCount: 3 });
        await page.type('input[type=search]', filter);
        await session.says(says);
        await session.expectJapanese(...FILTER, 'hots', 'host', 'version');
    }
    await session.picture('japanese-wrong-filter');
    await session.forgive(400, 3);

    // A dialog by the button that opens it; what it asks for is Japanese too.
    for (const [path, text] of [['rollouts', '新しい段階配信'], ['administration/notifications', '通知の追加'], ['endpoints', 'グループの追加'],
        ['endpoints', '列']]) {
        session.where = `${path}: ${text}`;
        await session.show(path);
        await session.press(text);
        await page.waitForSelector('dialog[open]', { timeout: PATIENCE });
        await session.expectJapanese(...typed, ...typedAt(path));
        await page.keyboard.press('Escape');
        await session.until(() => document.querySelector('dialog') === null);
    }

    session.where = 'a roll-out that halts';
    await session.show('rollouts');
    await session.press('新しい段階配信');
    await page.waitForSelector('dialog [name=min_sample]', { timeout: PATIENCE });
    await session.enter('min_sample', '1');
    await session.press('開始');
    await session.says('停止しました');
    await session.expectJapanese('all');
    await session.show('live');
    await session.press('段階配信が 1 件停止しています。');
    await session.until(() => location.hash.startsWith('#/rollouts/r-'));
});
