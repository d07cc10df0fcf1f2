// How things are named and shown.
import { h } from './dom.js';

// Each step has a colour and a sign of its own: the colour is never all there is. In the order of a node's way.
export const steps = {
  Idle: { sign: '·', text: 'Idle', hint: 'nothing is asked of the node' },
  Staging: { sign: '↓', text: 'Staging', hint: 'downloads the image; workloads keep running' },
  Staged: { sign: '=', text: 'Staged', hint: 'the image is ready and locked' },
  Cordoned: { sign: '‖', text: 'Cordoned', hint: 'has a slot; pods are being evicted' },
  Drained: { sign: '○', text: 'Drained', hint: 'no pod is left that must leave' },
  Rebooting: { sign: '↻', text: 'Rebooting', hint: 'boots the new image' },
  Verifying: { sign: '?', text: 'Verifying', hint: 'runs the new image; checks are in progress' },
  Soaking: { sign: '≈', text: 'Soaking', hint: 'all checks pass and must keep passing' },
  Updated: { sign: '✓', text: 'Updated', hint: 'healthy on the new image' },
  RollingBack: { sign: '↶', text: 'Rolling back', hint: 'returns to the previous image' },
  RolledBack: { sign: '«', text: 'Rolled back', hint: 'runs the previous image again' },
  Failed: { sign: '×', text: 'Failed', hint: 'a user must act' },
  Unknown: { sign: '–', text: 'Unknown', hint: 'the agent has not reported' },
};

const flying = new Set(['Cordoned', 'Drained', 'Rebooting', 'Verifying', 'Soaking', 'RollingBack']);

export const stepOf = (node) => steps[node.step] ? node.step : 'Unknown';
export const inFlight = (node) => flying.has(stepOf(node));
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
  if (is('Halted')) return { tone: 'bad', sign: '×', text: 'Halted', reason, message: condition(policy.status, 'Halted').message };
  if (is('Conflicted')) return { tone: 'warn', sign: '!', text: 'Conflicted', reason, message: condition(policy.status, 'Conflicted').message };
  if (condition(policy.status, 'Accepted')?.status === 'False') return { tone: 'bad', sign: '×', text: 'Not accepted', reason, message: condition(policy.status, 'Accepted').message };
  if (is('Stalled')) return { tone: 'warn', sign: '!', text: 'Stalled', reason, message: condition(policy.status, 'Stalled').message };
  if (ready?.status === 'True') return { tone: 'good', sign: '✓', text: 'Ready', reason, message: ready.message };
  if (policy.paused) return { tone: 'calm', sign: '‖', text: 'Paused', reason, message: ready?.message };
  return { tone: 'busy', sign: '↻', text: ready ? words(reason) : 'Not processed yet', reason, message: ready?.message };
}

/** RollingOut as Rolling out. */
export const words = (reason) => (reason ?? '').replace(/([a-z])([A-Z])/g, (_, a, b) => `${a} ${b.toLowerCase()}`);

export const badge = (s) => h('span', { class: 'badge', 'data-tone': s.tone, title: s.reason }, h('span', { 'aria-hidden': 'true' }, s.sign), ' ', s.text);

export const nodeLink = (name, key) => h('a', { href: `#/nodes/${encodeURIComponent(name)}`, 'data-key': key ?? `node ${name}` }, name);
export const policyLink = (name, key) => h('a', { href: `#/policies/${encodeURIComponent(name)}`, 'data-key': key ?? `policy ${name}` }, name);

const parts = [['updated', 'Updated', 'Updated'], ['updating', 'Rebooting', 'In flight'], ['staged', 'Staged', 'Staged'], ['pending', 'Idle', 'Pending'], ['rolledBack', 'RolledBack', 'Rolled back'], ['failed', 'Failed', 'Failed']];

/** The counts of a policy as a bar; its text says the same. */
export function progress(counts) {
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
    there.filter(([key]) => key !== 'updated').map(([key, step, text]) => h('span', { class: 'count', 'data-step': step }, h('i', { 'aria-hidden': 'true' }), `${counts[key]} ${text.toLowerCase()}`))));
}
