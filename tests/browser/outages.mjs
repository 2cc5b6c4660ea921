// SPDX-License-Identifier: Apache-2.0
// An open page through outages of what is behind it.
import { order, password, PATIENCE, play, Session } from './session.mjs';

const session = await Session.open({ quiet: true });
const { page } = session;

const banner = (text) => session.until((part) => document.getElementById('banner').textContent.includes(part), text);
const noBanner = () => session.until(() => document.getElementById('banner').textContent === '');
const row = (text) => session.until((part) => document.querySelector('.grid-body .grid-row')?.textContent.includes(part) && Date.now(), text);
// In the column of the actual status: the displayed one is beside it.
const isShown = (text) => session.until((part) => document.querySelector('.grid-body .grid-cell:nth-child(5)')?.textContent === part, text);
// Until the console has told all streams that it is off: by one that is none of the page's.
async function turnOff() {
    await page.evaluate(() => new Promise((done) => {
        window.own = new EventSource('/api/v1/events');
        window.own.onopen = done;
        window.isTold = false;
        window.own.addEventListener('endpoints', ({ data }) => { window.isTold ||= JSON.parse(data).rows[0]?.actual === 'offline'; });
    }));
    await order('endpoint', 'off');
    await session.until(() => window.isTold);
    await page.evaluate(() => window.own.close());
}
async function turnOn() {
    await order('endpoint', 'on');
    await isShown('Online');
}
const build = () => page.evaluate(() => document.querySelector('meta[name=build]').content);

// With isLate the stream is joined by window.letGo().
await page.evaluateOnNewDocument(() => {
    const Real = window.SharedWorker;
    window.SharedWorker = class extends Real {
        constructor(...given) {
            super(...given);
            const post = this.port.postMessage.bind(this.port);
            this.port.postMessage = (message) => (sessionStorage.getItem('isLate') ? (window.letGo = () => post(message)) : post(message));
        }
    };
});

