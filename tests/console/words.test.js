// SPDX-License-Identifier: Apache-2.0
// Each code that the manager writes into an endpoint's history, or tells as an event, has a word on the pages.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

import { codes } from '../../manager/console/pages/words.js';

const daemon = fileURLToPath(new URL('../../manager/daemon', import.meta.url));
const WRITERS = [
    /mgr_record_note\([^,]+,[^,]+,\s*"([a-z-]+)"/g,
    /mgr_write_history(?:_once)?\([^;]*?,\s*"([a-z-]+)",/g,
    /tell_changed\(status, endpoint,\s*"([a-z-]+)"/g,
    /const char \*what = record->state[^;]*?"([a-z-]+)"/g,
];

function written() {
    const files = readdirSync(daemon, { recursive: true, withFileTypes: true }).filter((entry) => entry.name.endsWith('.c'));
    const found = new Set();
    for (const { parentPath, path, name } of files) {
        const text = readFileSync(join(parentPath ?? path, name), 'utf8');
        for (const writer of WRITERS)
            for (const [, code] of text.matchAll(writer))
                found.add(code);
    }
    return found;
}

test('what happened has a word', () => {
    const found = written();
    for (const code of ['registration', 'moved', 'certificate', 'rollout-halted']) // the patterns still find what is there
        assert.ok(found.has(code), code);
    const known = codes('happened');
    assert.deepEqual([...found].filter((code) => !known.includes(code)), []);
});
