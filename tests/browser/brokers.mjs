// SPDX-License-Identifier: Apache-2.0
// Several brokers: listed, drained, used again; the last one that is used cannot be.
import { order, play, Session } from './session.mjs';

const session = await Session.open();
await play(session, 'brokers in two languages', async ({ page }) => {
    // Of the broker's row: the button there, or null.
    const pressIn = async (broker, text) => {
        const found = await page.evaluate((number, label) => {
            const row = [...document.querySelectorAll('main tbody tr')].find((tr) => tr.firstElementChild.textContent === number);
            const button = [...row.querySelectorAll('button')].find((b) => b.textContent === label);
            button?.click();
            return Boolean(button);
        }, String(broker), text);
        session.expect(found, `"${text}" at broker ${broker}`);
    };
    await session.signIn();
    await session.show('administration/health');

    session.where = 'the list';
    await session.says('Brokers');
    session.expect(await page.evaluate(() => document.querySelectorAll('main tbody tr').length) === 3, 'three brokers');
    await session.checkSchemes();
    await session.picture('brokers');

    session.where = 'one is drained';
    await pressIn(2, 'Drain');
    await session.says('Broker 2 ends, and its endpoints connect to the others.');
    await page.click('dialog button[type=submit]');
    await session.says('Broker 2 is drained.');
    await session.says('Use again');
    await order('state', '2', 'drained');

    session.where = 'in Japanese';
    await session.speak('ja');
    await session.show('administration/health');
    await session.says('切り離し済み');
    await session.checkSchemes();
    await session.picture('brokers-ja');
    await pressIn(2, '再び使用');
    await session.says('ブローカ 2 を再び使用します。');
    await order('state', '2', 'up');
    await pressIn(3, '切り離す');
    await session.says('ブローカ 3 を停止します。');
    await page.click('dialog button[type=submit]');
    await session.says('ブローカ 3 を切り離しました。');

    session.where = 'one hangs';
    const isSaid = (text) => session.until((part) => document.querySelector('.notice.warn a')?.textContent === part, text);
    await session.show('live');
    session.expect(await page.evaluate(() => document.querySelector('.notice.warn') === null), 'a drained broker is no trouble');
    await order('hang', '2');
    await isSaid('応答のないブローカがあります。');
    await session.checkSchemes();
    await session.picture('broker-away-ja');
    await session.speak('en');
    await isSaid('A broker is away.');
    await page.click('.notice.warn a');
    await session.until(() => location.hash === '#/administration/health');
    await session.go('live');
    await order('wake');
    await session.until(() => document.querySelector('.tile') !== null && document.querySelector('.notice.warn') === null);
});
