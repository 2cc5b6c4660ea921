// SPDX-License-Identifier: Apache-2.0
// Every page on every width from a phone (320 is also a desk's 1,280 at 400 %) to a wide desk, in both languages: nothing sticks out, nothing covers another thing.
import { PAGES, play, Session } from './session.mjs';

const WIDTHS = [320, 360, 768, 1280, 2560];
const HEIGHT = 900;

// In the page: what sticks out, is cut off, or lies over another control.  The list of endpoints has the columns for which there is room,
// and a row of a table is a list on a telephone, so neither scrolls sideways; between those widths a table may.  What stands in a cell of
// the long list is shortened by design.
function measure() {
    const found = [];
    const say = (what, node) => found.push(`${what}: ${node.outerHTML.slice(0, 110)}`);
    const main = document.getElementById('main');
    const wide = (node) => node.scrollWidth > node.clientWidth + 1;
    if (wide(document.documentElement) || wide(document.body))
        say(`the page scrolls sideways (${document.documentElement.scrollWidth})`, document.body);
    if (wide(main)) {
        const out = [...main.querySelectorAll('*')].filter((node) => !node.closest('.scroll, .grid, .tree') &&
            node.getBoundingClientRect().right > main.getBoundingClientRect().left + main.clientWidth + 1);
        say(`the content scrolls sideways (${main.scrollWidth} in ${main.clientWidth})`, out.at(-1) ?? main);
    }
    for (const node of main.querySelectorAll(innerWidth <= 640 ? '.grid, .scroll' : '.grid'))
        if (wide(node))
            say(`scrolls sideways (${node.scrollWidth} in ${node.clientWidth})`, node);
    const controls = [...document.querySelectorAll('a, button, select, input, textarea, summary')].filter((node) =>
        node.checkVisibility({ checkVisibilityCSS: true }) && !node.closest('.grid, .scroll, .tree, .menu-list, .skip, .unseen, #messages') &&
        !node.matches('.skip'));
    const boxes = controls.map((node) => ({ node, box: node.getBoundingClientRect() }));
    for (const { node, box } of boxes) {
        if (box.width === 0 || box.height === 0)
            continue;
        if (box.left < -1 || box.right > innerWidth + 1)
            say(`outside the window (${Math.round(box.left)} to ${Math.round(box.right)})`, node);
        if (node.matches('button, summary, a.button') && node.scrollWidth > node.clientWidth + 1)
            say('its text is cut off', node);
    }
    const inside = (a, b) => a.contains(b) || b.contains(a);
    const meet = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1;
    const layer = (node) => (node.closest('.top, .main-nav') ? 'frame' : 'content'); // the content scrolls under nothing, but out of sight
    boxes.forEach((one, i) => boxes.slice(i + 1).forEach((two) => {
        if (layer(one.node) === layer(two.node) && !inside(one.node, two.node) && meet(one.box, two.box))
            say(`lies over ${two.node.outerHTML.slice(0, 60)}`, one.node);
    }));
    return found;
}

const session = await Session.open();
await play(session, `${2 * PAGES.length} pages on ${WIDTHS.length} widths`, async () => {
    await session.signIn();
    for (const language of ['en', 'ja']) {
        await session.page.setViewport({ width: 1280, height: HEIGHT });
        await session.speak(language);
        for (const path of PAGES) {
            await session.page.setViewport({ width: 1280, height: HEIGHT });
            session.where = `${language} ${path}`;
            await session.show(path);
            for (const width of WIDTHS) {
                session.where = `${language} ${path} ${width} px`;
                await session.page.setViewport({ width, height: HEIGHT });
                await session.page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
                for (const text of await session.page.evaluate(measure))
                    session.note(text);
                if (width === 360)
                    await session.picture(`${language}-360-${path.replace(/[^a-z]+/g, '-')}`);
            }
        }
    }
});
