// SPDX-License-Identifier: Apache-2.0
// Pages that draw themselves again when something changes: how often, in turn, and until what they are about is gone.
import assert from 'node:assert/strict';
import test from 'node:test';

import { Problem } from '../../manager/console/pages/api.js';
import { follow, onGone } from '../../manager/console/pages/follow.js';

globalThis.document = Object.assign(new EventTarget(), { hidden: false });

// -> the timers that are set and not cleared, instead of the clock's; each begins with run().
function takeTimers(t) {
    const timers = new Set();
    for (const kind of ['Timeout', 'Interval']) {
        t.mock.method(globalThis, `set${kind}`, (run, ms) => {
            const timer = { kind, ms, run };
            timers.add(timer);
            return timer;
        });
        t.mock.method(globalThis, `clear${kind}`, (timer) => timers.delete(timer));
    }
    return timers;
}

test('a tab that nobody sees draws less often, and what it owes at once when it is seen', async (t) => {
    const timers = takeTimers(t);
    let now = 1e12;
    t.mock.method(Date, 'now', () => now);
    let draws = 0;
    const end = follow({}, async () => { draws++; }, { every: 5000, pace: 200 });
    const [clock] = timers;
    const next = () => [...timers].filter(({ kind }) => kind === 'Timeout');
    const fire = () => {
        const [timer] = next();
        timers.delete(timer);
        timer.run();
    };
    const show = (hidden) => {
        document.hidden = hidden;
        document.dispatchEvent(new Event('visibilitychange'));
    };
    const wait = () => {
        clock.run();
        const [{ ms }] = next();
        now += ms;
        return ms;
    };
    assert.equal(wait(), 200);
    fire();
    show(true);
    assert.equal(wait(), 200); // where little happens it is as quick as others
    fire();
    for (let i = 0; i < 30; i++) {
        wait();
        fire();
    }
    assert.equal(wait(), 3000);
    wait();
    assert.equal(next().length, 1); // one for all that comes meanwhile
    show(false);
    assert.deepEqual(next().map(({ ms }) => ms), [200]);
    fire();
    show(true);
    show(false);
    assert.deepEqual(next(), []); // it owes nothing
    await Promise.resolve();
    clock.run();
    end();
    show(true);
    show(false);
    assert.deepEqual(next(), []);
    await new Promise((done) => setImmediate(done));
    assert.ok(draws > 0);
});

test('what is refused because too much was asked is asked for again, while the page is there', async (t) => {
    const timers = takeTimers(t);
    const settled = () => new Promise((done) => setImmediate(done));
    const fire = async () => {
        const timer = [...timers].find(({ kind }) => kind === 'Timeout');
        timers.delete(timer);
        timer.run();
        await settled();
    };
    let status = 429;
    const end = follow({}, () => (status ? Promise.reject(new Problem(status, {})) : Promise.resolve()), { every: 60_000, pace: 200 });
    [...timers][0].run();
    await fire();
    assert.deepEqual([...timers].map(({ ms }) => ms), [60_000, 3000]);
    await fire();
    assert.equal(timers.size, 2);
    status = 0;
    await fire();
    assert.equal(timers.size, 1);
    status = 429;
    [...timers][0].run();
    const last = fire();
    end();
    await last;
    assert.equal(timers.size, 0);
});

test('a page whose thing was removed elsewhere says so', async (t) => {
    let told = 0;
    onGone(() => { told++; });
    const failing = (status) => follow({}, () => Promise.reject(new Problem(status, {})), { every: 5, pace: 1 });
    const wait = (ms) => new Promise((done) => setTimeout(done, ms));
    t.after(failing(503));
    await wait(100);
    assert.equal(told, 0); // the server is away
    const end = failing(404);
    for (let tries = 0; told === 0 && tries < 100; tries++)
        await wait(20);
    end();
    assert.ok(told > 0);
});

test('a page is drawn by one at a time, and again for what changed meanwhile', async (t) => {
    const answers = [];
    let under = 0;
    let most = 0;
    const end = follow({}, async () => {
        most = Math.max(most, ++under);
        await new Promise((done) => answers.push(done));
        under--;
        throw new Error('as when the server is away');
    }, { every: 20 });
    t.after(end);
    const wait = (ms) => new Promise((done) => setTimeout(done, ms));
    await wait(600);
    assert.equal(answers.length, 1);
    answers[0]();
    await wait(400);
    assert.equal(answers.length, 2);
    end();
    answers[1]();
    await wait(400);
    assert.equal(answers.length, 2);
    assert.equal(most, 1);
});