await play(session, 'an open page', async () => {
    await session.signIn();
    await session.show('endpoints');
    await row('Online');

    session.where = 'a change';
    await order('listen');
    for (const [what, actual, text] of [['off', 'offline', 'Offline'], ['on', 'online', 'Online']]) {
        const seen = page.waitForFunction((part) => [...document.querySelectorAll('.grid-body .grid-cell:nth-child(5)')]
            .some((cell) => cell.textContent === part) && Date.now(), { timeout: PATIENCE, polling: 'mutation' }, text);
        await order('endpoint', what);
        const at = await (await seen).jsonValue();
        console.log(`   on the screen ${at - Number(await order('told', actual))} ms after the topic: ${actual}`);
    }

    session.where = 'the way back';
    const shownAs = (kind, isKept) => page.evaluate((type, persisted) =>
        window.dispatchEvent(new PageTransitionEvent(type, { persisted })), kind, isKept);
    await shownAs('pagehide', true); // as a browser does that keeps the page
    await turnOff();
    await shownAs('pageshow', true);
    await isShown('Offline');
    await turnOn();

    session.where = 'an answer that a change overtook';
    await session.go('live');
    await page.evaluate(() => {
        window.plainFetch = window.fetch;
        window.fetch = async (...asked) => {
            const reply = await window.plainFetch(...asked);
            if (/endpoints\?/.test(asked[0])) {
                window.isAnswered = true;
                await new Promise((go) => { window.letGo = go; });
            }
            return reply;
        };
        location.hash = '#/endpoints';
    });
    await session.until(() => window.isAnswered);
    await turnOff();
    await page.evaluate(() => { window.fetch = window.plainFetch; window.letGo(); });
    await isShown('Offline');
    await turnOn();

    session.where = 'a stream that comes late';
    await page.evaluate(() => sessionStorage.setItem('isLate', '1'));
    await page.reload();
    await isShown('Online');
    await turnOff();
    await page.evaluate(() => window.letGo());
    await isShown('Offline');
    await page.evaluate(() => sessionStorage.clear());
    await turnOn();

    session.where = 'a killed console';
    await order('kill');
    await banner('No connection to the console');
    session.expect(await page.evaluate(() => document.querySelector('.frame').classList.contains('stale')), 'the colours do not fade');
    session.expect(await page.evaluate(() => document.querySelectorAll('.grid-body .grid-row').length) === 1, 'the list is gone');
    await session.picture('no-connection');
    await order('endpoint', 'off');
    await order('start');
    await noBanner();
    await row('Offline'); // what happened meanwhile
    await order('endpoint', 'on');
    await row('Online');

    session.where = 'a change that is cut';
    for (const victim of ['manager', 'broker']) {
        await session.go('groups/office/privileges');
        await page.waitForSelector('form.card', { timeout: PATIENCE });
        const before = Number(await order('saves'));
        await page.evaluate(() => document.querySelector('form.card .notice.good')?.remove()); // of the change before
        await page.click('input[name="privilege.update-now"]');
        await order('hold');
        await Promise.all([page.waitForRequest((asked) => asked.method() === 'PATCH', { timeout: PATIENCE }), page.click('form.card button[type=submit]')]);
        session.expect(await page.evaluate(() => document.querySelector('input[name="privilege.update-now"]').matches(':disabled')), `${victim}: what is entered now is lost`);
        await order('cut', victim);
        await page.waitForSelector('form.card .notice.good', { timeout: 2 * PATIENCE });
        session.expect(Number(await order('saves')) === before + 1, `${victim}: not saved once`);
    }

    session.where = 'a lost session that the page notices first';
    const isAsked = () => page.waitForSelector('dialog[open] input[name=password]', { timeout: PATIENCE });
    const isAtPassword = () => page.evaluate(() => document.activeElement.name === 'password');
    await session.go('groups/office/privileges');
    await page.waitForSelector('form.card', { timeout: PATIENCE });
    await page.click('input[name="privilege.update-now"]');
    await order('end_sessions'); // nothing else happens: the stream's end is all that the page hears
    await isAsked();
    session.expect(await isAtPassword(), 'the focus is not where there is something to enter');
    await page.click('form.card button[type=submit]'); // too late: what is under the dialog takes no click
    session.expect(await isAtPassword(), 'a click beside the dialog takes the focus from it');
    await page.keyboard.type(password);
    await page.keyboard.press('Enter');
    await session.until(() => document.querySelector('dialog') === null);
    session.expect(await page.evaluate(() => document.querySelector('input[name="privilege.update-now"]').checked), 'the form is lost');
    session.expect(!await page.evaluate(() => document.querySelector('form.card button[type=submit]').disabled), 'it cannot be saved any more');
    await page.evaluate(() => [...document.querySelectorAll('form.card button')].find((node) => node.textContent === 'Discard changes').click());

    session.where = 'a lost session';
    await page.click('input[name="privilege.update-now"]');
    await order('end_sessions');
    // not by the mouse: the page may have noticed it before, by a change that it was told of
    await page.evaluate(() => document.querySelector('form.card button[type=submit]').click());
    await isAsked();
    session.expect(await page.evaluate(() => document.querySelector('dialog input[name=username]').readOnly), 'for another account');
    session.expect(await isAtPassword(), 'the focus is not where there is something to enter');
    session.expect(await page.evaluate(() => document.querySelector('input[name="privilege.update-now"]').checked), 'the form is lost');
    await session.picture('session-lost');
    await page.keyboard.press('Escape');
    session.expect(await page.$('dialog[open]') !== null, 'Escape closes the sign-in');
    await page.type('dialog input[name=password]', 'not the password');
    await page.click('dialog button[type=submit]');
    await page.waitForSelector('dialog .notice.bad', { timeout: PATIENCE });
    await page.type('dialog input[name=password]', password);
    await page.click('dialog button[type=submit]');
    await page.waitForSelector('form.card .notice.good', { timeout: PATIENCE });
    const saved = await page.evaluate(async () => (await (await fetch('/api/v1/groups/office')).json()).settings['privilege.update-now']);
    session.expect(saved === 'yes', 'it was not saved after the sign-in');
    await session.go('endpoints');
    await order('endpoint', 'off');
    await row('Offline'); // the stream is back too
    await order('endpoint', 'on');
    await row('Online');

    session.where = 'an upgrade';
    const before = await build();
    await session.go('groups/office/privileges');
    await page.waitForSelector('form.card', { timeout: PATIENCE });
    await order('upgrade');
    await banner('The console was upgraded');
    await session.picture('upgraded');
    await Promise.all([page.waitForNavigation({ timeout: PATIENCE }), page.click('#banner button')]);
    await page.waitForSelector('form.card', { timeout: PATIENCE }); // the same page, and no new sign-in
    session.expect(await build() !== before, 'the page is still the old one');
    await noBanner();

    session.where = 'a slow line';
    await session.go('live');
    await page.emulateNetworkConditions({ download: 16000, upload: 8000, latency: 400 }); // bytes a second, ms
    await page.evaluate(() => { location.hash = '#/endpoints'; });
    await page.waitForSelector('#main .loading', { timeout: PATIENCE }); // it says that it is at work
    await row('Online');
    await page.emulateNetworkConditions(null);
    await page.setOfflineMode(true);
    await page.evaluate(() => { location.hash = '#/groups/office/privileges'; });
    await page.waitForSelector('#main .notice.bad', { timeout: PATIENCE });
    await page.setOfflineMode(false);
    await session.go('endpoints');
    await row('Online');
});
