// SPDX-License-Identifier: Apache-2.0
// Saved views of the list of endpoints: a filter, an order and columns under a name.  The server keeps them, for each account its own.

import { all, get, pathTo, post, remove } from './api.js';
import { fill, h } from './dom.js';
import { tr } from './i18n.js';
import { both, term } from './query.js';
import { visible } from './text.js';
import { announceProblem, dialog, field, menu } from './ui.js';

const PATH = '/me/views';

// The menu of them.  shown() -> { filter, sort, columns } of what is on the screen; use(that): shows it instead.
export function viewsMenu(shown, use) {
    const place = h('span', {});

    function draw(views) {
        fill(place, menu(tr('Views'), [
            ...views.map((view) => ({ text: visible(view.name), click: () => use({ ...view, columns: view.fields.split(',') }) })),
            { text: tr('Save this view…'), click: save },
            ...views.map(({ name }) => ({ text: tr('Delete view “{name}”', { name: visible(name) }), danger: true,
                click: () => remove(pathTo('me', 'views', name)).then(load) })),
        ]));
    }

    const load = async () => draw(await all(PATH));

    async function save() {
        const title = h('input', { type: 'text', required: true, maxlength: 64 });
        const { filter, in_group: group, sort, columns } = shown();
        const done = await dialog({ title: tr('Save this view…'), content: field(tr('Name'), title), action: tr('Save'),
            submit: async () => {
                await get('/endpoints', { filter, limit: 1 }); // one that cannot be read alone could end the bracket around it
                await post(PATH, { name: title.value, filter: both(group && term('group', group), filter), sort, fields: columns });
            } });
        if (done)
            await load();
    }

    load().catch((problem) => {
        draw([]);
        announceProblem(problem);
    });
    return place;
}
