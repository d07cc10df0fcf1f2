// How things are named and shown.
import { h } from './dom.js';

// Each step has a colour and a sign of its own: the colour is never all there is. In the order of a node's way.
export const steps = {
  Idle: { sign: '·', text: 'Idle', hint: 'Nothing is asked of the node.' },
  Staging: { sign: '↓', text: 'Staging', hint: 'The image is downloaded and deployed. Workloads keep running.' },
  Staged: { sign: '=', text: 'Staged', hint: 'The image is ready and locked.' },
  Cordoned: { sign: '‖', text: 'Cordoned', hint: 'The node has a slot. Its pods are being evicted.' },
  Drained: { sign: '○', text: 'Drained', hint: 'No pod is left to evict.' },
  Rebooting: { sign: '↻', text: 'Rebooting', hint: 'The node boots the new image. It is not Ready meanwhile, as expected.' },
  Verifying: { sign: '?', text: 'Verifying', hint: 'The new image runs. Checks are in progress.' },
  Soaking: { sign: '≈', text: 'Soaking', hint: 'All checks pass and must keep passing.' },
  Updated: { sign: '✓', text: 'Updated', hint: 'Healthy on the new image.' },
  RollingBack: { sign: '↶', text: 'Rolling back', hint: 'The node returns to the previous image.' },
  RolledBack: { sign: '«', text: 'Rolled back', hint: 'The node runs the previous image again.' },
  Failed: { sign: '×', text: 'Failed', hint: 'A user must act.' },
  Unknown: { sign: '–', text: 'Unknown', hint: 'The agent has not reported.' },
};

const flying = new Set(['Cordoned', 'Drained', 'Rebooting', 'Verifying', 'Soaking', 'RollingBack']);

export const stepOf = (node) => steps[node.step] ? node.step : 'Unknown';
export const inFlight = (node) => flying.has(stepOf(node));

/** Not Ready although nothing that Ostler does explains it: a node that reboots is expected to be away for a while. */
export const isAway = (node) => !node.ready && !['Rebooting', 'Verifying', 'RollingBack'].includes(stepOf(node));

const severest = ['Failed', 'RolledBack', 'RollingBack', 'blocked', 'away', 'Unknown', 'Verifying', 'Rebooting', 'Soaking', 'Drained', 'Cordoned', 'Staged', 'Staging', 'Idle', 'Updated'];

/** 0 for what needs a user most. */
export function severity(node) {
  const at = severest.indexOf(stepOf(node));
  return Math.min(at, node.blocked ? severest.indexOf('blocked') : at, isAway(node) ? severest.indexOf('away') : at);
}

export const severityOfStep = (step) => severest.indexOf(step);
export const collator = new Intl.Collator('en', { numeric: true });
export const byName = (a, b) => collator.compare(a.name, b.name);

/** How many, in words: 1 node, 2 nodes. */
export const count = (n, noun) => `${n.toLocaleString('en')} ${noun}${n === 1 ? '' : 's'}`;

export const chip = (step) => h('span', { class: 'chip', 'data-step': step }, h('span', { class: 'sign', 'aria-hidden': 'true' }, steps[step].sign), steps[step].text);

