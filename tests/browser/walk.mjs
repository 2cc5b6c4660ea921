// SPDX-License-Identifier: Apache-2.0
// Every page in a window that is small because the reader needs it large, in one language by the Tab key alone: each control is reached once
// around, the one that has the focus is in the window, shows it, and nothing lies over it (WCAG 2.2: 1.4.10, 2.1.1, 2.4.7, 2.4.11).  In the
// other language, whose words are longer or shorter, each is given the focus in its turn, which is the same but for the key.
import { order, PAGES, play, Session } from './session.mjs';

const WINDOW = { width: 320, height: 256 };
// Pages with what opens a dialog there.
const DIALOGS = [['endpoints', 'New group'], ['groups/office/update', 'Copy to another group…'], ['rollouts', 'New roll-out'],
    ['enrolment', 'New bundle'], ['administration', 'New account'], ['administration/tokens', 'New token'], ['administration/notifications', 'New notification']];

const MOST = 300; // presses of Tab once around the longest page

// In the page: what the steps below ask of it.
function install() {
    // What tells one control from another, also when a live page has put a new one in its place.
    const keyOf = (node) => [node.tagName, node.name ?? '', node.getAttribute('href') ?? '', node.getAttribute('aria-label') ?? '',
        (node.labels?.[0] ?? node).textContent.trim().slice(0, 60)].join('|');

    // Those that Tab is to reach.  Of a group of radio buttons that is one.
    const controls = () => [...(document.querySelector('dialog[open]') ?? document).querySelectorAll('a[href], button, select, input, textarea, summary, [tabindex="0"]')].filter((node) =>
        node.checkVisibility({ checkVisibilityCSS: true }) && !node.disabled && node.tabIndex >= 0 && (node.type !== 'radio' || node.checked));

    // What has the focus, and what is wrong with it.
    function look() {
        const node = document.activeElement;
        if (node === document.body || node.id === 'main')
            return { key: null, wrong: [] };
        const style = getComputedStyle(node);
        const box = node.getBoundingClientRect();
        const [left, right] = [Math.max(0, box.left), Math.min(innerWidth, box.right)];
        const [top, bottom] = [Math.max(0, box.top), Math.min(innerHeight, box.bottom)];
        const isSeen = ([x, y]) => node.contains(document.elementFromPoint(x, y));
        const points = [0.1, 0.3, 0.5, 0.7, 0.9].flatMap((x) => [0.1, 0.5, 0.9].map((y) => [left + (right - left) * x, top + (bottom - top) * y]));
        const wrong = [];
        if (right - left < 1 || bottom - top < 1)
            wrong.push(`is out of the window (${[box.left, box.top, box.right, box.bottom].map(Math.round)})`);
        else if (!points.some(isSeen))
            wrong.push(`is covered by ${document.elementFromPoint((left + right) / 2, (top + bottom) / 2)?.outerHTML.slice(0, 60)}`);
        if (!node.matches('.grid') && (style.outlineStyle === 'none' || parseFloat(style.outlineWidth) === 0))
            wrong.push('does not show that it has the focus');
        return { key: keyOf(node), wrong };
    }

    // Each has it once.
    const sweep = () => controls().map((node) => {
        node.focus({ focusVisible: true });
        return node.isConnected ? look() : { key: null, wrong: [] }; // or a live page has put another one in its place
    });

    window.walk = { look, sweep, wanted: () => controls().map(keyOf) };
}

const session = await Session.open();
const { page } = session;

// -> how many stops there are.  From wherever the focus is, around: where the page ends, Tab begins again at its beginning.
async function walk() {
    const look = () => page.evaluate(() => window.walk.look());
    const missing = new Set(await page.evaluate(() => window.walk.wanted()));
    const met = new Set([(await look()).key]);
    missing.delete([...met][0]);
    for (let presses = 0; missing.size > 0 && presses < MOST; presses++) {
        await page.keyboard.press('Tab');
        const { key, wrong } = await look();
        missing.delete(key);
        if (!met.has(key))
            wrong.forEach((what) => session.note(`${key} ${what}`));
        met.add(key);
    }
    missing.forEach((key) => session.note(`${key} is not reached`));
    return met.size;
}

async function sweep() {
    const stops = await page.evaluate(() => window.walk.sweep());
    stops.forEach(({ key, wrong }) => wrong.forEach((what) => session.note(`${key} ${what}`)));
    return stops.length;
}

const other = (language) => (language === 'en' ? 'ja' : 'en');

// The page in a small window: it is opened in a large one, as a reader does who then enlarges it.
async function showSmall(path) {
    await page.setViewport({ width: 1280, height: 900 });
    await session.show(path);
    await shrink();
}

async function shrink() {
    await page.setViewport(WINDOW);
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
}

// The same page in the other language, which draws it again.
async function turnTo(language) {
    session.where = `${session.where} (${language})`;
    await page.setViewport({ width: 1280, height: 900 });
    await session.speak(language);
    await page.waitForNetworkIdle({ idleTime: 150, concurrency: 1 });
    await session.until(() => document.querySelector('#main h1, #main h2') !== null);
    await shrink();
}

// at: the number of the button that opens it, of those on the page.
async function openDialog(at) {
    await page.evaluate((n) => document.querySelectorAll('main button')[n].focus(), at);
    await page.keyboard.press('Enter');
    await session.until(() => document.querySelector('dialog[open]')?.contains(document.activeElement));
    session.expect(await page.evaluate(() => [document.documentElement, document.querySelector('dialog')]
        .every((node) => node.scrollWidth <= node.clientWidth)), 'it scrolls sideways');
}

async function closeDialog() {
    await page.keyboard.press('Escape');
    await session.until(() => document.querySelector('dialog') === null);
}

await play(session, 'every page by the Tab key at 400 %, in two languages', async () => {
    await session.signIn();
    await page.evaluate(install);
    const pages = [...PAGES, `commands/${await order('command')}`, `rollouts/${await order('rollout')}`, 'notifications/log'];
    let language = 'en';
    let stops = 0;
    for (const path of pages) {
        session.where = path;
        await showSmall(path);
        stops += await walk();
        language = other(language);
        await turnTo(language); // in which the next page is walked
        session.expect(await sweep() > 5, 'it has too few stops');
    }
    await session.speak('en');
    for (const [path, opener] of DIALOGS) {
        session.where = `${path}: ${opener}`;
        await showSmall(path);
        const at = await page.evaluate((text) => [...document.querySelectorAll('main button')].findIndex((node) => node.textContent === text), opener);
        await openDialog(at);
        session.expect(await walk() > 2, 'it has too few stops');
        await closeDialog();
        await turnTo('ja');
        await openDialog(at);
        session.expect(await sweep() > 2, 'it has too few stops');
        await closeDialog();
        await session.speak('en');
    }
    session.where = 'navigation';
    await page.evaluate(() => document.querySelector('.nav-toggle').focus());
    await page.keyboard.press('Enter');
    await session.until(() => document.querySelector('.main-nav').checkVisibility());
    await walk(); // and it is out of the way where the focus has left it
    session.expect(!await page.evaluate(() => document.querySelector('.main-nav').checkVisibility()), 'it stays open');
    session.where = 'navigation, Escape';
    await page.evaluate(() => document.querySelector('.nav-toggle').focus());
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Escape');
    await session.until(() => !document.querySelector('.main-nav').checkVisibility() && document.activeElement.matches('.nav-toggle'));
    session.expect(stops > 10 * pages.length, `only ${stops} stops`);
});
