// What a page shows is in the address, so that a link, a reload and the Back button lead to the same view: #/nodes/a, #/?q=text&step=Failed.

/** The path and the parameters after #. A path that cannot be decoded is the first page. */
export function read() {
  const [path, query] = location.hash.replace(/^#/, '').split('?');
  try {
    return { path: path.split('/').filter(Boolean).map(decodeURIComponent), query: new URLSearchParams(query ?? '') };
  } catch {
    return { path: [], query: new URLSearchParams() };
  }
}

/** Writes the parameters of the present page into the address, without a step of its own in the history. Empty values are left out. */
export function remember(values) {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(values)) if (value) query.set(key, value);
  const text = query.toString();
  const path = location.hash.replace(/^#/, '').split('?')[0] || '/';
  const address = `#${path}${text ? `?${text}` : ''}`;
  if (address !== location.hash) history.replaceState(history.state, '', address);
}
