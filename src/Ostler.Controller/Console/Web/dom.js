// Elements from data. Text is only ever set as text, so nothing that a cluster says can become markup.

const svgNames = new Set(['svg', 'path', 'line', 'rect', 'circle', 'text', 'g', 'title']);

/** An element. Properties: class, data-*, aria-*, on* (listeners) and attributes; null and false leave one out. */
export function h(name, properties, ...children) {
  const element = svgNames.has(name) ? document.createElementNS('http://www.w3.org/2000/svg', name) : document.createElement(name);
  for (const [key, value] of Object.entries(properties ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? '' : value);
  }
  append(element, children);
  return element;
}

function append(element, children) {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    if (Array.isArray(child)) append(element, child);
    else element.append(child);
  }
}

/** Puts new content in, and leaves the focus and what is scrolled sideways where they were: on the elements with the same data-key. */
export function swap(container, ...children) {
  const active = document.activeElement;
  const key = container.contains(active) ? active.getAttribute('data-key') : null;
  const scrolled = [...container.querySelectorAll('.scroll')].filter((e) => e.scrollLeft > 0).map((e) => [e.getAttribute('data-key'), e.scrollLeft]);
  container.replaceChildren();
  append(container, children);
  const find = (name) => container.querySelector(`[data-key="${CSS.escape(name)}"]`);
  for (const [name, left] of scrolled) { const e = find(name); if (e) e.scrollLeft = left; }
  if (key !== null) find(key)?.focus({ preventScroll: true });
}

// What is wider than its frame says so: a narrow screen shows no scroll bar.
const widths = new ResizeObserver((entries) => { for (const e of entries) more(e.target); });
function more(frame) {
  const rest = frame.scrollWidth - frame.clientWidth - frame.scrollLeft;
  frame.dataset.more = [frame.scrollLeft > 2 && 'left', rest > 2 && 'right'].filter(Boolean).join(' ');
}

/** A frame that scrolls sideways, and shows whether there is more. */
export function scroller(properties, ...children) {
  const frame = h('div', { class: 'scroll', role: 'region', tabindex: '0', ...properties, onscroll: () => more(frame) }, ...children);
  widths.observe(frame);
  return h('div', { class: 'scroller' }, frame, h('p', { class: 'hint sideways', 'aria-hidden': 'true' }, 'Scroll sideways for more →'));
}

/** Sets text only when it differs, so that nothing is announced or painted for nothing. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** @param options class; sort: { keys: one for each column or null, by, descending, onsort(key) } makes the headings buttons. */
export function table(caption, columns, rows, options = {}) {
  return scroller({ 'aria-label': `Table: ${caption}`, 'data-key': `table ${caption}` },
    h('table', { class: options.class },
      h('caption', { class: 'unseen' }, caption),
      h('thead', null, h('tr', null, columns.map((c, i) => heading(c, options.sort?.keys[i], options.sort)))),
      h('tbody', null, rows.map((row) => h('tr', null, row.map((cell, i) => h(i === 0 ? 'th' : 'td', i === 0 ? { scope: 'row' } : null, cell)))))));
}

function heading(text, key, sort) {
  if (!key) return h('th', { scope: 'col' }, text);
  const is = sort.by === key;
  return h('th', { scope: 'col', 'aria-sort': is ? (sort.descending ? 'descending' : 'ascending') : null },
    h('button', { type: 'button', class: 'sort', 'data-key': `sort ${key}`, onclick: () => sort.onsort(key) }, text, h('span', { 'aria-hidden': 'true' }, is ? (sort.descending ? ' ▼' : ' ▲') : ' ↕')));
}

/** A list of names, values and hints in plain words; values that are not there are left out. */
export function facts(...pairs) {
  return h('dl', { class: 'facts' }, pairs.filter(([, value]) => value !== null && value !== undefined && value !== false && value !== '' && value.length !== 0).map(([name, value, hint]) =>
    h('div', null, h('dt', null, name), h('dd', null, value, hint && h('span', { class: 'plain' }, hint)))));
}

export function section(title, ...children) {
  const id = `s-${title.replace(/\W+/g, '-').toLowerCase()}`;
  return h('section', { class: 'panel', 'aria-labelledby': id }, h('h2', { id }, title), ...children);
}
