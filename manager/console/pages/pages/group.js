// SPDX-License-Identifier: Apache-2.0
// The settings of a group, a page for each kind: a form, and who has them.

import { all, patch, pathTo, remove, request } from '../api.js';
import { settle } from '../conflict.js';
import { fill, h, refill, setText } from '../dom.js';
import { always, follow } from '../follow.js';
import { formOf, showRefusal, whileLocked } from '../form.js';
import { allGroups, displayNameField, groupChoices, groupName } from '../group_name.js';
import { number, tr, trn } from '../i18n.js';
import { term } from '../query.js';
import { startTrial } from '../rollout_start.js';
import { format, goTo, pick } from '../route.js';
import { Seen } from '../seen.js';
import { mayBe } from '../session.js';
import { SETTING_PAGES, settingLabel, settingRows, settingValue, updateTitle } from '../setting_words.js';
import { changes } from '../settings.js';
import { visible } from '../text.js';
import { announce, button, card, crumbs, dialog, endpointLink, facts, field, heading, name, notice, onPaper, select, sure, tabs, when } from '../ui.js';
import { word } from '../words.js';
import { versionsCard } from './group_versions.js';

const VERSIONS = 'versions'; // the page beside those of settings

let known = null; // the table of settings: the same for all groups and as long as the page lives

async function settingsTable() {
    known ??= await all('/settings');
    return known;
}

export async function groupSettings({ group, tab }) {
    const page = new GroupPage(group, tab);
    await page.load().catch((problem) => {
        page.close();
        throw problem;
    });
    return { title: `${page.title()} – ${visible(groupName(page.document))}`, node: page.node, close: () => page.close(),
        isEdited: () => page.isEdited() };
}

class GroupPage {
    constructor(group, tab) {
        this.path = pathTo('groups', group);
        this.group = group;
        this.tab = tab === VERSIONS ? tab : pick(SETTING_PAGES, tab);
        this.seen = new Seen();
        this.node = h('div', { class: 'page' });
        this.close = follow({ groups: always, endpoints: ({ rows = [] }) => rows.some((row) => row.group === undefined || row.group === group) },
            () => this.#refresh());
    }

    get document() {
        return this.seen.document;
    }

    async load() {
        const [settings, reply] = await Promise.all([settingsTable(), request('GET', this.path)]);
        this.settings = settings;
        this.seen.adopt(reply);
        await this.#loadVersions();
        this.#draw();
    }

    title() {
        if (this.tab === 'update')
            return updateTitle(this.document.settings);
        if (this.tab === VERSIONS)
            return tr('Versions');
        return tr(SETTING_PAGES[this.tab].title);
    }

    #draw() {
        const entries = [...Object.entries(SETTING_PAGES).map(([tab, { title }]) => [tab, tr(title)]), [VERSIONS, tr('Versions')]];
        this.crumb = h('a', { href: format(['endpoints'], { group: this.group }) }, name(groupName(this.document)));
        this.holders = h('div', {});
        this.body = h('div', {});
        fill(this.node,
            crumbs(h('a', { href: '#/endpoints' }, tr('Security Settings')), ' › ',
                this.crumb),
            heading(this.title(), this.#groupActions()),
            tabs(tr('Settings of the group'), entries.map(([tab, text]) =>
                ({ href: format(['groups', this.group, tab]), text, current: tab === this.tab }))),
            h('div', { class: 'columns' }, this.body, this.holders));
        if (this.tab === VERSIONS)
            fill(this.body, this.versions);
        else
            this.#drawForm();
        this.#drawHolders();
    }

    async #loadVersions() {
        if (this.tab === VERSIONS)
            this.versions = await versionsCard(this.path, this.seen, () => this.load());
    }

