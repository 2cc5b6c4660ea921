// SPDX-License-Identifier: Apache-2.0
// Six PCs, three of them behind address translation (tests/natlab/console.sh): what the pages say of them, and who gets a privilege when.
import { play, Session } from './session.mjs';

const [, , , , , , id] = process.argv; // of a laptop behind NAT
const session = await Session.open();

// Of a card's tiles: "2 Hidden by NAT".
const tile = (count, text) => session.until((n, what) => [...document.querySelectorAll('.tile')].some((node) =>
    node.firstChild.textContent === n && node.lastChild.textContent === what), String(count), text);

await play(session, 'address translation', async ({ page }) => {
    await session.signIn();
    await session.show('live');
    await tile(5, 'Online');
    await tile(1, 'Agree: offline');
    await tile(2, 'Agree: online');
    await tile(3, 'Hidden by NAT');
    await session.picture('live-status');

    session.where = 'the laptop at home';
    await session.show(`endpoints/${id}`);
    await session.says('192.168.1.20:61000 did not answer');
    const statuses = await page.evaluate(() => [...document.querySelectorAll('main .badge')].slice(0, 3).map((node) => node.textContent).join());
    session.expect(statuses === 'Offline,Online,Hidden by NAT', `its statuses: ${statuses}`);
    await session.picture('endpoint');

    session.where = 'a privilege';
    await session.speak('ja');
    await session.show('groups/office/privileges');
    await page.click('input[name="privilege.update-now"]');
    await page.click('form.card button[type=submit]');
    await session.says('5 台中 2 台に適用済みです。'); // those that the server can dial, of which one is off
    for (const host of ['laptop-ann', 'laptop-bob'])
        await session.says(`${host} – 次のパターンファイルアップデート通知またはポーリングで届きます`);
    await session.picture('privileges-ja');
});
