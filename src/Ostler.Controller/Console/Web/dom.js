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

/** Puts new content in, and leaves the focus where it was: on the element with the same data-key. */
export function swap(container, ...children) {
  const active = document.activeElement;
  const key = container.contains(active) ? active.getAttribute('data-key') : null;
  container.replaceChildren();
  append(container, children);
  if (key !== null) container.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
}

/** Sets text only when it differs, so that nothing is announced or painted for nothing. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function table(caption, columns, rows, options = {}) {
  return h('div', { class: 'scroll', role: 'region', 'aria-label': `Table: ${caption}`, tabindex: '0', 'data-key': `table ${caption}` },
    h('table', { class: options.class },
      h('caption', { class: 'unseen' }, caption),
      h('thead', null, h('tr', null, columns.map((c) => h('th', { scope: 'col' }, c)))),
      h('tbody', null, rows.map((row) => h('tr', null, row.map((cell, i) => h(i === 0 ? 'th' : 'td', i === 0 ? { scope: 'row' } : null, cell)))))));
}

/** A list of names and values; values that are not there are left out. */
export function facts(...pairs) {
  return h('dl', { class: 'facts' }, pairs.filter(([, value]) => value !== null && value !== undefined && value !== '' && value.length !== 0).map(([name, value]) =>
    h('div', null, h('dt', null, name), h('dd', null, value))));
}

export function section(title, ...children) {
  const id = `s-${title.replace(/\W+/g, '-').toLowerCase()}`;
  return h('section', { class: 'panel', 'aria-labelledby': id }, h('h2', { id }, title), ...children);
}
