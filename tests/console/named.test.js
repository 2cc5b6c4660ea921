// SPDX-License-Identifier: Apache-2.0
// What people know things by, where the server has ids and keys: groups, fields of a form; and what is told once.
import assert from 'node:assert/strict';
import test from 'node:test';

import { latestOf } from '../../manager/console/pages/follow.js';
import { refusedRow } from '../../manager/console/pages/form.js';
import { ringsOf, selectorWords } from '../../manager/console/pages/whom.js';
import { withGroup } from '../../manager/console/pages/text.js';

const nameOf = (id) => ({ soumu: '総務部' }[id] ?? id);

test('a selector is words for people', () => {
    const words = (selector) => selectorWords(selector, nameOf);
    assert.equal(words('all'), 'all');
    assert.equal(words('@soumu'), '総務部');
    assert.equal(words('@soumu,@office'), '総務部, office');
    assert.equal(words('e-bmmv3kdgvgjf'), '1 selected');
    assert.equal(words('e-bmmv3kdgvgjf,e-2e19q5wdvv94'), '2 selected');
    assert.equal(words('filter:'), 'all');
    assert.equal(words('filter:(a) or b'), 'Filter: (a) or b');
    assert.equal(words('in:soumu filter:offline'), '総務部 · Filter: offline');
    assert.equal(words('except:e-1,e-2 filter:'), 'all · without 2');
    assert.equal(words('in:soumu except:e-1 filter:'), '総務部 · without 1');
    for (const typed of ['outdated', 'pc-1,@soumu', 'group:soumu', 'xfilter:a', 'e-1'])
        assert.equal(words(typed), typed);
    assert.equal(words('filter:\u202eevil'), 'Filter: \\u202eevil');
});

test('a line of the server names a group as people do, and nothing else', () => {
    assert.equal(withGroup('settings: version 3 of soumu', 'soumu', '総務部'), 'settings: version 3 of 総務部');
    assert.equal(withGroup('設定: soumu のバージョン 3', 'soumu', '総務部'), '設定: 総務部 のバージョン 3');
    assert.equal(withGroup('soumu', 'soumu', '総務部'), '総務部');
    assert.equal(withGroup('version 3 of a.b', 'a.b', '$&'), 'version 3 of $&');
    for (const other of ['version 3 of soumu-2', 'the server soumu did not answer', 'version 3 of axb'])
        assert.equal(withGroup(other, other.includes('axb') ? 'a.b' : 'soumu', '総務部'), other);
});

test('a refusal is found at its field', () => {
    const rows = [{ key: 'rings', sentences: /^rollout\.(no-)?ring/ }, { key: 'min_success' }, { key: 'line.brokers' }, { key: 'offline-after' }];
    const key = (problem) => refusedRow({ rows }, problem)?.key;
    assert.equal(key({ sentence: 'rollout.ring-order', args: { value: '9' } }), 'rings');
    assert.equal(key({ sentence: 'rollout.no-ring', args: {} }), 'rings');
    assert.equal(key({ sentence: 'rollout.number', args: { key: 'min-success' } }), 'min_success');
    assert.equal(key({ sentence: 'value.host-port', args: { prefix: 'line.brokers' } }), 'line.brokers');
    assert.equal(key({ args: { prefix: 'offline-after' } }), 'offline-after');
    assert.equal(key({ sentence: 'rollout.quota', args: {} }), undefined);
    assert.equal(key({ sentence: undefined }), undefined);
});

test('events are there once, the newest first', () => {
    const event = (at, what = 'status') => ({ at, what });
    assert.deepEqual(latestOf([event(3)], [event(3), event(2), event(1)], 9), [event(3), event(2), event(1)]);
    assert.deepEqual(latestOf([event(3), event(2)], [event(2), event(1)], 2), [event(3), event(2)]);
    assert.deepEqual(latestOf([], [event(1, 'a'), event(1, 'b')], 9), [event(1, 'a'), event(1, 'b')]);
});

test('rings are a list, and a text where the manager is an earlier one', () => {
    const rings = [{ percent: 1, members: 5 }, { percent: 100, members: 40 }];
    assert.deepEqual(ringsOf({ rings }), rings);
    assert.deepEqual(ringsOf({ rings: '1%,10%,100%' }), [{ percent: 1 }, { percent: 10 }, { percent: 100 }]);
    assert.deepEqual(ringsOf({ rings: '100%' }), [{ percent: 100 }]);
});
