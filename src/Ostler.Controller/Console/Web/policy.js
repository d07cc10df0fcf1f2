// One policy: how far, which waves, when, what is in the way.
import { h, swap, facts, section, table } from './dom.js';
import { steps, stepOf, inFlight, chip, badge, standing, progress, nodeLink, time, ago, span, between, digest, now, words, count } from './words.js';

const rowsOfTimeline = 40;

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
    swap(head, heading, badge(s), s.message && h('p', { class: 'lead' }, s.message));
    swap(body,
      h('section', { class: 'panel', 'aria-label': 'Progress' }, progress(st.nodes), facts(
        ['Image', p.image], ['Target', st.target && [st.target.version, ' ', digest(st.target.digest)]],
        ['Started', st.startedAt && time(st.startedAt)], ['Completed', st.completedAt && time(st.completedAt)],
        ['Estimated completion', st.estimatedCompletion && [time(st.estimatedCompletion), ` (${ago(st.estimatedCompletion)})`]],
        ['Next window', st.nextWindow && [time(st.nextWindow), ` (${ago(st.nextWindow)})`]],
        ['maxUnavailable', p.maxUnavailable], ['Unavailable', String(st.nodes?.unavailable ?? 0)], ['Soak', p.soak], ['Windows', p.windows || 'always'], ['After', p.dependsOn],
        ['Measured', st.durations?.node && `${st.durations.node.average} per node out of service (max ${st.durations.node.max})`],
        ['Status', p.current ? null : 'of a previous spec; the controller has not processed the current one yet'])),
      st.waves?.length > 0 && waves(st),
      blocked(st),
      flight(st),
      timeline(p, fleet.nodesOf(name)),
      st.failedDigests?.length > 0 && section('Failed images', table('Failed images', ['Digest', 'Reason', 'Message', 'When'], st.failedDigests.map((f) => [digest(f.digest), words(f.reason), f.message ?? '', time(f.at)]))),
      section('Conditions', conditions(st.conditions)));
  }

  return { root, title: name, heading, update(changed) { if (changed.full || changed.policies.has(name) || [...changed.nodes].some((n) => fleet.nodes.get(n)?.policy?.includes(name) ?? true)) render(); }, tick: render };
}

export const conditions = (list) => table('Conditions', ['Condition', 'Status', 'Reason', 'Message', 'Since'], (list ?? []).map((c) => [c.type, c.status ?? 'Unknown', c.reason, c.message ?? '', time(c.lastTransitionTime)]));

function waves(st) {
  return section('Waves', h('ol', { class: 'waves' }, st.waves.map((w) => {
    const done = w.completedAt !== undefined;
    return h('li', { 'aria-current': w.name === st.wave ? 'step' : null, 'data-tone': w.failed > 0 ? 'bad' : done ? 'good' : w.name === st.wave ? 'busy' : 'calm' },
      h('h3', null, h('span', { 'aria-hidden': 'true' }, w.failed > 0 ? '× ' : done ? '✓ ' : w.name === st.wave ? '↻ ' : '· '), w.name, ' ', h('span', { class: 'hint' }, words(w.reason))),
      progress({ total: w.total, updated: w.updated, failed: w.failed, pending: (w.total ?? 0) - (w.updated ?? 0) - (w.failed ?? 0) }),
      (w.message || done) && h('p', { class: 'hint' }, w.message ?? '', done ? [' Complete ', time(w.completedAt), '.'] : ''));
  })));
}

function flight(st) {
  if (!st.inFlight?.length) return null;
  return section('In flight', table('Nodes in flight', ['Node', 'Step', 'For', 'Waits for'], st.inFlight.map((f) => [
    nodeLink(f.node, `flight ${f.node}`), chip(steps[f.step] ? f.step : 'Idle'), f.since ? span(now() - Date.parse(f.since)) : '', [h('strong', null, words(f.reason)), f.message ? ` ${f.message}` : '']])));
}

function blocked(st) {
  if (!st.blocked?.length) return null;
  return section('Blocked', table('Blocked nodes', ['Node', 'Reason', 'Message'], st.blocked.map((b) => [nodeLink(b.node, `blocked ${b.node}`), words(b.reason), b.message ?? ''])));
}

