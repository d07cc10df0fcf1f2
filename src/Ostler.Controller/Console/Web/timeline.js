// When nodes of a rollout were updated or rolled back, as a line over time; and the latest of them one by one, from the times that the
// controller and the agents recorded.
import { h, section, table } from './dom.js';
import { stepOf, inFlight, chip, nodeLink, time, between, collator, now, timeZone, count } from './words.js';

const rowsOfTimeline = 40;
const [width, height, pad] = [1000, 150, 4];
const minute = 60_000;
const strides = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10080, 20160, 43200].map((m) => m * minute);
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hour12: false });
const date = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });

export function timeline(p, nodes) {
  const st = p.status ?? {};
  const from = Date.parse(st.startedAt ?? '') || Math.min(...nodes.map((n) => Date.parse(n.grantedAt ?? '') || Infinity));
  if (!Number.isFinite(from)) return null;
  const total = st.nodes?.total ?? nodes.length;
  const done = nodes.filter((n) => n.completedAt && Date.parse(n.completedAt) >= from).map((n) => Date.parse(n.completedAt)).sort((a, b) => a - b);
  const fell = nodes.filter((n) => n.failedAt && Date.parse(n.failedAt) >= from).sort((a, b) => Date.parse(a.failedAt) - Date.parse(b.failedAt));
  const before = Math.max(0, (st.nodes?.updated ?? 0) - done.length);
  const present = st.completedAt ? Math.max(Date.parse(st.completedAt), done.at(-1) ?? 0) : now();
  const guess = st.estimatedCompletion ? Date.parse(st.estimatedCompletion) : null;
  const to = Math.max(present, guess ?? 0, from + 1000);
  const part = (t) => (Math.min(to, Math.max(from, t)) - from) / (to - from);
  const x = (t) => pad + (width - 2 * pad) * part(t);
  const y = (n) => height - pad - (height - 2 * pad) * (total ? n / total : 0);
  let [line, level] = [`M${x(from)} ${y(before)}`, before];
  for (const t of done) line += `H${x(t).toFixed(1)}V${y(++level).toFixed(1)}`;
  line += `H${x(present).toFixed(1)}`;
  const rolledBack = fell.filter((n) => stepOf(n) === 'RolledBack');
  const failed = fell.length - rolledBack.length;
  const text = `${level} of ${count(total, 'node')} updated between ${new Date(from).toLocaleString()} and ${new Date(present).toLocaleString()}${rolledBack.length ? `; ${count(rolledBack.length, 'node')} rolled back` : ''}${failed ? `; ${count(failed, 'node')} failed` : ''}${guess ? `; completion is estimated at ${new Date(guess).toLocaleString()}` : ''}.`;
  return section('Timeline',
    h('figure', { class: 'timeline' },
      h('p', { class: 'axis', 'aria-hidden': 'true' }, 'Updated nodes'),
      h('div', { class: 'plot' },
        h('div', { class: 'labels y', 'aria-hidden': 'true' }, [...new Set([0, Math.round(total / 2), total])].map((n) => at('bottom', total ? n / total : 0, h('span', null, n.toLocaleString('en'))))),
        h('svg', { class: 'chart', viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: 'none', role: 'img', 'aria-label': text },
          [0.5, 1].map((share) => h('line', { class: 'rule', x1: 0, x2: width, y1: y(total * share), y2: y(total * share) })),
          ticks(from, to).map((t) => h('line', { class: 'rule', x1: x(t), x2: x(t), y1: 0, y2: height })),
          h('path', { class: 'area', d: `${line}V${y(0)}H${x(from)}Z` }), h('path', { class: 'done', d: line }),
          guess && guess > present && h('path', { class: 'guess', d: `M${x(present)} ${y(level)}L${x(guess)} ${y(total)}` }),
          fell.map((n) => h('line', { class: 'fell', x1: x(Date.parse(n.failedAt)), x2: x(Date.parse(n.failedAt)), y1: height - 40, y2: height - pad })),
          !st.completedAt && h('line', { class: 'present', x1: x(present), x2: x(present), y1: 0, y2: height })),
        h('div', { class: 'labels x', 'aria-hidden': 'true' },
          ticks(from, to).map((t) => at('left', part(t), h('time', { datetime: new Date(t).toISOString() }, label(t, to - from)))),
          !st.completedAt && at('left', part(present), h('span', { class: 'now' }, 'now')))),
      h('figcaption', { class: 'key' },
        h('span', null, h('i', { class: 'k-done', 'aria-hidden': 'true' }), 'updated'),
        guess && guess > present && h('span', null, h('i', { class: 'k-guess', 'aria-hidden': 'true' }), 'estimate'),
        fell.length > 0 && h('span', null, h('i', { class: 'k-fell', 'aria-hidden': 'true' }), failed ? 'rolled back or failed: ' : 'rolled back: ', fell.slice(0, 3).map((n, i) => [i ? ', ' : '', nodeLink(n.name, `fell ${n.name}`)]), fell.length > 3 && ` and ${fell.length - 3} more`),
        h('span', null, timeZone()))),
    single(nodes, fell, from, present));
}

