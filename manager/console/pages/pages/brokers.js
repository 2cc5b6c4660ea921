// SPDX-License-Identifier: Apache-2.0
// The brokers that a server with several of them runs: who is where, and which are drained.

import { all, post } from '../api.js';
import { h } from '../dom.js';
import { number, tr } from '../i18n.js';
import { format } from '../route.js';
import { mayBe } from '../session.js';
import { visible } from '../text.js';
import { announce, badge, button, card, sure, table, when } from '../ui.js';

const drain = ({ broker }, draw) => sure(tr('Drain'),
    tr('Broker {broker} ends, and its endpoints connect to the others. It stays so until it is used again.', { broker }),
    () => post(`/brokers/${broker}/draining`), { done: tr('Broker {broker} is drained.', { broker }), after: draw });

async function useAgain(row, draw) {
    await post(`/brokers/${row.broker}/undraining`);
    announce(tr('Broker {broker} is used again.', { broker: row.broker }));
    await draw();
}

// The last one that is used has nowhere to drain to.
function action(row, used, draw) {
    if (row.state === 'drained')
        return button(tr('Use again'), () => useAgain(row, draw));
    return used > 1 && button(tr('Drain'), () => drain(row, draw), { class: 'danger-text' });
}

// null for a server with one.
export async function brokers(draw, signal) {
    const rows = await all('/brokers', {}, signal);
    if (rows.length < 2)
        return null;
    const used = rows.filter((row) => row.state !== 'drained').length;
    return card(tr('Brokers'), table([
        { title: tr('Broker'), cell: (row) => String(row.broker) },
        { title: tr('Address'), cell: (row) => visible(row.address) },
        { title: tr('State'), cell: (row) => badge('broker', row.state) },
        { title: tr('Endpoints'), cell: (row) => h('a', { href: format(['endpoints'], { filter: `broker:${row.broker}` }) }, number(row.endpoints)) },
        { title: tr('Messages that wait'), cell: (row) => number(row.waiting) },
        { title: tr('Connected since'), cell: (row) => when(row.connected) },
        mayBe('owner') && { title: '', cell: (row) => action(row, used, draw) },
    ].filter(Boolean), rows, '', tr('Brokers')));
}