// When nodes came back into service, as a line; and the latest of them one by one, from the times that the controller and the agents recorded.
function timeline(p, nodes) {
  const st = p.status ?? {};
  const from = Date.parse(st.startedAt ?? '') || Math.min(...nodes.map((n) => Date.parse(n.grantedAt ?? '') || Infinity));
  if (!Number.isFinite(from)) return null;
  const total = st.nodes?.total ?? nodes.length;
  const done = nodes.filter((n) => n.completedAt && Date.parse(n.completedAt) >= from).map((n) => Date.parse(n.completedAt)).sort((a, b) => a - b);
  const failed = nodes.filter((n) => n.failedAt && Date.parse(n.failedAt) >= from);
  const before = Math.max(0, (st.nodes?.updated ?? 0) - done.length);
  const present = st.completedAt ? Math.max(Date.parse(st.completedAt), done.at(-1) ?? 0) : now();
  const guess = st.estimatedCompletion ? Date.parse(st.estimatedCompletion) : null;
  const to = Math.max(present, guess ?? 0, from + 1000);
  const [width, height, pad] = [1000, 150, 4];
  const x = (t) => pad + (width - 2 * pad) * (Math.min(to, Math.max(from, t)) - from) / (to - from);
  const y = (n) => height - pad - (height - 2 * pad) * (total ? n / total : 0);
  let [line, level] = [`M${x(from)} ${y(before)}`, before];
  for (const t of done) line += `H${x(t).toFixed(1)}V${y(++level).toFixed(1)}`;
  line += `H${x(present).toFixed(1)}`;
  const text = `${level} of ${count(total, 'node')} updated between ${new Date(from).toLocaleString()} and ${new Date(present).toLocaleString()}${failed.length ? `; ${count(failed.length, 'node')} failed` : ''}${guess ? `; the end is expected at ${new Date(guess).toLocaleString()}` : ''}.`;
  const rows = nodes.filter((n) => n.grantedAt && Date.parse(n.completedAt ?? n.grantedAt) >= from).sort((a, b) => (inFlight(b) - inFlight(a)) || Date.parse(b.grantedAt) - Date.parse(a.grantedAt));
  // The estimate, hours ahead, would leave no room for the minutes of a single node.
  const shown = rows.slice(0, rowsOfTimeline);
  const [first, last] = [Math.min(...shown.map((n) => Date.parse(n.grantedAt))), present];
  return section('Timeline',
    h('figure', null,
      h('svg', { class: 'chart', viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: 'none', role: 'img', 'aria-label': text },
        [0.25, 0.5, 0.75, 1].map((part) => h('line', { class: 'rule', x1: 0, x2: width, y1: y(total * part), y2: y(total * part) })),
        h('path', { class: 'area', d: `${line}V${y(0)}H${x(from)}Z` }), h('path', { class: 'done', d: line }),
        guess && guess > present && h('path', { class: 'guess', d: `M${x(present)} ${y(level)}L${x(guess)} ${y(total)}` }),
        failed.map((n) => h('line', { class: 'fell', x1: x(Date.parse(n.failedAt)), x2: x(Date.parse(n.failedAt)), y1: height - 26, y2: height - 4 }))),
      h('figcaption', null, h('span', null, time(new Date(from).toISOString())), h('span', { class: 'hint' }, `${level} of ${total} updated`, failed.length ? ` · ${failed.length} failed (red)` : '', guess && guess > present ? ' · dashed: estimate' : ''), h('span', null, time(new Date(to).toISOString())))),
    rows.length > 0 && h('p', { class: 'key' }, [['drain', 'drain'], ['boot', 'reboot'], ['check', 'checks and soak']].map(([kind, label]) => h('span', null, h('i', { 'data-kind': kind, 'aria-hidden': 'true' }), label))),
    rows.length > 0 && table('Upgrades by node', ['Node', 'Drain, reboot, checks', 'Cordoned', 'Drain', 'Reboot', 'Checks', 'Out of service', 'Now'], shown.map((n) => row(n, first, Math.max(last, first + 1000))), { class: 'upgrades' }),
    rows.length > rowsOfTimeline && h('p', { class: 'hint' }, `The latest ${rowsOfTimeline} of ${rows.length}; the page of a node has its own times.`));
}

function row(n, from, to) {
  const end = n.completedAt ?? new Date(inFlight(n) ? now() : Date.parse(n.failedAt ?? n.healthySince ?? n.bootRequestedAt ?? n.grantedAt)).toISOString();
  const kernel = n.bootedAt && Date.parse(n.bootedAt) > Date.parse(n.bootRequestedAt ?? '') ? n.bootedAt : n.healthySince ?? null;
  const x = (t) => 1000 * (Date.parse(t) - from) / (to - from);
  const part = (kind, a, b) => a && b && h('rect', { 'data-kind': kind, x: x(a), y: 2, width: Math.max(3, x(b) - x(a)), height: 12 });
  return [nodeLink(n.name, `time ${n.name}`),
    h('svg', { class: 'bars', viewBox: '0 0 1000 16', preserveAspectRatio: 'none', 'aria-hidden': 'true' }, part('drain', n.grantedAt, n.bootRequestedAt ?? end), part('boot', n.bootRequestedAt, kernel ?? end), part('check', kernel, end)),
    time(n.grantedAt), between(n.grantedAt, n.bootRequestedAt) ?? '', between(n.bootRequestedAt, kernel ?? end) ?? '', between(kernel, end) ?? '', between(n.grantedAt, end) ?? '', chip(stepOf(n))];
}
