// SPDX-License-Identifier: Apache-2.0
// Two people had one form open, and both saved.

import { h } from './dom.js';
import { number, tr } from './i18n.js';
import { changes, merge } from './settings.js';
import { visible } from './text.js';
import { confirm, table } from './ui.js';

// What only we changed goes in; for the rest the reader sees both values and decides.  document, theirs: as it was saved in between, and
// its values; base, mine: of the form, when it was drawn and now; label(key), text(key, value): in words; save(values): those that differ;
// false: not saved, so the decision stays open.
export function settle(document, theirs, { base, mine, label, text, save }) {
    const { merged, conflicts } = merge(base, mine, Object.fromEntries(Object.keys(mine).map((key) => [key, theirs[key]])));
    return confirm(tr('Changed in the meantime'), [
        h('p', {}, tr('{who} saved version {n} while you were editing.', { who: visible(document.changed_by), n: number(document.version) })),
        conflicts.length === 0 ? h('p', {}, tr('Your changes concern other settings: both can hold.')) : table([
            { title: tr('Setting'), cell: label },
            { title: tr('Theirs'), cell: (key) => visible(text(key, theirs[key])) },
            { title: tr('Yours'), cell: (key) => visible(text(key, mine[key])) },
        ], conflicts),
    ], tr('Save mine'), () => save(changes(theirs, merged)), conflicts.length > 0);
}
