// SPDX-License-Identifier: Apache-2.0
// What endpoints say of themselves is text on every page, in both languages, and in the titles and dialogs that repeat it.
import { order, PAGES, play, Session } from './session.mjs';

const [script, turned, message] = process.argv.slice(6);
const session = await Session.open();
const { page } = session;

// What became of it: nodes that it made, what it ran, and characters that nobody sees.
const look = () => page.evaluate(() => ({
    ran: typeof hostile !== 'undefined', // eslint-disable-line no-undef
    nodes: document.querySelectorAll('img, body script, iframe, [onerror], [onload]').length,
    unseen: /[\u200e\u200f\u202a-\u202e\u2066-\u2069]/.test(document.body.textContent + document.title +
        [...document.querySelectorAll('[title], [aria-label]')].map((node) => node.title + node.ariaLabel).join('')),
    text: `${document.title} ${document.body.textContent}`,
}));

async function expectText(...expected) {
    const found = await look();
    session.expect(!found.ran, 'a script ran');
    session.expect(found.nodes === 0, 'markup became nodes');
    session.expect(!found.unseen, 'a character that nobody sees is on the page');
    for (const text of expected)
        session.expect(found.text.includes(text), `"${text}" is not there as text`);
}

const written = turned.replace('\u202e', '\\u202e');

await play(session, 'hostile text', async () => {
    await session.signIn();

    session.where = 'an address that somebody wrote';
    for (const part of ['toString', '__proto__', 'constructor', encodeURIComponent(script)])
        for (const [of, title] of [['groups/office', 'Client Privileges'], ['scans', 'Scans'], ['reports', 'Reports'], ['administration', 'Administration']]) {
            await session.go('live');
            await session.show(`${of}/${part}`);
            await session.until((text) => document.querySelector('#main h1').textContent === text, title);
            session.expect(await page.evaluate(() => document.querySelectorAll('.tabs [aria-current=page]').length) === 1, `${of}/${part}: no view is chosen`);
        }

    for (const language of ['en', 'ja']) {
        await session.speak(language);
        for (const path of PAGES) {
            session.where = `${language} ${path}`;
            await session.show(path);
            await expectText();
        }
        session.where = `${language} its place`;
        await session.show('endpoints');
        await expectText(script, written);
        await session.picture(`${language}-hostile-list`);
        await session.show(`endpoints/${await order('id', 'desk')}`);
        await expectText(written, message, 'constructor');
        await session.picture(`${language}-hostile-endpoint`);
        await session.show(`endpoints/${await order('id', 'pc')}`);
        await expectText(script, message);
        await page.evaluate(() => [...document.querySelectorAll('button.danger-text')].at(-1).click());
        await session.until(() => document.querySelector('dialog[open]') !== null);
        await expectText(script);
        await page.keyboard.press('Escape');
        await session.show('commands');
        await page.click('#main tbody a, #main .grid-row a');
        await session.until(() => location.hash.startsWith('#/commands/c-'));
        await page.waitForNetworkIdle({ idleTime: 150, concurrency: 1 });
        await expectText(script, written, message);
    }
});