    #groupActions() {
        if (!mayBe('administrator'))
            return null;
        return [button(tr('Display name'), () => this.#rename()),
            this.document.endpoints === 0 && button(tr('Delete group'), () => this.#delete(), { class: 'danger-text' })];
    }

    // ------------------------------------------------------------------------------------------------------ the form

    #drawForm() {
        const { keys } = SETTING_PAGES[this.tab];
        const locked = !mayBe('administrator');
        this.outcome = h('div', {});
        this.meanwhile = h('div', { role: 'status' });
        this.save = h('button', { type: 'submit', class: 'primary', disabled: true }, tr('Save'));
        this.try = button(tr('Save in rings…'), () => this.#try(), { disabled: true });
        this.undo = button(tr('Discard changes'), () => this.#discard(), { disabled: true });
        this.form = formOf(settingRows(this.settings.filter(({ key }) => keys.test(key))), this.document.settings, {
            legend: tr('Settings'),
            locked,
            changed: () => this.#edited(),
            back: (row) => tr('As in a new group: {value}', { value: visible(settingValue(row.key, row.default)) }),
        });
        this.base = this.form.values();
        fill(this.body, h('form', { class: 'card', on: { submit: (event) => this.#submit(event) } },
            onPaper(() => this.#saved()), this.form.node, this.meanwhile, this.outcome,
            !locked && h('div', { class: 'actions' }, this.#copyButton(), h('span', { class: 'spring' }), this.undo, this.try, this.save)));
    }

    // What is in force, not what is being edited.
    #saved() {
        return facts(this.form.rows.map(({ key, label }) => [label, name(settingValue(key, this.document.settings[key] ?? ''))]));
    }

    #discard() {
        this.seen.giveUp();
        this.#drawForm();
        this.#drawHolders();
    }

    isEdited() {
        return this.form !== undefined && Object.keys(changes(this.base, this.form.values())).length > 0;
    }

    #edited() {
        const any = this.isEdited();
        this.save.disabled = !any;
        this.undo.disabled = !any;
        this.try.disabled = !any || this.document.endpoints === 0;
        fill(this.outcome);
    }

    async #try() {
        const values = this.form.values();
        if (!this.save.form.reportValidity())
            return;
        await this.#saveBy(async (settings, version) => {
            const hasBegun = await startTrial(this.path, settings, version);
            if (hasBegun)
                this.base = values; // nothing of it is lost any more
            return hasBegun;
        }).catch((problem) => showRefusal(this.form, this.outcome, problem));
    }

    async #submit(event) {
        event.preventDefault();
        let refusal;
        this.isSending = true;
        await whileLocked(event.target, () => this.#saveBy((settings, version) => this.#send(settings, version))
            .catch((problem) => { refusal = problem; }));
        this.isSending = false;
        if (refusal)
            showRefusal(this.form, this.outcome, refusal);
        this.#refresh().catch(() => {}); // what was told meanwhile
    }

    // save(settings, version), a promise: of what is edited; where somebody else saved in between, of what the reader decides then.
    // false: the reader cancelled.
    #saveBy(save, settings = changes(this.base, this.form.values()), { version } = this.seen) {
        return save(settings, version).catch((problem) => (problem.status === 412 ? this.#settle(save) : Promise.reject(problem)));
    }

    async #send(settings, version) {
        this.seen.adopt(await request('PATCH', this.path, { body: { settings }, version }));
        if (!this.document.settings) // the answer to a change may be short
            this.seen.adopt(await request('GET', this.path));
        this.#draw();
        this.having = h('span', {}, this.#whoHasIt());
        const saved = h('p', { role: 'status', tabindex: '-1' },
            tr('Version {n} is saved.', { n: number(this.document.version) }), ' ', this.having);
        fill(this.outcome, notice('good', saved));
        saved.focus(); // the form is a new one: a reader without a mouse goes on from here, not from the top of the page
    }

    async #settle(save) {
        const { body, version } = await request('GET', this.path);
        // as the form writes them: "hourly" and "every 1h" are no difference
        const theirs = { ...body.settings, ...formOf(this.form.rows, body.settings, {}).values() };
        const done = await settle(body, theirs, { base: this.base, mine: this.form.values(), label: settingLabel, text: settingValue,
            save: (settings) => this.#saveBy(save, settings, { version }) });
        this.outcome.querySelector('[tabindex]')?.focus(); // the dialog was over it
        return done !== undefined;
    }

    #copyButton() {
        return button(tr('Copy to another group…'), async () => {
            const groups = (await allGroups()).filter((row) => row.name !== this.group);
            if (groups.length === 0) {
                announce(tr('There is no other group.'), 'info');
                return;
            }
            const target = select(groups[0].name, groupChoices(groups));
            await dialog({
                title: tr('Copy to another group…'),
                content: [h('p', {}, tr('The values of this page are saved in the other group too.')), field(tr('Group'), target)],
                action: tr('Copy'),
                submit: async () => {
                    const path = pathTo('groups', target.value);
                    const { version } = await request('GET', path);
                    await patch(path, { settings: this.form.values() }, version);
                    announce(tr('Copied.'));
                },
            });
        });
    }

    // ------------------------------------------------------------------------------------------------ who has it, when

    #whoHasIt() {
        const { current, endpoints } = this.seen.latest;
        return current === endpoints ? trn('The {n} endpoint has it.', 'All {n} endpoints have it.', endpoints)
            : tr('{n} of {all} endpoints have it now.', { n: number(current), all: number(endpoints) });
    }

    #drawHolders() {
        const { latest: document } = this.seen;
        const { trial, missing = [] } = document;
        refill(this.holders, card(tr('Who has it'),
            h('p', {}, tr('Version {n}, saved by {who}', { n: number(document.version), who: visible(document.changed_by) }), ' · ',
                when(document.changed)),
            h('progress', { max: Math.max(document.endpoints, 1), value: document.current, 'aria-label': this.#whoHasIt() }),
            h('p', {}, this.#whoHasIt()),
            trial && h('p', {}, h('a', { href: format(['rollouts', trial.rollout]) }, tr('Version {n} is on trial with {part} endpoints.',
                { n: number(trial.version), part: number(trial.endpoints) }))),
            missing.length > 0 && [h('h3', {}, tr('Not yet')),
                h('ul', { class: 'plain' }, missing.slice(0, 20).map((row) => h('li', {},
                    endpointLink(row.id, row.host), ' – ', this.#howItComes(row)))),
                missing.length > 20 && h('a', { href: format(['endpoints'], { filter: term('settings_current', 'no'), group: this.group }) },
                    tr('All of them'))]));
    }

    // By which path a change gets there: this depends on the group's delivery and on the line.
    #howItComes(row) {
        if (this.seen.latest.settings['mode.independent'] === 'yes')
            return tr('takes no settings: independent mode');
        if (this.seen.latest.settings['delivery.mode'] === 'documented')
            return tr('with its next update notification, or its poll');
        return row.actual === 'online' ? tr('by its line, any moment') : tr('by its line, when it connects again ({actual})',
            { actual: word('actual', row.actual) });
    }

    // A form that nobody has edited is drawn from what somebody else saved; one that is edited must not change under the reader.
    async #refresh() {
        const asked = this.seen.version;
        if (!asked || this.isSending)
            return; // it is being loaded, or saved, and drawn then
        const how = this.seen.take(await request('GET', this.path), asked, this.isEdited());
        if (how === 'late')
            return this.#refresh();
        if (how === 'drawn') {
            await this.#loadVersions();
            return this.#draw();
        }
        if (how === 'beside')
            refill(this.meanwhile, notice('warn', h('p', {}, tr('{who} saved version {n} while you were editing.',
                { who: visible(this.seen.latest.changed_by), n: number(this.seen.latest.version) }), ' ', tr('When you save, you see both.'))));
        this.#drawHolders();
        if (this.having)
            setText(this.having, this.#whoHasIt()); // or "saved" would go on saying that nobody has it
    }

    // ------------------------------------------------------------------------------------------------------ the group

    // No setting: a form that is being filled in stays as it is, but for the name above it.
    async #rename() {
        const title = displayNameField(this.document.display_name);
        const done = await dialog({ title: tr('Display name'), content: title.node, action: tr('Save'),
            submit: () => patch(this.path, { display_name: title.value() }, this.seen.latestVersion) });
        if (!done)
            return;
        announce(tr('The group is renamed.'));
        this.document.display_name = done.display_name;
        fill(this.crumb, name(groupName(this.document)));
    }

    #delete() {
        return sure(tr('Delete group'), tr('The group {name} is deleted.', { name: visible(groupName(this.document)) }),
            () => remove(this.path), { after: () => goTo('endpoints') });
    }
}