function at(side, share, element) {
  element.style[side] = `${(100 * share).toFixed(2)}%`;
  return element;
}

// Full hours, days or parts of them, in local time; fewer of them where there is less room.
function ticks(from, to) {
  const most = innerWidth < 640 ? 3 : 7;
  const stride = strides.find((s) => (to - from) / s <= most) ?? strides.at(-1);
  const zone = new Date(from).getTimezoneOffset() * minute;
  const marks = [];
  for (let t = Math.ceil((from - zone) / stride) * stride + zone; t <= to; t += stride) marks.push(t);
  return marks;
}

const label = (t, range) => range > 48 * 60 * minute ? date.format(t) : clock.format(t);

// The estimate, hours ahead, would leave no room for the minutes of a single node: these bars have a scale of their own.
function single(nodes, fell, from, present) {
  const bad = new Set(fell);
  const began = (n) => Date.parse(n.grantedAt ?? n.bootRequestedAt ?? n.failedAt);
  const rows = nodes.filter((n) => bad.has(n) || (n.grantedAt && Date.parse(n.completedAt ?? n.grantedAt) >= from))
    .sort((a, b) => bad.has(b) - bad.has(a) || inFlight(b) - inFlight(a) || began(b) - began(a) || collator.compare(a.name, b.name));
  if (rows.length === 0) return null;
  const shown = rows.slice(0, rowsOfTimeline);
  const [first, last] = [Math.min(...shown.map(began)), present];
  return [h('p', { class: 'key' }, [['drain', 'drain'], ['boot', 'reboot'], ['check', 'checks and soak'], ['back', 'rollback']].map(([kind, name]) => h('span', null, h('i', { 'data-kind': kind, 'aria-hidden': 'true' }), name))),
    table('Upgrades by node', ['Node', 'Drain, reboot, checks', 'Cordoned', 'Drain', 'Reboot', 'Checks', 'Out of service', 'Now'], shown.map((n) => row(n, first, Math.max(last, first + 1000))), { class: 'upgrades' }),
    rows.length > rowsOfTimeline && h('p', { class: 'hint' }, `The latest ${rowsOfTimeline} of ${rows.length}. The page of a node has its own times.`)];
}

function row(n, from, to) {
  const start = n.grantedAt ?? n.bootRequestedAt ?? n.failedAt;
  const end = n.completedAt ?? new Date(inFlight(n) ? now() : Date.parse(n.failedAt ?? n.healthySince ?? n.bootRequestedAt ?? start)).toISOString();
  const kernel = n.bootedAt && Date.parse(n.bootedAt) > Date.parse(n.bootRequestedAt ?? '') ? n.bootedAt : n.healthySince ?? null;
  const x = (t) => 1000 * (Date.parse(t) - from) / (to - from);
  const part = (kind, a, b) => a && b && h('rect', { 'data-kind': kind, x: x(a), y: 2, width: Math.max(3, x(b) - x(a)), height: 12 });
  return [nodeLink(n.name, `time ${n.name}`),
    h('svg', { class: 'bars', viewBox: '0 0 1000 16', preserveAspectRatio: 'none', 'aria-hidden': 'true' }, part('drain', n.grantedAt, n.bootRequestedAt ?? end), part('boot', n.bootRequestedAt, kernel ?? end), part('check', kernel, end), n.failedAt && part('back', n.failedAt, n.failedAt)),
    time(n.grantedAt) ?? '', between(n.grantedAt, n.bootRequestedAt) ?? '', between(n.bootRequestedAt, n.bootRequestedAt && (kernel ?? end)) ?? '', between(kernel, end) ?? '', n.grantedAt ? between(n.grantedAt, end) ?? '' : '', chip(stepOf(n))];
}