let offset = 0;
/** The server's clock: that of a browser may be hours off. */
export const setClock = (now) => { offset = Date.parse(now) - Date.now(); };
export const now = () => Date.now() + offset;

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false });
const day = new Intl.DateTimeFormat(undefined, { weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', hour12: false });

/** The time, with the day when it is not today, and in full as a tooltip. */
export function time(at) {
  if (!at) return null;
  const date = new Date(at);
  const near = Math.abs(date - now()) < 12 * 3600e3;
  return h('time', { datetime: at, title: date.toLocaleString() }, (near ? clock : day).format(date));
}

/** The time zone in which all times are shown: the browser's. */
export const timeZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;

/** A message of the API, its timestamps in local time like all others. */
export const prose = (text) => text ? text.split(/(\b\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)(?!\w))/).map((part, i) => i % 2 && !Number.isNaN(Date.parse(part)) ? time(part) : part).filter((part) => part !== '') : null;

/** 95 s as 1 min 35 s. */
export function span(milliseconds) {
  const s = Math.max(0, Math.round(milliseconds / 1000));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min${s < 600 && s % 60 ? ` ${s % 60} s` : ''}`;
  if (s < 48 * 3600) return `${Math.floor(s / 3600)} h${s % 3600 >= 60 ? ` ${Math.floor((s % 3600) / 60)} min` : ''}`;
  return `${Math.floor(s / 86400)} days`;
}

export const between = (from, to) => from && to ? span(Date.parse(to) - Date.parse(from)) : null;

export function ago(at) {
  const past = now() - Date.parse(at);
  return past >= 0 ? `${span(past)} ago` : `in ${span(-past)}`;
}

export const digest = (text) => text ? h('code', { title: text }, text.startsWith('sha256:') ? text.slice(0, 19) : text.slice(0, 12)) : null;

export const condition = (status, type) => (status?.conditions ?? []).find((c) => c.type === type);

/** How a policy stands: a tone for the colour, and the words beside it. */
export function standing(policy) {
  const is = (type) => condition(policy.status, type)?.status === 'True';
  const ready = condition(policy.status, 'Ready');
  const reason = ready?.reason ?? 'NotYetSeen';
  const as = (rank, tone, sign, text, of) => ({ rank, tone, sign, text, reason: of?.reason ?? reason, message: (of ?? ready)?.message });
  if (is('Halted')) return as(0, 'bad', '×', 'Halted', condition(policy.status, 'Halted'));
  if (condition(policy.status, 'Accepted')?.status === 'False') return as(1, 'bad', '×', 'Not accepted', condition(policy.status, 'Accepted'));
  if (is('Conflicted')) return as(2, 'warn', '!', 'Conflicted', condition(policy.status, 'Conflicted'));
  if (is('Stalled')) return as(3, 'warn', '!', 'Stalled', condition(policy.status, 'Stalled'));
  if (ready?.status === 'True') return as(7, 'good', '✓', 'Ready');
  if (policy.paused) return as(5, 'calm', '‖', 'Paused', { reason: 'Paused', message: ready?.message });
  if (reason === 'WaitingForApproval') return as(4, 'warn', '!', 'Waiting for approval');
  return as(6, 'busy', '↻', ready ? words(reason) : 'Not yet observed');
}

/** Most severe first. */
export const bySeverity = (a, b) => standing(a).rank - standing(b).rank || byName(a, b);

/** The waves that wait for a user's approval. */
export const unapproved = (policy) => (policy.status?.waves ?? []).filter((w) => w.reason === 'WaitingForApproval');

/** How an image stands. */
export function imageStanding(image) {
  const ready = condition(image.status, 'Ready');
  const as = (rank, tone, sign, text) => ({ rank, tone, sign, text, reason: ready?.reason, message: ready?.message });
  if (!ready) return as(1, 'busy', '↻', 'Not yet resolved');
  if (ready.status === 'True') return as(2, 'good', '✓', 'Ready');
  return condition(image.status, 'Stalled')?.status === 'True' ? as(0, 'bad', '×', words(ready.reason)) : as(1, 'warn', '!', words(ready.reason));
}

/** RollingOut as Rolling out. */
export const words = (reason) => (reason ?? '').replace(/([a-z])([A-Z])/g, (_, a, b) => `${a} ${b.toLowerCase()}`);

export const badge = (s) => h('span', { class: 'badge', 'data-tone': s.tone, title: s.reason }, h('span', { 'aria-hidden': 'true' }, s.sign), ' ', s.text);

export const nodeLink = (name, key) => h('a', { href: `#/nodes/${encodeURIComponent(name)}`, 'data-key': key ?? `node ${name}` }, name);
export const imageLink = (name, key) => h('a', { href: `#/images/${encodeURIComponent(name)}`, 'data-key': key ?? `image ${name}` }, name);
export const policyLink = (name, key) => h('a', { href: `#/policies/${encodeURIComponent(name)}`, 'data-key': key ?? `policy ${name}` }, name);

const parts = [['updated', 'Updated', 'Updated'], ['updating', 'Rebooting', 'In flight'], ['staged', 'Staged', 'Staged'], ['pending', 'Idle', 'Pending'], ['rolledBack', 'RolledBack', 'Rolled back'], ['failed', 'Failed', 'Failed']];

/** The counts of a policy as a bar, and in words; brief: without those that the legend of the fleet has. */
export function progress(counts, brief = false) {
  const total = counts?.total ?? 0;
  const there = parts.filter(([key]) => counts?.[key] > 0);
  const label = total === 0 ? 'Selects no node' : `${counts.updated ?? 0} of ${count(total, 'node')} updated`;
  const bar = h('div', { class: 'bar', role: 'img', 'aria-label': there.map(([key, , text]) => `${text} ${counts[key]}`).join(', ') || label });
  for (const [key, step] of there) {
    const part = h('span', { 'data-step': step });
    part.style.flexGrow = counts[key];
    bar.append(part);
  }
  return h('div', { class: 'progress' }, bar, h('p', { class: 'counts' },
    h('strong', null, label),
    there.filter(([key]) => key !== 'updated' && (!brief || key === 'failed' || key === 'rolledBack')).map(([key, step, text]) => h('span', { class: 'count', 'data-step': step }, h('i', { 'aria-hidden': 'true' }), `${counts[key]} ${text.toLowerCase()}`))));
}
