// One node: what it runs, how far it is, and what is recorded of it.
import { h, swap, facts, section, table, scroller } from './dom.js';
import { commandFor, copyable, retry } from './commands.js';
import { steps, stepOf, isAway, chip, policyLink, time, ago, digest, words, prose } from './words.js';
import { conditions } from './policy.js';

const way = ['Idle', 'Staging', 'Staged', 'Cordoned', 'Drained', 'Rebooting', 'Verifying', 'Soaking', 'Updated'];

export function nodePage(fleet, name, token) {
  const heading = h('h1', { tabindex: '-1', 'data-key': 'heading' }, name);
  const [head, body] = [h('div', { class: 'head' }), h('div', { class: 'page' })];
  let [history, problem, asked, again] = [null, null, false, false];
  let shown = null;

  async function read() {
    // One request at a time; what changes meanwhile is read again after it.
    if (asked) { again = true; return; }
    asked = true;
    try {
      const response = await fetch(`api/nodes/${encodeURIComponent(name)}`, { headers: token() ? { Authorization: `Bearer ${token()}` } : {}, cache: 'no-store', credentials: 'omit' });
      const answer = await response.json();
      [history, problem] = response.ok ? [answer, null] : [history, answer.message];
    } catch (error) {
      problem = `The history could not be read: ${error.message}`;
    }
    asked = false;
    render();
    if (again) { again = false; setTimeout(read, 1000); }
  }

  function render() {
    const n = fleet.nodes.get(name);
    if (!n) { swap(head, heading); swap(body, h('p', { class: 'empty' }, 'No such node. It may have been removed.')); return; }
    const step = stepOf(n);
    const at = way.indexOf(step);
    const d = history ?? {};
    const policy = n.policy?.includes(', ') ? null : n.policy;
    const command = ['Failed', 'RolledBack'].includes(step) ? retry(policy) : commandFor(n.reason, { policy });
    swap(head, heading, chip(step), h('p', { class: 'lead' }, n.reason ? [h('strong', null, words(n.reason)), n.message ? [': ', prose(n.message)] : ''] : steps[step].hint), copyable(command, 'lead'));
    swap(body,
      at >= 0 && scroller({ 'aria-label': 'Steps of an upgrade', 'data-key': 'way' }, h('ol', { class: 'way' }, way.map((s, i) => h('li', { class: i < at ? 'past' : i === at ? 'here' : '', 'aria-current': i === at ? 'step' : null, 'data-step': i <= at ? s : null }, h('span', { class: 'sign', 'aria-hidden': 'true' }, steps[s].sign), h('span', null, steps[s].text))))),
      h('section', { class: 'panel', 'aria-label': 'Facts' }, facts(
        ['Policy', n.policy?.split(', ').map((p, i) => [i ? ', ' : '', policyLink(p)])], ['Goal', d.goal ?? (history ? 'Observe' : null)], ['Attempt', d.attempt ? String(d.attempt) : null],
        ['Target', n.target !== n.booted && n.target], ['Zone', n.zone], ['Node', n.ready ? 'Ready' : 'not Ready', !n.ready && !isAway(n) && 'Expected: the node is being upgraded.'], ['Cordoned by', n.cordon], ['Held by', n.hold, 'Not upgraded while its Node has the annotation or label ostler.dev/hold'], ['In this step since', n.since && [time(n.since), ` (${ago(n.since)})`]],
        ['Backend', d.backend], ['Agent', d.agentVersion],
        ['Deadlines', Object.entries(d.deadlines ?? {}).map(([what, when], i) => [i ? ', ' : '', `${what} `, time(when)])],
        ['Next attempt', d.backoff && time(d.backoff.until), d.backoff && `After ${d.backoff.count} × ${words(d.backoff.reason)}`])),
      problem && h('p', { class: 'problem', role: 'alert' }, problem),
      history && section('Deployments', table('Deployments', ['Deployment', 'Version', 'Digest', 'From', 'Marks'], [['Booted', d.booted], ['Staged', d.staged], [['Rollback', h('span', { class: 'plain' }, 'previous image')], d.rollback]].filter(([, t]) => t).map(([what, t]) => [what, t.version ?? '', digest(t.digest), t.reference ?? '', [t.locked && 'locked', t.pinned && 'pinned'].filter(Boolean).join(', ')]))),
      history && section('History', d.eventsProblem && h('p', { class: 'problem' }, d.eventsProblem), h('ol', { class: 'history' }, d.entries.map((e) => h('li', { 'data-tone': e.warning ? 'bad' : null },
        h('span', { class: 'when' }, time(e.at), h('span', { class: 'hint' }, ago(e.at))), h('div', null, h('p', null, h('strong', null, (e.warning ? '! ' : '') + e.title), h('span', { class: 'tag' }, e.source), e.count > 1 && ` ${e.count} times`), e.message && e.message !== n.message && h('p', { class: 'hint' }, prose(e.message)))))),
        h('p', { class: 'hint' }, 'From NodeOS, Node and Events. By default, the API server keeps Events for one hour.')),
      d.conditions?.length > 0 && section('Conditions', conditions(d.conditions, [n.message])));
    if (shown !== step) { shown = step; centre(); }
  }

  // On a narrow screen the row of steps is wider than the page: the present one is what counts.
  function centre() {
    const here = body.querySelector('.way .here');
    const frame = here?.closest('.scroll');
    if (frame) frame.scrollLeft += here.getBoundingClientRect().left - frame.getBoundingClientRect().left - (frame.clientWidth - here.offsetWidth) / 2;
  }

  return { root: h('div', { class: 'page' }, head, body), title: name, heading, update(changed) { if (changed.full) shown = null; if (changed.full || changed.nodes.has(name)) { render(); read(); } }, tick: render };
}
