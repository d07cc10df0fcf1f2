// The command that resolves a reason, with a button that copies it. The console itself changes nothing.
import { h, say } from './dom.js';

// Names come from the cluster and the command goes into a shell: whatever is not plainly a name makes no command.
const isName = (text) => /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(text ?? '');
const isDigest = (text) => /^(sha256:)?[0-9a-f]{64}$/.test(text ?? '');
const ofPolicy = (verb) => ({ policy }) => isName(policy) && `kubectl ostler ${verb} ${policy}`;

/** Which command resolves which reason; ConsoleCommandsTests compares this with the advice in reasons.md. */
const byReason = {
  WaitingForApproval: ({ policy, wave }) => isName(policy) && `kubectl ostler approve ${policy}${isName(wave) ? ` --wave ${wave}` : ''}`,
  Paused: ofPolicy('resume'),
  TooManyFailures: ofPolicy('retry'),
  NodesFailed: ofPolicy('retry'),
  RolledBack: ofPolicy('retry'),
  StagingFailed: ofPolicy('retry'),
  ReconcileFailed: ofPolicy('retry'),
  RebootFailed: ofPolicy('retry'),
  DriftsAgain: ofPolicy('retry'),
  WaveBelowThreshold: ofPolicy('retry'),
  WorkloadsNotRecovered: ofPolicy('retry'),
  Downgrade: ofPolicy('rollback'),
  Quarantined: quarantine,
  ImageQuarantined: quarantine,
  Denied: quarantine,
};

function quarantine({ image, digest }) {
  return isName(image) && isDigest(digest) && `kubectl ostler quarantine remove ${image} ${digest}`;
}

/** The command for a reason; null where there is none. @param about the names: policy, wave, image, digest. */
export const commandFor = (reason, about) => (Object.hasOwn(byReason, reason ?? '') && byReason[reason](about)) || null;

/** The command of a node that failed or was rolled back. */
export const retry = (policy) => byReason.NodesFailed({ policy }) || null;

/** Lifts the quarantine of one digest. */
export const unquarantine = (image, digest) => quarantine({ image, digest }) || null;

let copied = null;

/** The command and a button that copies it; nothing where there is no command. */
export function copyable(command, where = '') {
  if (!command) return null;
  const code = h('code', null, command);
  const button = h('button', { type: 'button', class: 'copy', 'data-key': `copy ${where} ${command}`, 'aria-label': `Copy: ${command}`, onclick: async () => {
    const done = await copy(command, code);
    copied = done ? command : null;
    say(button, done ? 'Copied' : 'Press Ctrl+C');
    say(document.getElementById('said'), done ? `Copied: ${command}` : 'The command is selected. Press Ctrl+C to copy it.');
    if (done) setTimeout(() => { copied = null; say(button, 'Copy'); }, 3000);
  } }, copied === command ? 'Copied' : 'Copy');
  return h('span', { class: 'command' }, code, button);
}

// Over plain HTTP browsers have no clipboard for pages; then the text is selected for the user's own Ctrl+C.
async function copy(text, element) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    getSelection()?.selectAllChildren(element);
    try { return document.execCommand('copy'); } catch { return false; }
  }
}
