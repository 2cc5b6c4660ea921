// SPDX-License-Identifier: Apache-2.0
// Dialogs, and the pages under them, through what happens meanwhile.
import { order, password, PATIENCE, play, Session } from './session.mjs';

const session = await Session.open({ quiet: true });
const { page } = session;

// How many dialogs lie over the page, and what the uppermost is called.
const dialogs = (n, title) => session.until((wanted, text) => {
    const all = [...document.querySelectorAll('dialog[open]')];
    return all.length === wanted && (all.at(-1)?.querySelector('h2').textContent ?? '') === text;
}, n, title ?? '');
const pressIn = (text) => page.evaluate((wanted) => [...[...document.querySelectorAll('dialog')].at(-1).querySelectorAll('button')]
    .find((node) => node.textContent === wanted).click(), text);

// Over what somebody else has saved meanwhile.
const saveInRings = async () => {
    await session.press('Save in rings…');
    await dialogs(1, 'New roll-out');
    await pressIn('Start');
    await dialogs(1, 'Changed in the meantime');
    await pressIn('Save mine');
    await dialogs(2, 'New roll-out');
};

// From now on these requests are answered so: rows of [method, path, status, body], body a function of what was sent.
const answer = (rows) => page.evaluate((given) => {
    const plain = window.plainFetch ??= window.fetch;
    window.asked = [];
    window.fetch = (address, options) => {
        const { pathname } = new URL(address, window.location.href);
        const row = given.find(([method, path, , , of]) => method === options.method && `/api/v1${path}` === pathname && (!of || options.body.includes(of)));
        if (options.method !== 'GET')
            window.asked.push(options.body);
        return row ? Promise.resolve(new Response(JSON.stringify(row[3]), { status: row[2], headers: { 'Content-Type': 'application/json' } })) :
            plain(address, options);
    };
}, rows);

await play(session, 'dialogs', async () => {
    await session.signIn();

    session.where = 'a session that ends under a dialog';
    await session.show('administration');
    await session.press('New account');
    await dialogs(1, 'New account');
    await page.keyboard.type('do');
    await order('end_sessions');
    await dialogs(2, 'Your session has ended');
    for (let presses = 0; presses < 4; presses++)
        await page.keyboard.press('Escape');
    await dialogs(2, 'Your session has ended');
    await page.keyboard.type(password);
    await page.keyboard.press('Enter');
    await dialogs(1, 'New account');
    await page.keyboard.type('ra'); // where the reader was
    session.expect(await page.evaluate(() => document.querySelector('dialog input').value) === 'dora', 'what is typed afterwards is lost');
    await page.keyboard.press('Escape');
    await dialogs(0);

    session.where = 'a bundle, where the list of them does not come';
    await session.show('enrolment');
    await answer([['GET', '/bundles', 403, { code: 'denied' }]]);
    await session.press('New bundle');
    await dialogs(1, 'New bundle');
    await pressIn('Create');
    await dialogs(1, 'The bundle is ready');
    await pressIn('Close');
    await dialogs(0);

    session.where = 'files of two endpoints, one of which is refused at first';
    const file = { id: 'q-1', path: '/a', signature: 's', size: 1, taken: '2026-01-01T00:00:00Z' };
    const rows = ['e-one', 'e-two'].map((endpoint) => ({ ...file, endpoint, host: endpoint }));
    const done = ['POST', '/commands', 202, { id: 'c-1' }];
    await answer([['GET', '/quarantine', 200, { rows, next: null }], [...done, 'e-one'], ['POST', '/commands', 429, { code: 'limit' }]]);
    await session.go('scans/quarantine');
    await session.until(() => document.querySelectorAll('main tbody input').length === 2);
    await page.evaluate(() => document.querySelectorAll('main tbody input').forEach((node) => node.click()));
    await session.press('Restore');
    await dialogs(1, 'Restore');
    await pressIn('Restore');
    await page.waitForSelector('dialog .notice.bad', { timeout: PATIENCE });
    await answer([done]);
    await pressIn('Restore');
    await session.until(() => location.hash === '#/commands');
    session.expect(await page.evaluate(() => window.asked.length === 1 && window.asked[0].includes('e-two')), 'the first is ordered again');
    await answer([]);

    session.where = 'a page, where too much was asked';
    await answer([['GET', '/commands', 429, { code: 'limit' }]]);
    await session.show('live');
    await page.evaluate(() => { location.hash = '#/commands'; });
    await page.waitForSelector('main > .notice.bad', { timeout: PATIENCE });
    await answer([]);
    await session.until(() => document.querySelector('#main h1')?.textContent === 'Commands');

    session.where = 'another name, where somebody else has saved settings';
    await session.show('groups/office/privileges');
    await page.click('input[name="privilege.scan"]');
    await order('save', 'privilege.stop=yes');
    await session.until(() => document.querySelector('form.card .notice.warn') !== null);
    await session.press('Display name');
    await dialogs(1, 'Display name');
    await page.keyboard.type('Office');
    await pressIn('Save');
    await dialogs(0);
    session.expect(await order('name') === 'Office', 'it has no name');

    session.where = 'settings in rings, where somebody else has saved some';
    await session.press('Save in rings…');
    await dialogs(1, 'New roll-out');
    await pressIn('Start');
    await dialogs(1, 'Changed in the meantime');
    await session.picture('rings-changed-meanwhile');
    await order('save', 'privilege.stop=no'); // and once more
    await pressIn('Save mine');
    await dialogs(2, 'New roll-out');
    await pressIn('Start');
    await dialogs(2, 'Changed in the meantime');
    await pressIn('Save mine');
    await dialogs(3, 'New roll-out');
    await pressIn('Cancel');
    // nothing has begun, so what was decided is still to be saved: the dialog under it waits for an answer no longer
    await dialogs(2, 'Changed in the meantime');
    await session.until(() => [...document.querySelectorAll('dialog[open]')].at(-1)?.querySelector('[type="submit"]').disabled === false);
    await pressIn('Save mine');
    await dialogs(3, 'New roll-out');
    await pressIn('Cancel');
    await page.evaluate(() => { location.hash = '#/live'; });
    await dialogs(1, 'Discard changes'); // no page, no dialog of it
    await pressIn('Cancel');
    await dialogs(0);
    await saveInRings();
    await page.evaluate(() => { location.hash = '#/live'; });
    await dialogs(1, 'Discard changes'); // nor while another one lies over it
    await pressIn('Cancel');
    await dialogs(0);
    await saveInRings();
    await pressIn('Start');
    await session.until(() => location.hash.startsWith('#/rollouts/r-'));
    await dialogs(0);
});
