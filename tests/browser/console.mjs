// SPDX-License-Identifier: Apache-2.0
// Every page in both languages and colour schemes, and the documented way of a privilege by mouse.
import { account, address, directory, order, PAGES, PATIENCE, password, play, Session } from './session.mjs';

const session = await Session.open();
await play(session, `${PAGES.length} pages in two languages and colour schemes`, async ({ page }) => {
    await page.goto(address, { waitUntil: 'networkidle2' });
    await session.check('light');
    await session.picture('sign-in');
    await page.type('input[name=username]', account);
    await page.type('input[name=password]', 'not the password');
    await page.click('button[type=submit]');
    await page.waitForSelector('.sign-in [role=alert], .sign-in .notice', { timeout: PATIENCE });
    await session.signIn();

    for (const [language, schemes] of [['en', ['dark', 'light']], ['ja', ['light', 'dark']]]) {
        await session.speak(language);
        for (const path of PAGES) {
            await session.show(path);
            session.where = `${language} ${path}`;
            await session.checkSchemes(...schemes);
            await session.picture(`${language}-${path.replace(/[^a-z]+/g, '-')}`);
        }
    }

    session.where = 'the days before this one';
    await session.show('live');
    await session.until(() => document.querySelectorAll('.trend path').length === 4);
    const line = await page.evaluate(() => document.querySelector('.trend path').getAttribute('d'));
    session.expect(line === 'M0 19.7L0 19.7L21 29.0L24 19.7L26 1.0L27 10.3L28 19.7L29 10.3', `online: ${line}`); // 1, 0, 1, 3, 2, 1 of 3; two today
    await session.show('reports/trend');
    await session.until(() => document.querySelectorAll('main tbody tr').length === 7);

    session.where = 'the documented way';
    await session.show('groups/office/privileges');
    await page.click('input[name="privilege.update-now"]');
    await page.click('form.card button[type=submit]');
    await page.waitForSelector('form.card .notice.good, form.card .notice.bad', { timeout: PATIENCE });
    await session.until(() => document.querySelector('form.card .notice.good').textContent.includes('1 台のクライアントすべてに適用済みです')); // in time
    await session.picture('saved');

    session.where = 'a display name';
    await session.show('groups/office/versions');
    await page.click('.heading .beside button');
    await page.type('dialog input', '総務部');
    await page.click('dialog button[type=submit]');
    await session.until(() => document.querySelector('.crumbs').textContent.includes('総務部'));
    await session.show('endpoints?group=office');
    await session.until(() => document.querySelector('.grid-body .grid-cell:nth-child(3)')?.textContent === '総務部');
    await session.picture('display-name');

    session.where = 'back to a version';
    await session.show('groups/office/versions');
    await page.click('tbody tr:first-child .buttons button'); // what the last one changed
    await page.waitForSelector('dialog table', { timeout: PATIENCE });
    await session.check('light');
    await session.picture('compared');
    await page.click('dialog button[type=submit]');
    await page.click('tbody tr:last-child .buttons button');
    await page.waitForSelector('dialog table', { timeout: PATIENCE });
    await page.click('dialog button[type=submit]');
    await session.until(() => document.querySelectorAll('main tbody tr').length === 3);
    await session.picture('restored');

    session.where = 'the value of a new group';
    await session.show('groups/office/line');
    const heartbeat = () => page.evaluate(() => document.querySelector('[name="line.heartbeat"]').value);
    session.expect(await heartbeat() === '1', `a heartbeat of ${await heartbeat()}`);
    await session.check('dark');
    await session.picture('value-of-new-group');
    await session.press('新しいグループの値に戻す: 1 分');
    session.expect(await heartbeat() === '60', `given back: ${await heartbeat()}`);
    await page.click('form.card button[type=submit]');
    await page.waitForSelector('form.card .notice.good, form.card .notice.bad', { timeout: PATIENCE });
    session.expect(await page.evaluate(() => document.querySelector('.back:not([hidden])') === null), 'offered again');
    session.expect(await order('heartbeat') === '1m', `saved: ${await order('heartbeat')}`);

    session.where = 'one-time codes';
    await session.show('administration/codes');
    await page.click('main .actions button');
    await page.waitForSelector('dialog code', { timeout: PATIENCE });
    await session.check('light');
    const secret = await page.evaluate(() => document.querySelector('dialog code').textContent);
    const { x, y, width, height } = await (await page.$('dialog .qr')).boundingBox();
    await page.screenshot({ path: `${directory}/key.png`, clip: { x, y, width, height } });
    const read = await order('camera');
    session.expect(read.startsWith('otpauth://totp/') && read.includes(secret.replaceAll(' ', '')), `a camera reads: ${read}`);
    await session.picture('codes-ja');
    await page.type('dialog input[type=password]', password);
    const code = await order('code', secret.replaceAll(' ', ''));
    await page.type('dialog input[type=text]', code.replace(/\d/g, (digit) => '０１２３４５６７８９'[digit])); // as an input method writes them
    await page.click('dialog button[type=submit]');
    await page.waitForSelector('#messages .message.good', { timeout: PATIENCE });
    await session.says('ワンタイムコードを使ってサインインします。');
});
