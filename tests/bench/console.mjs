// SPDX-License-Identifier: Apache-2.0
// The figures of the page: see tests/bench/console.  Argument: how many endpoints there are.
import { account, address, directory, order, password, PATIENCE, play, Session } from './session.mjs';
import { tasksOf } from './tasks.mjs';

const TABS = 12;
const LINES_END = 65000; // ms: what a browser asks with is closed by then, and its streams are not
const SCROLLS = [120, 1200, 12000]; // pixels a frame: a wheel, a page, the bar dragged
const FRAMES = 300;
const count = Number(process.argv[6]);
const session = await Session.open({ quiet: true });
const { page } = session;
const tell = (text, value, unit = 'ms') => console.log(`   ${text}: ${Math.round(value)} ${unit}`);

// Does it, and tells what the page's thread was busy with meanwhile.
async function tellTasks(text, steps) {
    const { longest, cpu, long, parts } = await tasksOf(page, `${directory}/trace.json`, steps);
    const of = parts.map(([name, ms]) => `${name} ${ms.toFixed(0)}`).join(', ');
    console.log(`   ${text}: heaviest task ${cpu.toFixed(0)} ms of CPU (${of}), ${long} above 50; longest by the clock ${longest.toFixed(0)} ms`);
}

// In the page: scrolls for so many frames; -> the longest time in which a part of the list in view had no row, and the longest frame.
async function scroll(step, frames) {
    const grid = document.querySelector('.grid');
    const box = grid.getBoundingClientRect();
    const heights = [0.2, 0.5, 0.9].map((part) => box.top + 40 + part * (box.height - 60));
    const isBlank = () => heights.some((y) => !document.elementFromPoint(box.left + 200, y)?.closest('.grid-body .grid-row'));
    const frame = () => new Promise((done) => requestAnimationFrame(done));
    let [blank, longestBlank, longestFrame] = [0, 0, 0];
    grid.scrollTop = 0;
    let before = await frame();
    for (let i = 0; i < frames; i++) {
        grid.scrollTop += step;
        if (grid.scrollTop + grid.clientHeight >= grid.scrollHeight)
            grid.scrollTop = 0;
        const now = await frame();
        blank = isBlank() ? blank + now - before : 0;
        longestBlank = Math.max(longestBlank, blank);
        longestFrame = Math.max(longestFrame, now - before);
        before = now;
    }
    return { longestBlank, longestFrame };
}

async function firstDraw() {
    await page.goto(`${address}/#/endpoints`, { waitUntil: 'load' });
    await page.waitForSelector('input[name=username]', { timeout: PATIENCE });
    await page.type('input[name=username]', account);
    await page.type('input[name=password]', password);
    await page.click('button[type=submit]');
    const drawn = page.waitForFunction(() => document.querySelectorAll('.grid-body .grid-row').length > 10 && performance.now(),
        { polling: 'raf', timeout: PATIENCE });
    const at = await (await drawn).jsonValue();
    const signedIn = await page.evaluate(() => performance.getEntriesByType('resource')
        .findLast((entry) => entry.name.endsWith('/api/v1/session')).responseEnd);
    tell('first draw after the answer to the sign-in', at - signedIn);
    const all = await (await page.waitForFunction((n) => document.querySelector('.count').textContent.includes(n) &&
        !document.querySelector('.count').textContent.includes('loaded') && performance.now(), { polling: 'raf', timeout: PATIENCE },
    (count + 1).toLocaleString('en'))).jsonValue();
    tell('all rows', all - signedIn);
}

