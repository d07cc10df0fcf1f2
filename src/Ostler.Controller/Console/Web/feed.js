// The stream of the fleet: server-sent events over fetch, which unlike EventSource can carry a token. Reconnects by itself, and asks for
// the difference to what it has.

const silence = 45_000;

/**
 * @param {{token: () => string|null, onEvent: (name: string, data: any) => void, onState: (state: string, detail?: any) => void}} options
 * @returns a function that ends it.
 */
export function follow({ token, onEvent, onState }) {
  let ended = false;
  let lastId = '';
  let failures = 0;
  let abort = new AbortController();
  let wake = () => {};

  async function once() {
    abort = new AbortController();
    let watchdog = setTimeout(() => abort.abort(), silence);
    const alive = () => { clearTimeout(watchdog); watchdog = setTimeout(() => abort.abort(), silence); };
    try {
      const headers = { Accept: 'text/event-stream' };
      if (lastId) headers['Last-Event-ID'] = lastId;
      if (token()) headers.Authorization = `Bearer ${token()}`;
      const response = await fetch('api/fleet', { headers, cache: 'no-store', credentials: 'omit', signal: abort.signal });
      if (!response.ok) {
        const refusal = await response.json().catch(() => ({ reason: String(response.status), message: 'The console returned an unexpected answer.' }));
        return { status: response.status, ...refusal };
      }
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      const parse = parser((name, data, id) => {
        failures = 0;
        onEvent(name, JSON.parse(data));
        if (id) lastId = id;
        onState('live');
      });
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return { status: 0, message: 'The connection ended.' };
        alive();
        parse(value);
      }
    } catch (error) {
      return { status: 0, message: String(error?.message ?? error) };
    } finally {
      clearTimeout(watchdog);
      abort.abort();
    }
  }

  (async () => {
    while (!ended) {
      const why = await once();
      if (ended) return;
      if (why.status === 401 || why.status === 403) {
        onState('refused', why);
        await new Promise((resolve) => { wake = resolve; });
        continue;
      }
      failures++;
      const pause = Math.min(15_000, 500 * 2 ** Math.min(failures, 6)) * (0.75 + Math.random() / 2);
      onState('waiting', { ...why, pause });
      await new Promise((resolve) => { wake = resolve; setTimeout(resolve, pause); });
    }
  })();
  return { end() { ended = true; abort.abort(); wake(); }, retry() { wake(); } };
}

/** Cuts a stream of text into events: a chunk may end anywhere. */
export function parser(onEvent) {
  let rest = '';
  return (chunk) => {
    rest += chunk;
    for (let end; (end = rest.indexOf('\n\n')) >= 0;) {
      const block = rest.slice(0, end);
      rest = rest.slice(end + 2);
      let [name, data, id] = ['message', [], null];
      for (const line of block.split('\n')) {
        const colon = line.indexOf(':');
        const [field, value] = [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, '')];
        if (field === 'event') name = value;
        else if (field === 'data') data.push(value);
        else if (field === 'id') id = value;
      }
      if (data.length > 0) onEvent(name, data.join('\n'), id);
    }
  };
}

/** What is known: rows by kind and name. Applies what the stream says and tells which names changed. */
export class Fleet {
  policies = new Map();
  images = new Map();
  nodes = new Map();

  apply({ full, gone, ...rows }) {
    const changed = { full, nodes: new Set(), policies: new Set() };
    for (const kind of ['policies', 'images', 'nodes']) {
      if (full) this[kind].clear();
      for (const row of rows[kind]) { this[kind].set(row.name, row); changed[kind]?.add(row.name); }
      for (const name of gone?.[kind] ?? []) { this[kind].delete(name); changed[kind]?.add(name); }
    }
    return changed;
  }

  nodesOf(policy) {
    return [...this.nodes.values()].filter((n) => n.policy === policy || n.policy?.split(', ').includes(policy));
  }
}
