// One policy: how far, which waves, when, what blocks it.
import { h, swap, facts, section, table } from './dom.js';
import { commandFor, copyable } from './commands.js';
import { timeline } from './timeline.js';
import { steps, chip, badge, standing, progress, nodeLink, imageLink, policyLink, time, ago, span, digest, now, words, prose, collator } from './words.js';

export function policyPage(fleet, name) {
  const heading = h('h1', { tabindex: '-1', 'data-key': 'heading' }, name);
  const root = h('div', { class: 'page' });
  const head = h('div', { class: 'head' });
  const body = h('div', { class: 'page' });
  root.append(head, body);

  function render() {
    const p = fleet.policies.get(name);
    if (!p) { swap(head, heading); swap(body, h('p', { class: 'empty' }, 'No such policy. It may have been deleted.')); return; }
    const [st, s] = [p.status ?? {}, standing(p)];
    // How far a rollout is that simply goes on, the figures below say; a wave says itself what it waits for.
    const lead = s.rank < 4 || s.rank === 5 ? s.message : null;
    const said = [lead, ...(st.waves ?? []).map((w) => w.message), ...(st.blocked ?? []).map((b) => b.message)];
    swap(head, heading, badge(s), lead && h('p', { class: 'lead' }, prose(lead)), copyable(s.rank === 4 ? null : commandFor(s.reason, { policy: name, image: p.image, digest: st.target?.digest }), 'lead'));
    swap(body,
      h('section', { class: 'panel', 'aria-label': 'Progress' }, progress(st.nodes), facts(
        ['Image', imageLink(p.image)], ['Target', st.target && [st.target.version, ' ', digest(st.target.digest)]],
        ['Started', st.startedAt && time(st.startedAt)], ['Completed', st.completedAt && time(st.completedAt)],
        ['Estimated completion', st.estimatedCompletion && [time(st.estimatedCompletion), ` (${ago(st.estimatedCompletion)})`]],
        ['Next window', st.nextWindow && [time(st.nextWindow), ` (${ago(st.nextWindow)})`]],
        ['maxUnavailable', p.maxUnavailable, 'Limit on nodes that are unavailable at the same time'], ['unavailable', String(st.nodes?.unavailable ?? 0), 'Cordoned, not Ready, or in flight'],
        ['soak', p.soak, 'How long all checks must keep passing on a node'], ['windows', p.windows || 'none', p.windows ? 'When nodes may be disrupted' : 'Nodes may be disrupted at any time'],
        ['dependsOn', p.dependsOn && p.dependsOn.split(', ').map((d, i) => [i ? ', ' : '', policyLink(d, `after ${d}`)]), 'Policies that must be Ready first'],
        ['Time per node', st.durations?.node && `${st.durations.node.average} on average, ${st.durations.node.max} at most`, 'From the cordon to the end of the soak'],
        ['Status', p.current ? null : 'The controller has not observed the latest spec yet.'])),
      st.waves?.length > 0 && waves(name, st),
      gates(st, said),
      blocked(name, st),
      flight(st),
      timeline(p, fleet.nodesOf(name)),
      st.failedDigests?.length > 0 && section('Failed images', table('Failed images', ['Digest', 'Reason', 'Message', 'When'], st.failedDigests.map((f) => [digest(f.digest), words(f.reason), said.some((m) => m?.includes(f.message)) ? '' : prose(f.message) ?? '', time(f.at)]))),
      section('Conditions', conditions(st.conditions, said)));
  }

  return { root, title: name, heading, update(changed) { if (changed.full || changed.policies.has(name) || [...changed.nodes].some((n) => fleet.nodes.get(n)?.policy?.includes(name) ?? true)) render(); }, tick: render };
}

/** @param said messages that the page shows already: no sentence is shown twice. */
export function conditions(list, said = []) {
  const seen = new Set(said);
  const once = (message) => { if (!message || seen.has(message)) return ''; seen.add(message); return prose(message); };
  return table('Conditions', ['Condition', 'Status', 'Reason', 'Message', 'Since'], (list ?? []).map((c) => [c.type, c.status ?? 'Unknown', c.reason, once(c.message), time(c.lastTransitionTime)]));
}

function waves(policy, st) {
  return section('Waves', h('ol', { class: 'waves' }, st.waves.map((w) => {
    const done = w.completedAt !== undefined;
    const waits = w.reason === 'WaitingForApproval';
    return h('li', { 'aria-current': w.name === st.wave ? 'step' : null, 'data-tone': w.failed > 0 ? 'bad' : done ? 'good' : waits ? 'warn' : w.name === st.wave ? 'busy' : 'calm' },
      h('h3', null, h('span', { 'aria-hidden': 'true' }, w.failed > 0 ? '× ' : done ? '✓ ' : waits ? '! ' : w.name === st.wave ? '↻ ' : '· '), w.name, ' ', h('span', { class: 'hint' }, words(w.reason))),
      progress({ total: w.total, updated: w.updated, failed: w.failed, pending: (w.total ?? 0) - (w.updated ?? 0) - (w.failed ?? 0) }),
      (w.message || done) && h('p', { class: 'hint' }, prose(w.message) ?? '', done ? [' Complete since ', time(w.completedAt), '.'] : ''),
      copyable(commandFor(w.reason, { policy, wave: w.name }), 'wave'));
  })));
}

// An open gate is how it should be; that it is asked at all is for the spec to tell. The message of a closed one may be the lead already.
function gates(st, said) {
  const closed = (st.gates ?? []).filter((g) => g.reason !== 'GateOpen');
  if (!closed.length) return null;
  return section('Gates', table('Gates that are not open', ['Gate', 'Reason', 'Message', 'For'], closed.map((g) => [
    g.name, words(g.reason), said.some((m) => m?.includes(g.message)) ? '' : prose(g.message) ?? '', g.since ? span(now() - Date.parse(g.since)) : ''])));
}

function flight(st) {
  if (!st.inFlight?.length) return null;
  return section('In flight', table('Nodes in flight', ['Node', 'Step', 'For', 'Waits for'], st.inFlight.map((f) => [
    nodeLink(f.node, `flight ${f.node}`), chip(steps[f.step] ? f.step : 'Idle'), f.since ? span(now() - Date.parse(f.since)) : '', [h('strong', null, words(f.reason)), f.message && [' ', prose(f.message)]]])));
}

// Nodes with the same message are one row: there is one thing to do for all of them.
function blocked(policy, st) {
  if (!st.blocked?.length) return null;
  const rows = new Map();
  for (const b of st.blocked) {
    const key = `${b.reason} ${b.message}`;
    if (!rows.has(key)) rows.set(key, { ...b, nodes: [] });
    rows.get(key).nodes.push(b.node);
  }
  return section('Blocked', table('Blocked nodes', ['Nodes', 'Reason', 'Message'], [...rows.values()].map((r) => [
    r.nodes.sort(collator.compare).map((n, i) => [i ? ', ' : '', nodeLink(n, `blocked ${n}`)]), words(r.reason), [prose(r.message) ?? '', copyable(commandFor(r.reason, { policy }), `blocked ${r.nodes[0]}`)]]), { class: 'blocked' }));
}
