// The first page: policies, what needs a user, and every node.
import { h, swap, say, section, table } from './dom.js';
import { remember } from './address.js';
import { commandFor, copyable, retry } from './commands.js';
import { steps, stepOf, inFlight, isAway, severity, severityOfStep, byName, bySeverity, collator, chip, count, badge, standing, imageStanding, unapproved, progress, policyLink, imageLink, nodeLink, time, ago, words, prose } from './words.js';

const groupings = { zone: ['Zone', (n) => n.zone ?? 'no zone'], policy: ['Policy', (n) => n.policy ?? 'no policy'], step: ['Step', (n) => steps[stepOf(n)].text], booted: ['Version', (n) => n.booted ?? 'unknown'], none: ['Nothing', () => 'All nodes'] };
const pageSize = 100;

// The columns of the table, and by what they sort; what is not known comes last either way.
const columns = [
  ['Node', 'node', (n) => n.name], ['Step', 'step', severity], ['Policy', 'policy', (n) => n.policy], ['Zone', 'zone', (n) => n.zone], ['Runs', 'runs', (n) => n.booted],
  ['Target', 'target', (n) => n.target], ['Since', 'since', (n) => n.since], ['Waits for', 'reason', (n) => n.reason],
];

/** @param query the parameters of the address: q, step, group, view, sort, rows and node. */
export function fleetPage(fleet, tip, query) {
  const view = {
    text: query.get('q') ?? '',
    only: new Set((query.get('step') ?? '').split(',').filter((s) => Object.hasOwn(steps, s))),
    group: Object.hasOwn(groupings, query.get('group') ?? '') ? query.get('group') : null,
    table: query.get('view') === 'table',
    sort: columns.some(([, key]) => key === query.get('sort')?.replace(/^-/, '')) ? query.get('sort') : '',
    shown: Math.min(10_000, Math.max(pageSize, Number.parseInt(query.get('rows'), 10) || 0)),
    node: query.get('node'),
  };
  const keep = () => remember({ q: view.text, step: [...view.only].join(','), group: view.group, view: view.table && 'table', sort: view.table && view.sort, rows: view.table && view.shown > pageSize && view.shown, node: view.node });
  const change = () => { keep(); layout(); };
  const cells = new Map();
  const groups = new Map();
  const title = h('h1', { tabindex: '-1' }, 'Fleet');
  const totals = h('p', { class: 'totals' });
  const policies = h('ul', { class: 'cards' });
  const attention = h('div');
  const legend = h('div', { class: 'legend', role: 'group', 'aria-label': 'Show only nodes in these steps' });
  const body = h('div', { class: 'grid' });
  const found = h('p', { class: 'hint', role: 'status' });
  const search = h('input', { type: 'search', value: view.text, placeholder: 'Filter by name, step, zone, version, reason', 'aria-label': 'Filter nodes', 'aria-keyshortcuts': '/', 'data-key': 'search', autocomplete: 'off', spellcheck: 'false', oninput: () => { view.text = search.value.trim(); view.shown = pageSize; change(); } });
  const grouping = h('select', { 'aria-label': 'Group by', onchange: () => { view.group = grouping.value; change(); } }, Object.entries(groupings).map(([value, [text]]) => h('option', { value }, text)));
  const toggle = h('button', { type: 'button', 'aria-pressed': String(view.table), onclick: () => { view.table = !view.table; toggle.setAttribute('aria-pressed', String(view.table)); change(); } }, 'Table');
  const buttons = new Map();
  for (const step of Object.keys(steps)) {
    const number = h('b');
    const button = h('button', { type: 'button', class: 'chip', 'data-step': step, 'aria-pressed': String(view.only.has(step)), title: steps[step].hint, onclick: () => {
      if (!view.only.delete(step)) view.only.add(step);
      button.setAttribute('aria-pressed', String(view.only.has(step)));
      change();
    } }, h('span', { class: 'sign', 'aria-hidden': 'true' }, steps[step].sign), `${steps[step].text} `, number);
    buttons.set(step, [button, number]);
    legend.append(button);
  }

  const root = h('div', { class: 'page' }, h('div', { class: 'head' }, title, totals), attention, policies,
    section('Nodes', h('div', { class: 'tools' }, search, h('label', null, 'Group by ', grouping), toggle, found), legend,
      h('p', { class: 'marks' }, h('span', null, h('i', { class: 'mark-blocked', 'aria-hidden': 'true' }), 'blocked'), h('span', null, h('i', { class: 'mark-away', 'aria-hidden': 'true' }), 'not Ready'), h('span', null, h('i', { class: 'mark-held', 'aria-hidden': 'true' }), 'cordoned by another user'), h('span', { class: 'keys' }, 'Arrow keys move, Enter opens, / filters')), body));
  body.addEventListener('keydown', move);
  // The node that is opened stays selected, for whoever comes back.
  body.addEventListener('click', (e) => { const name = e.target.closest('[data-node]')?.dataset.node; if (name) { view.node = name; keep(); } });
  body.addEventListener('focusin', (e) => { const cell = e.target.closest('.cell'); if (cell) { rove(cell); tip.show(cell, lines(fleet.nodes.get(cell.dataset.node))); } });
  body.addEventListener('pointerover', (e) => { const cell = e.target.closest('.cell'); if (cell) tip.show(cell, lines(fleet.nodes.get(cell.dataset.node))); });
  body.addEventListener('pointerleave', () => tip.hide());
  body.addEventListener('focusout', () => tip.hide());

  function matches(node) {
    if (view.only.size > 0 && !view.only.has(stepOf(node))) return false;
    if (view.text === '') return true;
    const text = view.text.toLowerCase();
    return [node.name, node.zone, node.booted, node.policy, node.reason, words(node.reason), node.cordon, stepOf(node), steps[stepOf(node)].text, ...flagsOf(node)].some((t) => t?.toLowerCase().includes(text));
  }

  const flagsOf = (node) => [node.blocked && 'blocked', isAway(node) && 'not ready', node.cordon && !inFlight(node) && `cordoned by ${node.cordon}`, node.hold && 'held', node.drifted && 'drifted'].filter(Boolean);

  function paint(node) {
    const [step, cell] = [stepOf(node), cells.get(node.name)];
    const flags = flagsOf(node);
    if (cell.dataset.step !== step) cell.dataset.step = step;
    cell.classList.toggle('blocked', node.blocked === true);
    cell.classList.toggle('away', isAway(node));
    if (node.name === view.node) cell.setAttribute('aria-current', 'true'); else cell.removeAttribute('aria-current');
    cell.classList.toggle('held', node.cordon !== undefined && !inFlight(node));
    const label = `${node.name} ${steps[step].text}${node.booted ? ` · ${node.booted}` : ''}${flags.length ? `, ${flags.join(', ')}` : ''}`;
    if (cell.getAttribute('aria-label') !== label) cell.setAttribute('aria-label', label);
    say(cell.firstChild, steps[step].sign);
    say(cell.lastChild, `${steps[step].text}${node.booted ? ` · ${node.booted}` : ''}`);
  }

  const make = (node) => h('a', { class: 'cell', href: `#/nodes/${encodeURIComponent(node.name)}`, tabindex: '-1', 'data-node': node.name, 'data-key': `cell ${node.name}` },
    h('span', { class: 'sign', 'aria-hidden': 'true' }), ' ', h('span', { class: 'name' }, node.name), ' ', h('span', { class: 'what' }));

  // A zone for each of a few nodes is more frame than picture.
  const group = () => view.group ?? (fleet.nodes.size > 20 ? 'zone' : 'none');

  function layout() {
    grouping.value = group();
    const shown = [...fleet.nodes.values()].filter(matches).sort(view.table ? sorted : byName);
    say(found, shown.length === fleet.nodes.size ? '' : `${shown.length} of ${count(fleet.nodes.size, 'node')}`);
    body.classList.toggle('tiles', fleet.nodes.size <= 60);
    if (view.table) { rows(shown); return; }
    const wanted = new Map();
    for (const node of shown) {
      const name = groupings[group()][1](node);
      if (!wanted.has(name)) wanted.set(name, []);
      if (!cells.has(node.name)) cells.set(node.name, make(node));
      paint(node);
      wanted.get(name).push(cells.get(node.name));
    }
    const focused = document.activeElement?.closest?.('.cell');
    groups.clear();
    const parts = [...wanted].sort(group() === 'step' ? (a, b) => rankOf(a[0]) - rankOf(b[0]) : (a, b) => collator.compare(a[0], b[0])).map(([name, members]) => {
      const number = h('span', { class: 'hint' }, `${count(members.length, 'node')}`);
      groups.set(name, number);
      return h('div', { class: 'group' }, h('h3', null, name, ' ', number), h('ul', { class: 'cells' }, members.map((c) => h('li', null, c))));
    });
    body.replaceChildren(...(parts.length ? parts : [h('p', { class: 'empty' }, fleet.nodes.size ? 'No node matches.' : 'No nodes yet.')]));
    const first = body.querySelector('.cell[tabindex="0"]') ?? body.querySelector('.cell[aria-current]') ?? body.querySelector('.cell');
    if (focused?.isConnected) focused.focus({ preventScroll: true });
    else if (first) rove(first);
  }

  function rows(shown) {
    swap(body, shown.length === 0 ? h('p', { class: 'empty' }, 'No node matches.') : table('Nodes', columns.map(([text]) => text),
      shown.slice(0, view.shown).map((n) => [rowLink(n.name), chip(stepOf(n)), n.policy ?? '', n.zone ?? '', n.booted ?? '', n.target ?? '', time(n.since) ?? '', n.reason ? [words(n.reason), n.message && [': ', prose(n.message)]] : '']),
      { sort: { keys: columns.map(([, key]) => key), by: view.sort.replace(/^-/, ''), descending: view.sort.startsWith('-'), onsort(key) { view.sort = view.sort === key ? `-${key}` : view.sort === `-${key}` ? '' : key; change(); } } }),
      shown.length > view.shown && h('button', { type: 'button', 'data-key': 'more', onclick: () => { view.shown += pageSize; change(); } }, `Show ${Math.min(pageSize, shown.length - view.shown)} more of ${shown.length}`));
  }

  function rowLink(name) {
    const link = nodeLink(name, `row ${name}`);
    link.dataset.node = name;
    if (name === view.node) link.setAttribute('aria-current', 'true');
    return link;
  }

  const rankOf = (text) => severityOfStep(Object.keys(steps).find((s) => steps[s].text === text));

  // By the column that was chosen, else most severe first; equal ones by name.
  function sorted(a, b) {
    const key = view.sort.replace(/^-/, '');
    const value = columns.find(([, k]) => k === key)?.[2] ?? severity;
    const [x, y] = [value(a), value(b)];
    if (x === undefined || y === undefined) return (x === undefined) - (y === undefined) || byName(a, b);
    return (typeof x === 'number' ? x - y : collator.compare(x, y)) * (view.sort.startsWith('-') ? -1 : 1) || byName(a, b);
  }

  // One cell of the grid is in the order of the Tab key; the arrows go on from there.
  let current = null;
  function rove(cell) {
    if (current !== cell) { current?.setAttribute('tabindex', '-1'); current = cell; }
    cell.setAttribute('tabindex', '0');
  }

  function move(e) {
    const cell = e.target.closest?.('.cell');
    if (!cell || e.altKey || e.ctrlKey || e.metaKey) return;
    const all = [...body.querySelectorAll('.cell')];
    const at = all.indexOf(cell);
    const to = { ArrowRight: () => all[at + 1], ArrowLeft: () => all[at - 1], Home: () => all[0], End: () => all.at(-1), ArrowDown: () => line(all, at, 1), ArrowUp: () => line(all, at, -1), Escape: () => { tip.hide(); return null; } }[e.key]?.();
    if (!to) return;
    e.preventDefault();
    to.focus();
  }

  // The nearest cell of the next line, whichever group that is in.
  function line(all, at, way) {
    const { left, top } = all[at].getBoundingClientRect();
    let [best, distance, row] = [null, Infinity, null];
    for (let i = at + way; i >= 0 && i < all.length; i += way) {
      const box = all[i].getBoundingClientRect();
      if (Math.abs(box.top - top) < 2) continue;
      row ??= box.top;
      if (Math.abs(box.top - row) > 2) break;
      if (Math.abs(box.left - left) < distance) [best, distance] = [all[i], Math.abs(box.left - left)];
    }
    return best;
  }

  function overview() {
    const all = [...fleet.nodes.values()];
    const tally = {};
    for (const n of all) tally[stepOf(n)] = (tally[stepOf(n)] ?? 0) + 1;
    for (const [step, [button, number]] of buttons) {
      say(number, String(tally[step] ?? 0));
      button.hidden = !tally[step] && !view.only.has(step);
    }
    const blocked = all.filter((n) => n.blocked).length;
    const away = all.filter(isAway).length;
    // How many are in which step, the legend says.
    swap(totals, [count(all.length, 'node'), `${all.filter(inFlight).length} in flight`, blocked && `${blocked} blocked`, away && `${away} not ready`].filter(Boolean).join(' · '));
    const list = [...fleet.policies.values()].sort(bySeverity);
    swap(policies, list.length ? list.map(card) : h('li', { class: 'empty' }, 'There is no UpgradePolicy yet, so no node is upgraded. To write one, start with kubectl explain upgradepolicy.spec.'));
    swap(attention, trouble(list));
  }

  function card(p) {
    const [s, st] = [standing(p), p.status ?? {}];
    const target = st.target ? st.target.version ?? st.target.digest.slice(0, 12) : null;
    return h('li', { class: 'card', 'data-tone': s.tone }, h('h2', null, policyLink(p.name), ' ', badge(s)),
      h('p', { class: 'hint' }, imageLink(p.image, `card ${p.name} image`), target ? ` → ${target}` : '', st.wave ? ` · wave ${st.wave}` : '', h('span', { title: 'Limit on nodes that are unavailable at the same time' }, ` · maxUnavailable ${p.maxUnavailable}`)),
      progress(st.nodes, true),
      h('p', { class: 'hint line' }, st.estimatedCompletion ? ['Complete at about ', time(st.estimatedCompletion), ` (${ago(st.estimatedCompletion)})`] : st.nextWindow ? ['Continues ', time(st.nextWindow), ` (${ago(st.nextWindow)})`] : st.completedAt ? ['Completed ', time(st.completedAt)] : s.rank > 4 ? prose(s.message) : ''));
  }

  // What needs a user, most severe first. Nodes are put together by their reason: forty nodes behind one budget are one thing to fix.
  function trouble(list) {
    const items = [];
    for (const p of list) {
      const s = standing(p);
      if (s.rank < 4) items.push({ rank: s.rank, tone: s.tone, title: [policyLink(p.name, `trouble ${p.name}`), ` ${s.text.toLowerCase()} · ${words(s.reason)}`], message: s.message, command: commandFor(s.reason, { policy: p.name, image: p.image, digest: p.status?.target?.digest }) });
      for (const w of unapproved(p)) items.push({ rank: 7, tone: 'warn', title: [policyLink(p.name, `trouble ${p.name} ${w.name}`), ` · wave ${w.name} waits for approval`], message: w.message, command: commandFor(w.reason, { policy: p.name, wave: w.name }) });
      if (p.paused) items.push({ rank: 9, tone: 'calm', title: [policyLink(p.name, `trouble ${p.name} paused`), ' is paused'], command: commandFor('Paused', { policy: p.name }) });
    }
    for (const i of fleet.images.values()) {
      const s = imageStanding(i);
      if (s.rank === 0) items.push({ rank: 4, tone: s.tone, title: [imageLink(i.name, `trouble image ${i.name}`), ` · ${s.text}`], message: s.message, command: commandFor(s.reason, { image: i.name, digest: i.status?.resolved?.digest }) });
    }
    items.push(...nodesInTrouble(list));
    if (items.length === 0) return null;
    return section('Needs attention', h('ul', { class: 'trouble' }, items.sort((a, b) => a.rank - b.rank).map((k, i) => h('li', { 'data-tone': k.tone },
      h('div', null, h('p', null, k.title), k.message && h('p', { class: 'hint' }, prose(k.message))), copyable(k.command, `trouble ${i}`)))));
  }

  function nodesInTrouble(list) {
    const kinds = new Map();
    const add = (policy, rank, { node, reason, message }) => {
      const key = `${policy} ${reason}`;
      if (!kinds.has(key)) kinds.set(key, { policy, rank, reason, message, nodes: new Set() });
      kinds.get(key).nodes.add(node);
    };
    for (const n of fleet.nodes.values()) {
      if (stepOf(n) === 'Failed') add(n.policy ?? '', 5, { node: n.name, reason: n.reason ?? 'Failed', message: n.message });
      if (stepOf(n) === 'RolledBack') add(n.policy ?? '', 6, { node: n.name, reason: n.reason ?? 'RolledBack', message: n.message });
    }
    const known = new Set([...kinds.values()].flatMap((k) => [...k.nodes]));
    for (const p of list) for (const b of p.status?.blocked ?? []) if (!known.has(b.node)) add(p.name, 8, b);
    const states = { 5: ' failed', 6: ' rolled back', 8: ' blocked' };
    return [...kinds.values()].map((k) => ({
      rank: k.rank,
      tone: k.rank === 8 ? 'warn' : 'bad',
      title: [h('strong', null, `${count(k.nodes.size, 'node')}${states[k.rank]}`), ` · ${words(k.reason)}`, k.policy && [' · ', policyLink(k.policy, `trouble ${k.policy} ${k.reason}`)], ' · ', [...k.nodes].sort(collator.compare).slice(0, 6).map((n, i) => [i ? ', ' : '', nodeLink(n, `trouble ${k.policy} ${k.reason} ${n}`)]), k.nodes.size > 6 && ` and ${k.nodes.size - 6} more`],
      message: k.message,
      command: k.rank === 8 ? commandFor(k.reason, { policy: k.policy }) : haltedAlready(k.policy) ? null : retry(k.policy),
    }));
  }

  // The halted policy has the same command, a few lines above.
  const haltedAlready = (policy) => fleet.policies.has(policy) && standing(fleet.policies.get(policy)).rank === 0;

  const lines = (n) => n ? [n.name, `${steps[stepOf(n)].text}. ${steps[stepOf(n)].hint}`, [n.booted && `runs ${n.booted}`, n.target && n.target !== n.booted && `target ${n.target}`, n.zone, n.policy].filter(Boolean).join(' · '), n.cordon && `cordoned by ${n.cordon}`, n.hold && `held by ${n.hold}`, isAway(n) && 'not Ready', n.reason && [words(n.reason), n.message && [': ', prose(n.message)]]].filter(Boolean) : [];

  return {
    root,
    title: 'Fleet',
    heading: title,
    focusSearch() { search.focus(); },
    // Back from a node: at the node, not at the top.
    restore() {
      const link = view.node && body.querySelector(`[data-node="${CSS.escape(view.node)}"]`);
      if (!link) return false;
      if (link.classList.contains('cell')) rove(link);
      link.scrollIntoView({ block: 'center' });
      link.focus({ preventScroll: true });
      tip.hide();
      return true;
    },
    update(changed) {
      overview();
      const known = !changed.full && !view.table && view.text === '' && view.only.size === 0 && group() !== 'step' && group() !== 'booted' && [...changed.nodes].every((name) => fleet.nodes.has(name) && cells.has(name));
      if (known) for (const name of changed.nodes) paint(fleet.nodes.get(name));
      else if (changed.full || changed.nodes.size > 0 || body.childElementCount === 0) {
        for (const name of cells.keys()) if (!fleet.nodes.has(name)) cells.delete(name);
        layout();
      }
    },
    tick() { overview(); },
  };
}
