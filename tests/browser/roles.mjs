// SPDX-License-Identifier: Apache-2.0
// Every page, as each role sees it; a refusal is a problem that the session keeps.
import { address, PAGES, play, Session } from './session.mjs';

const TABS = { auditor: 7, operator: 4, administrator: 5, owner: 8 };
const session = await Session.open();
const { page } = session;

await play(session, 'roles', async () => {
    for (const [role, tabs] of Object.entries(TABS)) {
        session.where = role;
        await session.signIn(role);
        for (const path of PAGES.filter((address) => !address.startsWith('administration/'))) {
            session.where = `${role}: ${path}`;
            await session.show(path);
        }
        session.where = `${role}: administration`;
        await session.show('administration');
        const found = await page.evaluate(() => [...document.querySelectorAll('#main .tabs a')].map((node) => node.hash.slice(2)));
        session.expect(found.length === tabs, `has ${found.length} tabs: ${found.join(' ')}`);
        for (const path of found) {
            session.where = `${role}: ${path}`;
            await session.show(path);
        }
        await page.goto('about:blank');
        await page.deleteCookie(...await page.cookies(address));
    }
});
