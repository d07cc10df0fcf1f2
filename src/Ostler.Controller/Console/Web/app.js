// Puts it together: the stream, the pages by the address after #, the theme, signing in.
import { h, swap, say } from './dom.js';
import { Fleet, follow } from './feed.js';
import { fleetPage } from './fleet.js';
import { policyPage } from './policy.js';
import { nodePage } from './node.js';
import { setClock, now, span, standing, count } from './words.js';

const [main, crumbs, link, linkText, said, tipBox, themeButton] = ['main', 'crumbs', 'link', 'link-text', 'said', 'tip', 'theme'].map((id) => document.getElementById(id));
const fleet = new Fleet();
let page = null;
let known = false;
let token = null; // Of this page, and nowhere else: a reload asks for it again.

const tip = {
  show(cell, lines) {
    swap(tipBox, lines.map((line, i) => h(i === 0 ? 'strong' : 'span', null, line)));
    tipBox.hidden = false;
    const box = cell.getBoundingClientRect();
    const { width, height } = tipBox.getBoundingClientRect();
    tipBox.style.left = `${Math.max(8, Math.min(box.left, innerWidth - width - 8))}px`;
    tipBox.style.top = `${box.bottom + height + 10 > innerHeight ? Math.max(8, box.top - height - 6) : box.bottom + 6}px`;
  },
  hide() { tipBox.hidden = true; },
};

function open() {
  let path;
  try { path = location.hash.slice(1).split('/').filter(Boolean).map(decodeURIComponent); } catch { path = []; }
  if (location.hash === '#main') { main.focus(); return; }
  const [kind, name] = path;
  const first = page === null;
  page = kind === 'policies' && name ? policyPage(fleet, name) : kind === 'nodes' && name ? nodePage(fleet, name, () => token) : fleetPage(fleet, tip);
  tip.hide();
  swap(crumbs, h('li', null, path.length ? h('a', { href: '#/' }, 'Fleet') : h('span', { 'aria-current': 'page' }, 'Fleet')), name && h('li', null, h('span', { 'aria-current': 'page' }, name)));
  document.title = `${page.title} · Ostler`;
  if (known) show();
  if (!first && known) { page.heading.focus({ preventScroll: true }); scrollTo(0, 0); }
}

function show() {
  main.replaceChildren(page.root);
  page.update({ full: true, nodes: new Set(), policies: new Set() });
}

// Changes that come in one frame are painted in one.
let pending = null;
function changed(what) {
  if (pending) {
    pending.full ||= what.full;
    for (const n of what.nodes) pending.nodes.add(n);
    for (const p of what.policies) pending.policies.add(p);
    return;
  }
  pending = what;
  requestAnimationFrame(() => {
    const now = pending;
    pending = null;
    if (!known) { known = true; show(); } else page.update(now);
    speak();
  });
}

// What a person who does not see the screen is told: how each policy stands, when that changed, and not every second.
let spoken = new Map();
let quietUntil = 0;
function speak() {
  if (Date.now() < quietUntil) return;
  const news = [];
  for (const p of fleet.policies.values()) {
    const text = `${p.name}: ${standing(p).text}, ${p.status?.nodes?.updated ?? 0} of ${count(p.status?.nodes?.total ?? 0, 'node')} updated${p.status?.nodes?.failed ? `, ${p.status.nodes.failed} failed` : ''}${p.status?.blocked?.length ? `, ${p.status.blocked.length} blocked` : ''}`;
    if (spoken.has(p.name) && spoken.get(p.name) !== text) news.push(text);
    spoken.set(p.name, text);
  }
  if (news.length === 0) return;
  say(said, `${news.join('. ')}.`);
  quietUntil = Date.now() + 10_000;
}

function state(name, text) {
  if (link.dataset.state !== name) link.dataset.state = name;
  say(linkText, text);
}

let contact = null;
const stream = follow({
  token: () => token,
  onEvent(name, data) {
    setClock(data.now);
    contact = data.contact ? Date.parse(data.contact) : null;
    if (name === 'fleet') changed(fleet.apply(data.changes));
  },
  onState(what, detail) {
    if (what === 'live') { live(); return; }
    if (what === 'refused') { state('refused', 'Not signed in'); signIn(detail); return; }
    state('waiting', detail.status ? detail.message : `Connection lost; retrying in ${span(detail.pause)}`);
    if (!known) swap(main, h('p', { class: 'empty' }, detail.message));
  },
});

function live() {
  const silent = contact === null ? 0 : now() - contact;
  if (silent > 150_000) state('stale', `API server silent for ${span(silent)}`); else state('live', 'Live');
}

function signIn(refusal) {
  [known, token] = [false, null];
  const field = h('input', { id: 'token', type: 'password', autocomplete: 'off', spellcheck: 'false', 'aria-describedby': 'why' });
  const form = h('form', { class: 'panel signin', onsubmit: (e) => {
    e.preventDefault();
    token = field.value.trim() || null;
    field.value = '';
    state('connecting', 'Signing in');
    stream.retry();
  } }, h('h1', { tabindex: '-1' }, 'Sign in'), h('p', { id: 'why', role: 'alert' }, refusal.message), h('label', { for: 'token' }, 'Token'), field, h('button', { type: 'submit', class: 'primary' }, 'Sign in'),
    h('p', { class: 'hint' }, 'The token stays in this page and is sent to this controller only. A reload discards it.'));
  main.replaceChildren(form);
  field.focus();
}

const themes = ['auto', 'light', 'dark'];
function theme(name) {
  if (name === 'auto') delete document.documentElement.dataset.theme; else document.documentElement.dataset.theme = name;
  say(themeButton, `Theme: ${name}`);
  try { localStorage.setItem('ostler-theme', name); } catch { /* Not stored; it is a taste, not a setting. */ }
}
let stored = null;
try { stored = localStorage.getItem('ostler-theme'); } catch { /* As above. */ }
theme(themes.includes(stored) ? stored : 'auto');
themeButton.addEventListener('click', () => theme(themes[(themes.indexOf(document.documentElement.dataset.theme ?? 'auto') + 1) % themes.length]));

addEventListener('hashchange', open);
addEventListener('keydown', (e) => {
  if (e.key === '/' && !e.ctrlKey && !e.metaKey && !e.altKey && !/^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement?.tagName)) {
    if (page?.focusSearch) { e.preventDefault(); page.focusSearch(); }
  }
  if (e.key === 'Escape') tip.hide();
});
addEventListener('scroll', () => tip.hide(), { passive: true });
// A person who reads with a pointer or selects text is not interrupted by the clock.
setInterval(() => { if (known && getSelection()?.isCollapsed !== false) page.tick(); if (link.dataset.state === 'live' || link.dataset.state === 'stale') live(); }, 5000);
open();
