// SPDX-License-Identifier: Apache-2.0
// A table of 251 rows, and the dialogs that show a secret.
import { password, play, Session } from './session.mjs';

const session = await Session.open();
await play(session, 'many endpoints', async ({ page }) => {
    const rows = (n) => session.until((wanted) => document.querySelectorAll('main tbody tr').length === wanted, n);
    const buttons = () => page.evaluate(() => [...document.querySelectorAll('dialog .actions button')].map((node) => node.textContent).join());
    await session.signIn();

    session.where = 'a long report';
    await session.show('reports');
    await rows(100);
    await session.checkSchemes();
    await session.press('151 more');
    await rows(200);
    await session.press('51 more');
    await rows(251);
    session.expect(await page.evaluate(() => document.querySelector('.more').hidden), 'there is nothing more');

    session.where = 'on paper';
    await session.show('reports/compliance');
    await rows(100);
    await page.evaluate(() => window.dispatchEvent(new Event('beforeprint')));
    await rows(251);
    await session.expectPrintable('many-paper');

    for (const path of ['administration', 'administration/sessions']) {
        session.where = `${path} on paper`;
        await session.show(path);
        await session.until(() => document.querySelector('main tbody button') !== null);
        await session.expectPrintable(`many-${path.replace(/[^a-z]+/g, '-')}-paper`);
    }

    session.where = 'a bundle';
    await session.show('enrolment');
    await session.press('New bundle');
    await session.press('Create');
    await session.says('The bundle is ready');
    session.expect(await buttons() === 'Close', `its buttons: ${await buttons()}`);
    await session.checkSchemes();
    await session.press('Close');

    session.where = 'a token';
    await session.show('administration/tokens');
    await session.press('New token');
    await page.waitForSelector('dialog input[type=text]'); // the groups are asked for first
    await page.type('dialog input[type=text]', 'nightly');
    await page.type('dialog input[type=password]', password);
    await session.press('Create');
    await session.says('It is shown only now.');
    session.expect(await buttons() === 'Close', `its buttons: ${await buttons()}`);
    await session.press('Close');
    await session.says('nightly');

    session.where = 'the audit log';
    const first = () => page.evaluate(() => document.querySelector('main tbody tr').innerText);
    const filterBy = async (label, value) => {
        await page.evaluate((text) => [...document.querySelectorAll('main .field')].find((node) => node.innerText.startsWith(text)).querySelector('input').focus(), label);
        await page.keyboard.type(value);
        await page.keyboard.press('Enter');
        await session.until((text) => decodeURIComponent(location.hash).replaceAll('+', ' ').includes(text), `=${value}`);
    };
    await session.show('administration/audit');
    await rows(100);
    await session.says('These are the latest 1,000 of ');
    await session.press('900 more');
    await rows(200);
    await filterBy('Account', 'robot');
    await session.until(() => document.querySelector('main tbody tr')?.innerText.includes('192.0.2.199'));
    session.expect(/192\.0\.2\.199\s+group set\s+@console=web name=lab-1199/.test(await first()), `the newest: ${await first()}`);
    await filterBy('Call', 'session open');
    await session.says('Nothing yet.');
    await session.show('administration/audit?account=admin');
    await session.until(() => document.querySelector('main tbody tr')?.innerText.includes('127.0.0.1')); // the token
    await session.checkSchemes(); // of few rows: the checker takes a minute for a hundred where other tests run
    await page.evaluate(() => window.dispatchEvent(new Event('beforeprint')));
    await session.expectPrintable('many-audit');
});