async function manyTabs() {
    const tabs = [];
    for (let i = 0; i < TABS; i++) {
        const tab = await session.browser.newPage();
        await tab.goto(`${address}/#/endpoints?group=office`, { waitUntil: 'load' });
        await tab.waitForFunction(() => document.querySelector('.grid-body')?.textContent.includes('Online'), { timeout: PATIENCE, polling: 50 });
        tabs.push(tab);
    }
    await order('listen');
    const seen = tabs.map((tab) => tab.waitForFunction(() => [...document.querySelectorAll('.grid-body .grid-cell')]
        .some((cell) => cell.textContent === 'Offline') && Date.now(), { timeout: PATIENCE, polling: 'mutation' }));
    await order('endpoint', 'off');
    const times = await Promise.all(seen.map(async (handle) => (await handle).jsonValue()));
    tell(`a change is in all of ${TABS} tabs after the topic`, Math.max(...times) - Number(await order('told', 'offline')));
    await order('endpoint', 'on');
    await rest(LINES_END);
    tell(`connections of a browser with ${TABS} tabs, at rest`, Number(await order('lines')), '');
}

const rows = (condition, ...args) => page.waitForFunction(condition, { polling: 'raf', timeout: PATIENCE }, ...args);
const rest = (ms) => new Promise((done) => setTimeout(done, ms)); // a measure, no test

async function scrolling() {
    for (const step of SCROLLS) {
        const before = await page.metrics();
        const { longestBlank, longestFrame } = await page.evaluate(scroll, step, FRAMES);
        const after = await page.metrics();
        const spent = (part) => ((after[part] - before[part]) * 1000 / FRAMES).toFixed(2);
        tell(`scrolling by ${step} px a frame: longest blank`, longestBlank);
        tell(`scrolling by ${step} px a frame: longest frame`, longestFrame);
        console.log(`   of its own a frame: script ${spent('ScriptDuration')} ms, style ${spent('RecalcStyleDuration')} ms, layout ${spent('LayoutDuration')} ms`);
    }
}

async function filtering() {
    await page.type('input[type=search]', 'pc-99');
    await rows(() => document.querySelector('.count').textContent.startsWith('111 '));
    await page.click('input[type=search]', { clickCount: 3 });
    await page.keyboard.press('Delete');
    await rows((n) => document.querySelector('.count').textContent === n, `${(count + 1).toLocaleString('en')} endpoints`);
}

async function sorting() {
    for (const order of ['ascending', 'descending']) {
        await page.evaluate(() => document.querySelector('.grid-head .grid-cell:nth-child(7) button').click());
        await rows((to) => document.querySelector('.grid-head .grid-cell:nth-child(7)').getAttribute('aria-sort') === to, order);
        await rows((n) => document.querySelector('.count').textContent === n, `${(count + 1).toLocaleString('en')} endpoints`);
    }
}

async function selecting() {
    await page.focus('.grid');
    await page.keyboard.press('Home');
    await page.keyboard.press('Space');
    await page.keyboard.down('Shift');
    await page.keyboard.press('End'); // all of them, by their ids
    await page.keyboard.up('Shift');
    await rows(() => !document.querySelector('.action-bar').hidden);
}

// One call for all of them, and its page, endpoint by endpoint.
async function command() {
    const id = await order('command');
    await page.evaluate((to) => { location.hash = to; }, `#/commands/${id}`);
    await rows(() => document.querySelectorAll('main tbody tr').length > 10);
    await rest(2000); // it is drawn again while it runs
}

async function report() {
    await page.evaluate(() => { location.hash = '#/reports/update'; });
    await rows(() => document.querySelectorAll('main .paper tbody tr').length > 10);
    await rest(500);
}

const STREAMED = 8000; // ms

await play(session, 'figures of the page', async () => {
    await tellTasks('sign-in, and all rows', firstDraw);
    await tellTasks('scrolling', scrolling);
    await tellTasks('a filter, and none again', filtering);
    await tellTasks('another order, twice', sorting);
    await tellTasks('selecting all by their ids', selecting);
    await page.keyboard.press('Home');
    await order('changes', String(count));
    await tellTasks('changes streaming', () => rest(STREAMED));
    await tellTasks('scrolling while changes stream', () => page.evaluate(scroll, SCROLLS[1], FRAMES));
    await order('quiet');
    await page.evaluate(() => { document.querySelector('.grid').scrollTop = 0; });
    await order('changes', '40');
    await tellTasks('every row in view changing, again and again', () => rest(STREAMED));
    await order('quiet');
    await tellTasks('a command for all', command);
    await tellTasks('a report of all', report);
    await manyTabs();
});
