// The first page: policies, what needs a person, and every node.
import { h, swap, say, section, table } from './dom.js';
import { steps, stepOf, inFlight, byName, collator, chip, count, badge, standing, progress, policyLink, nodeLink, time, ago, words } from './words.js';

const groupings = { zone: ['Zone', (n) => n.zone ?? 'no zone'], policy: ['Policy', (n) => n.policy ?? 'no policy'], step: ['Step', (n) => steps[stepOf(n)].text], booted: ['Version', (n) => n.booted ?? 'unknown'], none: ['Nothing', () => 'All nodes'] };
const pageSize = 100;

export function fleetPage(fleet, tip) {
  const view = { text: '', only: new Set(), group: null, table: false, shown: pageSize };
  const cells = new Map();
  const groups = new Map();
  const title = h('h1', { tabindex: '-1' }, 'Fleet');
  const totals = h('p', { class: 'totals' });
  const policies = h('ul', { class: 'cards' });
  const attention = h('div');
  const legend = h('div', { class: 'legend', role: 'group', 'aria-label': 'Show only nodes in these steps' });
  const body = h('div', { class: 'grid' });
  const found = h('p', { class: 'hint', role: 'status' });
  const search = h('input', { type: 'search', placeholder: 'Filter by name, zone, version, reason', 'aria-label': 'Filter nodes', 'aria-keyshortcuts': '/', 'data-key': 'search', autocomplete: 'off', spellcheck: 'false', oninput: () => { view.text = search.value.trim().toLowerCase(); view.shown = pageSize; layout(); } });
  const grouping = h('select', { 'aria-label': 'Group by', onchange: () => { view.group = grouping.value; layout(); } }, Object.entries(groupings).map(([value, [text]]) => h('option', { value }, text)));
  const toggle = h('button', { type: 'button', 'aria-pressed': 'false', onclick: () => { view.table = !view.table; toggle.setAttribute('aria-pressed', String(view.table)); layout(); } }, 'Table');
  const buttons = new Map();
  for (const step of Object.keys(steps)) {
    const number = h('b');
    const button = h('button', { type: 'button', class: 'chip', 'data-step': step, 'aria-pressed': 'false', title: steps[step].hint, onclick: () => {
      if (!view.only.delete(step)) view.only.add(step);
      button.setAttribute('aria-pressed', String(view.only.has(step)));
      layout();
    } }, h('span', { class: 'sign', 'aria-hidden': 'true' }, steps[step].sign), `${steps[step].text} `, number);
    buttons.set(step, [button, number]);
    legend.append(button);
  }

  const root = h('div', { class: 'page' }, h('div', { class: 'head' }, title, totals), policies, attention,
    section('Nodes', h('div', { class: 'tools' }, search, h('label', null, 'Group by ', grouping), toggle, found), legend,
      h('p', { class: 'marks' }, h('span', null, h('i', { class: 'mark-blocked', 'aria-hidden': 'true' }), 'blocked'), h('span', null, h('i', { class: 'mark-away', 'aria-hidden': 'true' }), 'not Ready'), h('span', null, h('i', { class: 'mark-held', 'aria-hidden': 'true' }), 'cordoned by another user'), h('span', { class: 'keys' }, 'Arrow keys move, Enter opens, / filters')), body));
  body.addEventListener('keydown', move);
  body.addEventListener('focusin', (e) => { const cell = e.target.closest('.cell'); if (cell) { rove(cell); tip.show(cell, lines(fleet.nodes.get(cell.dataset.node))); } });
  body.addEventListener('pointerover', (e) => { const cell = e.target.closest('.cell'); if (cell) tip.show(cell, lines(fleet.nodes.get(cell.dataset.node))); });
  body.addEventListener('pointerleave', () => tip.hide());
  body.addEventListener('focusout', () => tip.hide());

  function matches(node) {
    if (view.only.size > 0 && !view.only.has(stepOf(node))) return false;
    return view.text === '' || [node.name, node.zone, node.booted, node.policy, node.reason, node.cordon].some((t) => t?.toLowerCase().includes(view.text));
  }

  function paint(node) {
    const [step, cell] = [stepOf(node), cells.get(node.name)];
    const flags = [node.blocked && 'blocked', !node.ready && 'not ready', node.cordon && !inFlight(node) && `cordoned by ${node.cordon}`, node.drifted && 'drifted'].filter(Boolean);
    if (cell.dataset.step !== step) cell.dataset.step = step;
    cell.classList.toggle('blocked', node.blocked === true);
    cell.classList.toggle('away', node.ready !== true);
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
    const shown = [...fleet.nodes.values()].filter(matches).sort(byName);
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
    const parts = [...wanted].sort((a, b) => collator.compare(a[0], b[0])).map(([name, members]) => {
      const number = h('span', { class: 'hint' }, `${count(members.length, 'node')}`);
      groups.set(name, number);
      return h('div', { class: 'group' }, h('h3', null, name, ' ', number), h('ul', { class: 'cells' }, members.map((c) => h('li', null, c))));
    });
    body.replaceChildren(...(parts.length ? parts : [h('p', { class: 'empty' }, fleet.nodes.size ? 'No node matches.' : 'No nodes yet.')]));
    const first = body.querySelector('.cell[tabindex="0"]') ?? body.querySelector('.cell');
    if (focused?.isConnected) focused.focus({ preventScroll: true });
    else if (first) rove(first);
  }

  function rows(shown) {
    swap(body, shown.length === 0 ? h('p', { class: 'empty' }, 'No node matches.') : table('Nodes', ['Node', 'Step', 'Policy', 'Zone', 'Runs', 'Target', 'Since', 'Waits for'],
      shown.slice(0, view.shown).map((n) => [nodeLink(n.name, `row ${n.name}`), chip(stepOf(n)), n.policy ?? '', n.zone ?? '', n.booted ?? '', n.target ?? '', time(n.since) ?? '', n.reason ? `${words(n.reason)}${n.message ? `: ${n.message}` : ''}` : ''])),
      shown.length > view.shown && h('button', { type: 'button', 'data-key': 'more', onclick: () => { view.shown += pageSize; layout(); } }, `Show ${Math.min(pageSize, shown.length - view.shown)} more of ${shown.length}`));
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
    const away = all.filter((n) => !n.ready).length;
    swap(totals, [count(all.length, 'node'), `${tally.Updated ?? 0} updated`, `${all.filter(inFlight).length} in flight`, blocked && `${blocked} blocked`, away && `${away} not ready`, tally.Failed && `${tally.Failed} failed`].filter(Boolean).join(' · '));
    const list = [...fleet.policies.values()].sort(byName);
    swap(policies, list.length ? list.map(card) : h('li', { class: 'empty' }, 'No UpgradePolicy exists, so nothing is upgraded. kubectl explain upgradepolicy.spec describes the fields.'));
    swap(attention, trouble(list));
  }

  function card(p) {
    const [s, st] = [standing(p), p.status ?? {}];
    const target = st.target ? st.target.version ?? st.target.digest.slice(0, 12) : null;
    return h('li', { class: 'card', 'data-tone': s.tone }, h('h2', null, policyLink(p.name), ' ', badge(s)),
      h('p', { class: 'hint' }, p.image, target ? ` → ${target}` : '', st.wave ? ` · wave ${st.wave}` : '', ` · maxUnavailable ${p.maxUnavailable}`),
      progress(st.nodes),
      h('p', { class: 'hint line' }, st.estimatedCompletion ? ['Estimated completion ', time(st.estimatedCompletion), ` (${ago(st.estimatedCompletion)})`] : st.nextWindow ? ['Continues ', time(st.nextWindow), ` (${ago(st.nextWindow)})`] : st.completedAt ? ['Completed ', time(st.completedAt)] : s.message ?? ''));
  }

  // What is blocked, put together by its reason: forty nodes behind one budget are one thing to look at.
  function trouble(list) {
    const kinds = new Map();
    const add = (policy, tone, { node, reason, message }) => {
      const key = `${policy} ${reason}`;
      if (!kinds.has(key)) kinds.set(key, { policy, tone, reason, message, nodes: [] });
      kinds.get(key).nodes.push(node);
    };
    for (const p of list) for (const b of p.status?.blocked ?? []) add(p.name, 'warn', b);
    for (const n of fleet.nodes.values()) if (stepOf(n) === 'Failed' && !n.blocked) add(n.policy ?? '', 'bad', { node: n.name, reason: n.reason ?? 'Failed', message: n.message });
    if (kinds.size === 0) return null;
    return section('Needs attention', h('ul', { class: 'trouble' }, [...kinds.values()].map((k) => h('li', { 'data-tone': k.tone },
      h('p', null, h('strong', null, words(k.reason)), ' · ', k.policy && policyLink(k.policy, `trouble ${k.policy} ${k.reason}`), ` · ${count(k.nodes.length, 'node')}: `, k.nodes.sort(collator.compare).slice(0, 6).map((n, i) => [i ? ', ' : '', nodeLink(n, `trouble ${k.policy} ${k.reason} ${n}`)]), k.nodes.length > 6 && ` and ${k.nodes.length - 6} more`),
      k.message && h('p', { class: 'hint' }, k.message)))));
  }

  const lines = (n) => n ? [n.name, `${steps[stepOf(n)].text}: ${steps[stepOf(n)].hint}`, [n.booted && `runs ${n.booted}`, n.target && n.target !== n.booted && `target ${n.target}`, n.zone, n.policy].filter(Boolean).join(' · '), n.cordon && `cordoned by ${n.cordon}`, !n.ready && 'not Ready', n.reason && `${words(n.reason)}${n.message ? `: ${n.message}` : ''}`].filter(Boolean) : [];

  return {
    root,
    title: 'Fleet',
    heading: title,
    focusSearch() { search.focus(); },
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
