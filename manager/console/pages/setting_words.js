// SPDX-License-Identifier: Apache-2.0
// What the settings are called in the console, and on which page of a group they stand.  The settings themselves (kind, range,
// default) come from the server; one that is not here is shown with its key and the server's own text.

import { duration, N_, tr } from './i18n.js';
import { durationSeconds, parseSchedule } from './settings.js';
import { own } from './text.js';
import { word } from './words.js';

const WORDS = {
    'delivery.mode': [N_('Delivery of settings and commands'),
        N_('Down the endpoint\'s own line, in a moment; or as the classic product does it, with the next update notification.')],
    'direct.port': [N_('Port of the direct dial'), N_('The port on which endpoints listen for the server; 0 for none.')],
    'line.brokers': [N_('Broker addresses'),
        N_('One host:port a line, at least two; they replace those of the bundle.  None: those of the bundle.')],
    'line.heartbeat': [N_('Time between heartbeats'), null],
    'privilege.update-now': [N_('Allow manual update'), N_('The user finds Update Now in the tray icon\'s menu.')],
    'privilege.toggle-schedule': [N_('Allow to turn the scheduled update off and on'), null],
    'privilege.scan': [N_('Allow scans by hand'), null],
    'privilege.skip-scan': [N_('Allow to skip a scheduled scan'), null],
    'privilege.stop': [N_('Allow to stop the client'), null],
    'mode.independent': [N_('Independent mode'), N_('The endpoint connects and updates, but takes no settings or commands.')],
    'scan.method': [N_('Scan method'), N_('Decides which components an endpoint gets.')],
    'scan.schedule': [N_('Scheduled scan'), null],
    'scan.period': [N_('Period of the scheduled scan'), N_('Each endpoint begins at a random moment within it.')],
    'scan.paths': [N_('What a scheduled scan examines'), N_('One path a line.')],
    'scan.action': [N_('What a scheduled scan does with an infected file'), N_('A scan by hand only reports it.')],
    'scan.exclude': [N_('What scans pass over'), N_('One a line: a path or glob, sha256:HEX, signature:NAME.')],
    'scan.on-write': [N_('Scan files when they are written'), N_('Keeps the scan engine in memory.')],
    'scan.idle': [N_('Keep the engine in memory after a scan for'), null],
    'scan.max-depth': [N_('Archives in archives, at most'), N_('What is deeper is not looked at.')],
    'scan.max-size': [N_('Largest file that is looked at, in MiB'), null],
    'scan.max-time': [N_('Longest time for one file'), null],
    'scan.quarantine-age': [N_('Keep files in the quarantine for'), null],
    'scan.quarantine-size': [N_('Size of the quarantine, in MiB'), N_('When it is full, infected files stay where they are.')],
    'update.schedule': [N_('Schedule'), null],
    'update.period': [N_('Period'), N_('Each endpoint begins at a random moment within it.')],
    'update.settings-once-a-day': [N_('Take settings only once a day'), N_('With schedules by minutes or hours.')],
    'update.on-start': [N_('Start-up update'), N_('Update when the endpoint starts.')],
    'update.on-start-delay': [N_('Delay of the start-up update'), N_('Each endpoint begins at a random moment within it.')],
    'update.sources': [N_('Update sources, in order'),
        N_('One a line: server, activeupdate or a URL; NETWORK= before one limits it to that network.')],
    'update.activeupdate-url': [N_('Address of the ActiveUpdate source'), null],
    'update.block-program': [N_('Never upgrade the program itself'), null],
    'update.by-rollout': [N_('Components that only roll-outs update'),
        N_('One a line: virus, agent, rules.  Every other update leaves them at the version that is installed.')],
    'update.program': [N_('Upgrade of the program'), N_('With every update, or only when a roll-out says so.')],
    'maintenance.window': [N_('Maintenance window'),
        N_('Roll-outs wait for it: mon-fri 22:00-05:00, by the clock of the server; none: always.')],
};

const CHOICES = {
    'delivery.mode': { channel: N_('Down the line'), documented: N_('As documented for the classic product') },
    'update.program': { auto: N_('With every update'), rollout: N_('By roll-outs only') },
    'scan.method': { conventional: N_('Conventional scan'), smart: N_('Smart scan') },
    'scan.action': { report: N_('Report it'), quarantine: N_('Put it in quarantine') },
    'scan.on-write': { off: N_('Off'), on: N_('On') },
};

// The pages of a group, and which settings each holds; what fits none is on the line's.
export const SETTING_PAGES = {
    privileges: { title: N_('Client Privileges'), keys: /^(privilege|mode)\./ },
    update: { title: N_('Automatic update'), keys: /^(update|maintenance)\./ },
    scan: { title: N_('Scan'), keys: /^scan\./ },
    line: { title: N_('Line'), keys: /^(?!(privilege|mode|update|maintenance|scan|delivery)\.)/ },
    delivery: { title: N_('Delivery'), keys: /^delivery\./ },
};

const order = Object.keys(WORDS);

// Rows for a form, in the order in which the table above has them, which is that of importance.
export function settingRows(settings) {
    const place = (key) => (order.includes(key) ? order.indexOf(key) : order.length);
    return [...settings].sort((a, b) => place(a.key) - place(b.key)).map((setting) => ({
        ...setting,
        label: settingLabel(setting.key),
        help: settingHelp(setting),
        choices: setting.choices.map((choice) => [choice, choiceLabel(setting.key, choice)]),
    }));
}

export const knownSettings = () => order;

// The heading of the automatic update names the scan method, as the classic product's does.  settings: of the group.
export function updateTitle(settings) {
    return settings['scan.method'] === 'smart' ? tr('Automatic update by smart scan') : tr('Automatic update by conventional scan');
}

export function settingLabel(key) {
    const words = own(WORDS, key);
    return words ? tr(words[0]) : key;
}

function settingHelp(setting) {
    const words = own(WORDS, setting.key);
    if (words)
        return words[1] && tr(words[1]);
    return setting.text;
}

function choiceLabel(key, choice) {
    const text = own(own(CHOICES, key), choice);
    return text === undefined ? choice : tr(text);
}

// A value in words, for comparisons and histories.
export function settingValue(key, value) {
    if (value === 'yes' || value === 'no')
        return value === 'yes' ? tr('Yes') : tr('No');
    const schedule = key.endsWith('.schedule') && parseSchedule(value);
    if (schedule)
        return scheduleWords(schedule);
    if (durationSeconds(value) !== null)
        return durationWords(value);
    return value === '' ? '–' : choiceLabel(key, value);
}

// "90m" -> "90 minutes"; what is no length of time as it is.
export function durationWords(text) {
    const seconds = durationSeconds(text);
    return seconds === null ? text : duration(seconds);
}

function scheduleWords({ kind, every, weekday, time }) {
    switch (kind) {
    case 'every':
        return tr('Every {time}', { time: durationWords(every) });
    case 'daily':
        return tr('Daily at {time}', { time });
    case 'weekly':
        return tr('{weekday} at {time}', { weekday: word('weekday', weekday), time });
    default:
        return tr('Off');
    }
}
