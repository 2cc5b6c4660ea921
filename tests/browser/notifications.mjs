// SPDX-License-Identifier: Apache-2.0
// Notifications: made, changed, tried, deleted.
import { order, play, Session } from './session.mjs';

const session = await Session.open();
await play(session, 'notifications in two languages', async ({ page }) => {
    const port = await order('port');
    const create = async (name, to) => {
        await page.waitForSelector('dialog [name=to]');
        await page.type('dialog input[pattern]', name);
        await page.type('dialog [name=to]', to);
        await page.click('dialog button[type=submit]');
    };
    await session.signIn();

    session.where = 'a webhook';
    await session.show('administration/notifications');
    await session.press('New notification');
    await session.checkSchemes();
    await create('hook', `https://127.0.0.1:${port}/av`);
    await session.says('The secret of the webhook');
    session.expect(await page.evaluate(() => /^[0-9a-f]{32,}$/.test(document.querySelector('dialog .secret').textContent)), 'no secret');
    await session.checkSchemes();
    await session.press('Close');
    await session.until(() => location.hash === '#/notifications/hook' && document.querySelector('form.card') !== null);
    session.expect(await page.evaluate(() => document.querySelector('.secret') === null), 'the secret is shown again');
    await session.press('Delete');
    await session.says('what waits of it is not sent');
    await session.press('Delete');
    await session.until(() => location.hash === '#/administration/notifications');

    session.where = 'syslog, in Japanese';
    await session.speak('ja');
    await session.press('通知の追加');
    await create('log', `syslog+udp://127.0.0.1:${port}`);
    await session.until(() => location.hash === '#/notifications/log' && document.querySelector('form.card') !== null);
    await page.click('[name="kinds.enrolled"]');
    await page.click('[name="kinds.disk"]');
    await page.type('[name=quiet]', '22:00-06:00');
    await page.click('form.card button[type=submit]');
    await session.says('通知を保存しました。');
    const kept = await order('kinds', 'log');
    session.expect(kept === 'audit,blind,broker,clock,detection,end,enrolled,files,offline,outdated,patterns-old,repository,rollout-halted 22:00-06:00 ja', `saved: ${kept}`);
    await order('digest', 'log', '3h');
    await page.type('[name=give-up]', '0');
    await page.click('form.card button[type=submit]');
    await session.says('編集中に変更されました'); // nothing of somebody else's is overwritten
    await order('digest', 'log', '2h'); // nor of what is saved while one decides
    await session.press('自分の値を保存');
    await session.until(() => document.querySelectorAll('dialog').length === 2);
    await page.evaluate(() => [...document.querySelectorAll('dialog')].at(-1).querySelector('button[type=submit]').click());
    await session.until(() => document.querySelector('dialog') === null);
    const both = await order('times', 'log');
    session.expect(both === '2h 30d', `both hold: ${both}`);
    await session.checkSchemes();
    await session.picture('notification-ja');
    await session.press('テストメッセージを送信');
    await session.says('送信しました。');
    await session.expectPrintable('notification-paper-ja');

    session.where = 'the list';
    await session.show('administration/notifications');
    await session.checkSchemes();
    await session.picture('notifications-ja');
    await session.expectPrintable('notifications-paper-ja');

    session.where = 'one that fails';
    const lines = () => page.evaluate(() => [...document.querySelectorAll('.notice.warn a')].map((a) => `${a.textContent} ${a.hash}`));
    await session.show('live');
    session.expect((await lines()).length === 0, 'nothing has failed yet');
    await order('fail');
    await session.says('通知が送信先に届いていません。');
    session.expect((await lines()).join() === '通知が送信先に届いていません。 #/administration/notifications', `Live Status says: ${await lines()}`);
    await session.checkSchemes();
    await session.picture('notification-fails-ja');
    await order('mend');
    await session.until(() => document.querySelector('.notice.warn') === null);
});
