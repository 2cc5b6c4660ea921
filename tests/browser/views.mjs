// SPDX-License-Identifier: Apache-2.0
// The list of endpoints; saved views: kept by the server, for each account its own.
import { address, order, PATIENCE, play, Session } from './session.mjs';

const session = await Session.open();
const { page } = session;
const opens = async () => {
    await page.waitForSelector('.tools summary', { timeout: PATIENCE }); // it is there when the views are known
    await page.click('.tools summary');
};
const columns = (n) => session.until((wanted) => document.querySelectorAll('.grid-head [role=columnheader]').length === wanted, n + 1);
const rows = (n) => session.until((wanted) => document.querySelectorAll('.grid-body .grid-row').length === wanted, n);

// What an endpoint's row shows beside its name.
const shows = (id, wanted) => session.until((link, text) => {
    const row = document.querySelector(`.grid-body a[href$="${link}"]`)?.closest('.grid-row');
    return row?.textContent.slice(row.querySelector('a').textContent.length).startsWith(text);
}, id, wanted);

await play(session, 'the list and its views', async () => {
    await session.signIn();
    const [pc, desk] = [await order('id', 'pc'), await order('id', 'desk')];

    // All are well, and no server dials them: nobody reads "Offline" of them.
    for (const [language, offline, why] of [['en', 'Offline', 'The server does not dial this endpoint.'],
        ['ja', 'オフライン', 'サーバからこのクライアントへは接続しません。']]) {
        session.where = `${language}: nobody dials`;
        await session.speak(language);
        await session.show('endpoints?columns=host,displayed,verdict,reachability');
        await rows(2);
        await shows(pc, '–––');
        await shows(desk, '–––');
        session.expect(await page.evaluate((text) => document.querySelectorAll(`.grid-body [title="${text}"]`).length, why) === 6, 'the reason is not said');
        session.expect(!(await page.evaluate(() => document.querySelector('.grid-body').textContent)).includes(offline), `"${offline}" is in the list`);
        await session.checkSchemes();
        await session.show(`endpoints/${pc}`);
        const explanation = await page.evaluate(() => document.querySelector('.explanation').textContent);
        session.expect(explanation.startsWith(`${why} · `) && !explanation.includes(offline), `its page explains: ${explanation}`);
        await session.show('endpoints?columns=host,displayed,verdict,reachability');
    }
    session.where = 'one group is dialled, and the open page shows it';
    await order('dial', 'office');
    await shows(desk, 'オフライン');
    await shows(pc, '–––');

    session.where = 'it is saved';
    await session.show('endpoints?group=office&sort=-host&columns=host,actual');
    await rows(1);
    await opens();
    await session.press('このビューを保存…');
    await page.type('dialog input', '総務 100%/日');
    await session.checkSchemes();
    await session.press('保存');
    await session.until(() => document.querySelector('dialog') === null);

    session.where = 'another browser';
    await page.evaluate(() => localStorage.clear());
    await page.goto('about:blank');
    await page.goto(`${address}/#/endpoints`, { waitUntil: 'load' });
    await page.waitForSelector('.top-end select', { timeout: PATIENCE });
    await session.speak('ja');
    await rows(2);
    await columns(7); // of the usual nine, on 1,280 pixels
    await session.press('列 +2');
    await columns(9);
    await page.setViewport({ width: 1920, height: 900 });
    await page.reload({ waitUntil: 'load' });
    await columns(9);
    await page.setViewport({ width: 1280, height: 900 });
    await columns(7);
    await opens();
    await session.press('総務 100%/日');
    await columns(2);
    await rows(1);
    session.expect(await page.evaluate(() => location.hash.includes('sort=-host')), 'the order was not kept');
    await session.picture('view-ja');

    session.where = 'one that a program saved, with columns that pages do not have';
    await page.evaluate(() => fetch('/api/v1/me/views', { method: 'POST', headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ name: 'script', fields: ['flooding'] }) }));
    for (const [path, heading] of [['live', '最新ステータス'], ['endpoints', 'セキュリティ設定']]) {
        await session.go(path); // not until the network is idle: what the navigation above cut off counts as under way for ever
        await session.until((text) => document.querySelector('#main h1').textContent === text, heading);
    }
    await opens();
    await session.press('script');
    await columns(7);
    await rows(2);

    session.where = 'a group, whatever the filter says';
    for (const filter of [`(id:nope)or(id:${pc})`, `id:${pc},nope`, `(id:${desk})or(id:${pc})`]) {
        await session.go(`endpoints?group=office&filter=${encodeURIComponent(filter)}`);
        await session.until((wanted) => document.querySelector('.tools .count').textContent.startsWith(wanted), filter.includes(desk) ? '1' : '0');
    }
    session.where = 'a spreadsheet';
    await page.evaluate(() => {
        const made = URL.createObjectURL;
        URL.createObjectURL = (blob) => { window.sheet = blob; return made.call(URL, blob); };
    });
    await session.press('CSV');
    const text = await session.until(() => window.sheet?.arrayBuffer().then((bytes) => [...new Uint8Array(bytes.slice(0, 4))].join()));
    session.expect(text === '239,187,191,34', `the spreadsheet begins with ${text}`);

    session.where = 'settings that somebody else saves';
    const isTicked = (wanted) => session.until((is) => document.querySelector('input[name="privilege.update-now"]')?.checked === is, wanted);
    await session.go('groups/office/privileges');
    await isTicked(false);
    await order('allow', 'yes');
    await isTicked(true);
    await page.click('input[name="privilege.scan"]');
    await order('allow', 'no');
    await session.until(() => document.querySelector('form.card .notice.warn') !== null);
    await isTicked(true); // what is being edited stays
    await session.press('変更を破棄');
    await isTicked(false);

    session.where = 'it is deleted';
    await session.go('endpoints');
    await rows(2);
    await opens();
    await session.checkSchemes();
    await session.press('ビュー「総務 100%/日」を削除');
    await session.until(() => document.querySelectorAll('.tools .menu-list button').length === 3);
    session.expect(await page.evaluate(async () => (await (await fetch('/api/v1/me/views')).json()).rows.map((row) => row.name).join()) === 'script',
        'what is left is not the other one');
});
