// SPDX-License-Identifier: Apache-2.0
// The figures of the page: see tests/bench/console.  Argument: how many endpoints there are.
import { account, address, order, password, PATIENCE, play, Session } from './session.mjs';

const TABS = 12;
const SCROLLS = [120, 1200, 12000]; // pixels a frame: a wheel, a page, the bar dragged
const FRAMES = 300;
const count = Number(process.argv[6]);
const session = await Session.open({ quiet: true });
const { page } = session;
const tell = (text, value, unit = 'ms') => console.log(`   ${text}: ${Math.round(value)} ${unit}`);

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
    const seen = tabs.map((tab) => tab.waitForFunction(() => [...document.querySelectorAll('.grid-body .grid-cell:nth-child(5)')]
        .some((cell) => cell.textContent === 'Offline') && Date.now(), { timeout: PATIENCE, polling: 'mutation' }));
    await order('endpoint', 'off');
    const times = await Promise.all(seen.map(async (handle) => (await handle).jsonValue()));
    tell(`a change is in all of ${TABS} tabs after the topic`, Math.max(...times) - Number(await order('told', 'offline')));
    await order('endpoint', 'on');
}

await play(session, 'figures of the page', async () => {
    await firstDraw();
    for (const step of SCROLLS) {
        const before = await page.metrics();
        const { longestBlank, longestFrame } = await page.evaluate(scroll, step, FRAMES);
        const after = await page.metrics();
        const spent = (part) => ((after[part] - before[part]) * 1000 / FRAMES).toFixed(2);
        tell(`scrolling by ${step} px a frame: longest blank`, longestBlank);
        tell(`scrolling by ${step} px a frame: longest frame`, longestFrame);
        console.log(`   of its own a frame: script ${spent('ScriptDuration')} ms, style ${spent('RecalcStyleDuration')} ms, layout ${spent('LayoutDuration')} ms`);
    }
    await manyTabs();
});
