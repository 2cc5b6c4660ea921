// SPDX-License-Identifier: Apache-2.0
// Twelve tabs of one browser, through what happens behind them and through a change of who is signed in.
import { account, address, order, password, PATIENCE, play, Session } from './session.mjs';

const FORM = 'groups/office/privileges';
const TABS = ['endpoints', 'endpoints/ID', 'live', FORM, 'groups/office/versions', 'updates', 'scans', 'commands', 'rollouts', 'reports', 'administration',
    'administration/notifications'];
const TICK = 'input[name="privilege.update-now"]';

const session = await Session.open({ quiet: true });
const tabs = new Map([[TABS[0], session.page]]);
const tab = (path) => tabs.get(path);

// In one of the tabs, of which only one is in front: the others have no frames.
const until = (page, condition, ...args) => page.waitForFunction(condition, { timeout: PATIENCE, polling: 50 }, ...args);
const inAll = (condition, ...args) => Promise.all([...tabs].map(([path, page]) => until(page, condition, ...args).catch((error) => {
    throw new Error(`${path}: ${error.message}`);
})));
const allSay = (text) => inAll((part) => document.getElementById('banner')?.textContent.includes(part), text);
const noneSays = () => inAll(() => document.getElementById('banner')?.textContent === '');
const click = (page, selector) => page.evaluate((of) => document.querySelector(of).click(), selector);
const isTicked = (page) => page.evaluate((of) => document.querySelector(of).checked, TICK);
const isSignInPage = () => document.querySelector('main.sign-in input[name=username]') !== null && document.querySelector('.frame') === null;
const isOf = (name) => document.querySelector('.menu.account bdi')?.textContent === name && document.querySelector('#main h1') !== null;

// A change is in each tab that shows it.
async function toggle() {
    for (const [what, text] of [['off', 'Offline'], ['on', 'Online']]) {
        await order('endpoint', what);
        await Promise.all([
            until(tab('endpoints'), (part) => document.querySelector('.grid-body .grid-cell:nth-child(5)')?.textContent === part, text),
            until(tab('endpoints/ID'), (part) => document.querySelector('.statuses > :nth-child(2) .badge')?.textContent === part, text),
            until(tab('live'), (part) => [...document.querySelectorAll('.tiles')][1].innerText.includes(`1\n${part}`), text),
        ]);
    }
}

async function open(path) {
    const page = await session.browser.newPage();
    page.on('pageerror', (error) => session.note(`${path}: ${error.message}`));
    await page.goto(`${address}/#/${path.replace('ID', session.id)}`, { waitUntil: 'load' });
    return page;
}

async function signIn(page, name) {
    await page.bringToFront();
    const form = await page.$('dialog') ? 'dialog' : 'main';
    if (form === 'main')
        await page.type('main input[name=username]', name);
    await page.type(`${form} input[name=password]`, password);
    await page.keyboard.press('Enter');
}

await play(session, 'twelve tabs', async () => {
    await session.signIn();
    await session.go('endpoints');
    for (const path of TABS.slice(1))
        tabs.set(path, await open(path));
    await inAll(isOf, account);
    await until(tab(FORM), (of) => document.querySelector(of), TICK);
    await tab(FORM).bringToFront();
    await tab(FORM).click(TICK);

    for (const [victim, text] of [['broker'], ['manager', 'does not hear the manager'], ['console', 'No connection to the console']]) {
        session.where = `without ${victim}`;
        await order('kill', victim);
        if (text)
            await allSay(text);
        if (victim === 'manager') { // what is opened meanwhile comes by itself
            tabs.set('late', await open('commands'));
            await until(tab('late'), () => document.querySelector('.notice.bad') !== null);
        }
        await order('start', victim);
        await noneSays();
        await toggle();
        await inAll(isOf, account);
        session.expect(await isTicked(tab(FORM)), 'the form is lost');
    }

    session.where = 'an upgrade';
    await order('upgrade');
    await allSay('The console was upgraded');
    await tab(FORM).bringToFront();
    const asked = new Promise((done) => tab(FORM).once('dialog', done));
    const clicked = click(tab(FORM), '#banner button');
    const question = await asked;
    session.expect(question.type() === 'beforeunload', 'a reload asks nothing');
    await question.dismiss();
    await clicked;
    session.expect(await isTicked(tab(FORM)), 'the form is lost');
    await tab(FORM).evaluate(() => { location.hash = '#/live'; });
    await until(tab(FORM), () => document.querySelector('dialog[open] h2')?.textContent === 'Discard changes');
    await tab(FORM).keyboard.press('Escape');
    await until(tab(FORM), () => document.querySelector('dialog') === null);
    session.expect(await isTicked(tab(FORM)), 'the form is lost on the way to another page');
    session.expect(await tab(FORM).evaluate(() => location.hash) === `#/${FORM}`, 'the address is that of another page');
    await toggle();

    session.where = 'a lost session';
    await order('end_sessions');
    await click(tab(FORM), 'form.card button[type=submit]');
    await tab('updates').evaluate(() => { location.hash = '#/commands'; });
    for (const path of [FORM, 'updates'])
        await until(tab(path), () => document.querySelector('dialog[open] input[name=password]') !== null);
    await signIn(tab(FORM), account);
    await until(tab(FORM), () => document.querySelector('form.card .notice.good') !== null);
    await until(tab('updates'), () => document.querySelector('dialog') === null && document.querySelector('#main h1')?.textContent === 'Commands');
    await toggle();

    session.where = 'a dialog, and the way back';
    await tab('updates').bringToFront();
    await tab('updates').evaluate(() => { location.hash = '#/enrolment'; });
    await until(tab('updates'), () => document.querySelector('#main h1')?.textContent === 'Enrolment');
    await click(tab('updates'), '.heading button');
    await until(tab('updates'), () => document.querySelector('dialog[open]') !== null);
    await tab('updates').evaluate(() => history.back());
    await until(tab('updates'), () => document.querySelector('#main h1')?.textContent === 'Commands' && document.querySelector('dialog') === null);

    session.where = 'another account';
    await tab(FORM).bringToFront();
    await tab(FORM).click(TICK);
    await tab('live').bringToFront();
    await tab('live').evaluate(() => [...document.querySelectorAll('.account button')].at(-1).click());
    await inAll(isSignInPage);
    await tab('updates').evaluate(() => history.back());
    await inAll(isSignInPage);
    await signIn(tab('live'), 'carol');
    await inAll(isOf, 'carol');
    await until(tab(FORM), (of) => document.querySelector(of), TICK);
    session.expect(await isTicked(tab(FORM)), 'what one account saved, the other does not see');
    await until(tab(FORM), () => document.querySelector('form.card button[type=submit]').disabled);
});
