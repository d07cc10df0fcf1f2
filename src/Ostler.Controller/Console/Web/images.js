// The images, and one image: its versions, signature, quarantine, and when the registry or repository is polled next.
import { h, swap, facts, section, table } from './dom.js';
import { copyable, commandFor, unquarantine } from './commands.js';
import { badge, imageStanding, byName, condition, count, digest, imageLink, policyLink, time, ago, words, prose } from './words.js';
import { conditions } from './policy.js';

const usersOf = (fleet, name) => [...fleet.policies.values()].filter((p) => p.image === name).sort(byName);
const links = (policies) => policies.map((p, i) => [i ? ', ' : '', policyLink(p.name)]);

function poll(image) {
  if (image.pinned) return 'Never: the spec pins one digest.';
  if (!image.pollInterval) return 'Never: spec.pollInterval is 0s.';
  const next = image.status?.nextPollAt;
  return next ? [time(next), ` (${ago(next)})`] : `Every ${image.pollInterval}`;
}

export function imagesPage(fleet) {
  const heading = h('h1', { tabindex: '-1' }, 'Images');
  const body = h('div');
  function render() {
    const images = [...fleet.images.values()].sort((a, b) => imageStanding(a).rank - imageStanding(b).rank || byName(a, b));
    swap(body, images.length === 0 ? h('p', { class: 'empty' }, 'There is no OSImage yet. To write one, start with kubectl explain osimage.spec.')
      : h('section', { class: 'panel', 'aria-label': 'Images' }, table('Images', ['Image', 'State', 'Version', 'Source', 'Policies', 'Next poll'],
        images.map((i) => [imageLink(i.name), badge(imageStanding(i)), i.status?.resolved?.version ?? digest(i.status?.resolved?.digest) ?? '', i.source ?? '', links(usersOf(fleet, i.name)), poll(i)]))));
  }
  return { root: h('div', { class: 'page' }, h('div', { class: 'head' }, heading), body), title: 'Images', heading, update: render, tick: render };
}

export function imagePage(fleet, name) {
  const heading = h('h1', { tabindex: '-1', 'data-key': 'heading' }, name);
  const [head, body] = [h('div', { class: 'head' }), h('div', { class: 'page' })];

  function render() {
    const image = fleet.images.get(name);
    if (!image) { swap(head, heading); swap(body, h('p', { class: 'empty' }, 'There is no such image. It may have been deleted.')); return; }
    const [s, st] = [imageStanding(image), image.status ?? {}];
    const verified = condition(st, 'Verified');
    const lead = s.tone === 'good' ? null : s.message;
    swap(head, heading, badge(s), lead && h('p', { class: 'lead' }, prose(lead)), s.tone !== 'good' && !quarantined(image, st.resolved?.digest) && copyable(commandFor(s.reason, { policy: usersOf(fleet, name)[0]?.name, image: name, digest: st.resolved?.digest }), 'lead'));
    swap(body,
      h('section', { class: 'panel', 'aria-label': 'Facts' }, facts(
        ['Source', image.source], ['Version', st.resolved?.version], ['Digest', digest(st.resolved?.digest)],
        ['Next poll', poll(image), image.pollInterval && st.nextPollAt && `pollInterval: ${image.pollInterval}`],
        ['Follows', st.pending?.length > 0 && st.pending.map((p, i) => [i ? ', ' : '', p.image.version ?? digest(p.image.digest), ' at ', time(p.eligibleAt)]), `minAge: ${image.minAge}`],
        ['Signature', signature(image, verified, st.resolved), image.signed && 'Nodes get only digests whose signature was verified.'],
        ['Policies', usersOf(fleet, name).length ? links(usersOf(fleet, name)) : 'none'],
        ['Status', image.current ? null : 'The controller has not observed the latest spec yet.'])),
      section('Versions', table('Versions', ['Version', 'Digest', 'State', 'Nodes', 'Resolved', 'Created', 'Signed', 'Platforms'], versions(image, st))),
      quarantineOf(image, st),
      st.conditions?.length > 0 && section('Conditions', conditions(st.conditions, [lead])));
  }

  function signature(image, verified, resolved) {
    if (!image.signed) return 'not required';
    if (verified?.status === 'True') return ['Verified', resolved?.signatureFormat && ` · ${words(resolved.signatureFormat)}`, resolved?.verifiedWith && [' · key ', digest(resolved.verifiedWith)]];
    return h('strong', { class: 'problem' }, verified ? words(verified.reason) : 'not checked yet');
  }

  const quarantined = (image, d) => (image.status?.quarantined ?? []).some((q) => q.digest === d) || image.quarantine?.deny?.includes(d);

  // A node reports the version where the image has one, else the start of the digest; and the manifest of its own platform.
  function running(version) {
    const names = new Set([version.version, ...[version.digest, ...(version.platforms ?? []).map((p) => p.digest)].map((d) => d.startsWith('sha256:') ? d.slice(0, 19) : d.slice(0, 12))].filter(Boolean));
    const policies = new Set(usersOf(fleet, name).map((p) => p.name));
    return [...fleet.nodes.values()].filter((n) => names.has(n.booted) && n.policy?.split(', ').some((p) => policies.has(p))).length;
  }

  const versions = (image, st) => [st.resolved, ...(st.history ?? [])].filter(Boolean).map((v, i) => [
    v.version ?? 'no version', digest(v.digest), [v === st.resolved ? 'current' : `previous ${st.resolved ? i : i + 1}`, quarantined(image, v.digest) && ' · quarantined'], count(running(v), 'node'),
    time(v.resolvedAt), time(v.created) ?? '', v.verifiedWith ? words(v.signatureFormat ?? 'Verified') : '', (v.platforms ?? []).map((p) => p.platform).join(', ')]);

  function quarantineOf(image, st) {
    const entries = [...(st.quarantined ?? [])];
    for (const d of image.quarantine?.deny ?? []) if (!entries.some((e) => e.digest === d)) entries.push({ digest: d, reason: 'Denied' });
    const allowed = image.quarantine?.allow ?? [];
    if (entries.length === 0 && allowed.length === 0) return section('Quarantine', h('p', { class: 'hint' }, 'No digest is quarantined.'));
    const version = (d) => [st.resolved, ...(st.history ?? [])].find((v) => v?.digest === d)?.version ?? '';
    return section('Quarantine', entries.length > 0 && table('Quarantined digests', ['Digest', 'Version', 'Reason', 'Policy', 'Since', 'Lift with'], entries.map((q) => [
      digest(q.digest), version(q.digest), words(q.reason), q.policy ? policyLink(q.policy, `quarantine ${q.policy}`) : 'spec.quarantine.deny', time(q.since) ?? '',
      allowed.includes(q.digest) ? 'already allowed' : copyable(unquarantine(name, q.digest), 'quarantine')])),
    allowed.length > 0 && h('p', { class: 'hint' }, 'Allowed in spec.quarantine.allow: ', allowed.map((d, i) => [i ? ', ' : '', digest(d)]), '.'));
  }

  return { root: h('div', { class: 'page' }, head, body), title: name, heading, update: render, tick: render };
}
