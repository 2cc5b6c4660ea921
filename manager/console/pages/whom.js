// SPDX-License-Identifier: Apache-2.0
// For whom a command or a roll-out is: the server keeps this as the selector of a command line, and people know their groups by name.

import { h } from './dom.js';
import { list, tr, trn } from './i18n.js';
import { format } from './route.js';
import { visible } from './text.js';
import { endpointLink } from './ui.js';

const GROUPS = /^@[\w.-]+(,@[\w.-]+)*$/;
const IDS = /^e-[0-9a-z]{12}(,e-[0-9a-z]{12})*$/;
const FILTER = /^(?:in:(\S+) )?(?:except:(\S+) )?filter:(.*)$/s; // of these pages, and of the REST interface

// A selector in words; nameOf(id): of a group.  What somebody typed on a command line is shown as it is.
export function selectorWords(selector, nameOf) {
    if (selector === 'all')
        return tr('all');
    if (GROUPS.test(selector))
        return list(selector.split(',').map((group) => nameOf(group.slice(1))));
    if (IDS.test(selector))
        return trn('{n} selected', '{n} selected', selector.split(',').length);
    const [whole, group, except, filter] = FILTER.exec(selector) ?? [];
    if (whole === undefined)
        return visible(selector);
    const left = except?.split(',').length;
    return [group && nameOf(group), filter ? `${tr('Filter')}: ${visible(filter)}` : !group && tr('all'),
        left && trn('without {n}', 'without {n}', left)].filter(Boolean).join(' · ');
}

// The same as nodes.  of: a command, which has the host of an endpoint that it is for alone, or a roll-out.
export function whom({ selector, host }, nameOf) {
    if (host)
        return endpointLink(selector, host);
    if (/^r-[0-9a-z]+$/.test(selector))
        return h('a', { href: format(['rollouts', selector]) }, tr('Roll-out'), ' ', selector);
    return h('bdi', {}, selectorWords(selector, nameOf));
}

// Of a roll-out's row in a list: an earlier manager has them there as a text, '1%,10%,100%'.
export const ringsOf = ({ rings }) => (Array.isArray(rings) ? rings : rings.split(',').map((text) => ({ percent: parseInt(text, 10) })));
