/**
 * One leg: a conversation with one node over a socket, from the offer of sound to its end.
 *
 * It gives `ended`, a promise of how the leg came to its end:
 *   {why: "over", ending}            the call has ended
 *   {why: "refused", code}           the node said no
 *   {why: "replaced"}                another page has the call now
 *   {why: "lost", connected, lives}  the socket or the sound broke; lives: the node has said so
 *                                    itself, or was heard until now; with siteLost: true it has sent
 *                                    us to another site, or hears nothing of us
 *   {why: "hung_up"}                 the caller ended it here
 *   {why: "no_sound"}                the browser could not make an offer
 * What the node says for people to see goes to `tell`. No DOM: sockets, sound and clock come in.
 */

/** Close codes, as in contactcentre/wire/closing.py. */
const DONE = 1000;
const STOPPING = 1001;
const REFUSED = 4403;
const REPLACED = 4409;
const ELSEWHERE = 4410;
/** What a browser says of a socket that broke without a word. */
const NO_CODE = 1005;
const BROKE = 1006;
const OPEN = 1;

/**
 * rival: a node of another site, or null. It is dialled as well where the first has not opened its
 * socket soon, and whichever is open first has the leg; the other hears nothing.
 * attempt: how often this very claim has been offered before.
 * limits: beatMs (how often we say that we live), checkMs (how often we look), soonMs (how soon a
 * rival is dialled), openMs and connectMs (how long a socket and the sound may take to come about),
 * lostAfterMs (a socket so silent is lost), silentAfterMs and soundLostMs (a node is gone if its
 * socket and its sound both are so silent).
 */
export function openLeg({
  url,
  rival = null,
  claim,
  secret,
  attempt,
  sound,
  openSocket,
  clock,
  limits,
  tell,
}) {
  const openedMs = clock.nowMs();
  let answered = false;
  let connected = false;
  let refusal = null;
  let heardMs = openedMs;
  let packets = null;
  let soundMs = null;
  let checkedMs = openedMs;
  let finish = null;
  const ended = new Promise((resolve) => {
    finish = resolve;
  });
  const dialled = new Set();
  let undialled = rival;
  let opened = false;
  let at = url;
  let socket = dial(url);
  const offered = sound.offer();

  /** Open a socket to a node; the first that is open is the leg's. */
  function dial(address) {
    const one = openSocket(address);
    dialled.add(one);
    one.onopen = () => {
      opened = true;
      socket = one;
      at = address;
      for (const other of [...dialled]) if (other !== one) drop(other);
      heardMs = clock.nowMs();
      void offer();
    };
    one.onmessage = (message) => {
      heardMs = clock.nowMs();
      const said = read(message.data);
      if (said !== null) void listen(said);
    };
    one.onclose = (close) => {
      dialled.delete(one);
      dialRival();
      if (dialled.size === 0) end(closed(close.code));
    };
    return one;
  }

  function dialRival() {
    if (undialled === null || opened) return;
    const address = undialled;
    undialled = null;
    dial(address);
  }

  function drop(one) {
    dialled.delete(one);
    one.onopen = one.onmessage = one.onclose = null;
    one.close();
  }

  function end(how) {
    if (finish === null) return;
    finish(how);
    finish = null;
    for (const stop of timers) stop();
    sound.close();
    for (const one of [...dialled]) drop(one);
  }

  function lost(lives) {
    end({ why: "lost", connected, lives });
  }

  function say(said) {
    // a socket that still opens throws, one that has closed says so by itself
    if (socket.readyState === OPEN) socket.send(JSON.stringify(said));
  }

  async function offer() {
    let sdp;
    try {
      sdp = await offered;
    } catch {
      end({ why: "no_sound" });
      return;
    }
    say({ kind: "offer", claim, secret, sdp, attempt });
  }

  async function listen(said) {
    switch (said?.kind) {
      case "answer":
        try {
          await sound.answer(said.sdp);
        } catch {
          end({ why: "no_sound" });
          return;
        }
        answered = true;
        break;
      case "over":
        end({ why: "over", ending: said.ending });
        break;
      case "refused":
        refusal = said.code;
        if (!answered) end({ why: "refused", code: said.code });
        break;
      default:
        tell({ kind: "node_said", said });
    }
  }

  function closed(code) {
    if (code === DONE && answered) return { why: "over", ending: null };
    if (code === REPLACED) return { why: "replaced" };
    if (code === REFUSED) return { why: "refused", code: refusal ?? "other" };
    if (code === ELSEWHERE) return { why: "lost", connected, lives: false, siteLost: true };
    return { why: "lost", connected, lives: ![DONE, STOPPING, NO_CODE, BROKE].includes(code) };
  }

  async function hearSound() {
    const count = await sound.packets();
    if (count === null || count === packets) return;
    packets = count;
    soundMs = clock.nowMs();
  }

  function isLost(nowMs) {
    const silentMs = nowMs - heardMs;
    const soundless = soundMs !== null && nowMs - soundMs > limits.soundLostMs;
    return (
      silentMs > limits.lostAfterMs ||
      (silentMs > limits.silentAfterMs && soundless) ||
      (!opened && nowMs - openedMs > limits.openMs) ||
      (!connected && nowMs - openedMs > limits.connectMs)
    );
  }

  function check() {
    const nowMs = clock.nowMs();
    const slept = nowMs - checkedMs > limits.beatMs;
    checkedMs = nowMs;
    // a page that was asleep first hears what has come meanwhile
    if (slept) return;
    if (isLost(nowMs)) lost(false);
    else void hearSound();
  }

  sound.onConnected = () => {
    connected = true;
    tell({ kind: "connected", atMs: clock.nowMs() });
  };
  sound.onLost = () => lost(clock.nowMs() - heardMs < limits.silentAfterMs);
  sound.onLetGo = () => end({ why: "lost", connected, lives: false, siteLost: true });
  const timers = [
    clock.every(limits.checkMs, check),
    clock.every(limits.beatMs, () => say({ kind: "beat" })),
    ...(rival === null ? [] : [clock.every(limits.soonMs, dialRival)]),
  ];

  return {
    ended,
    /** The node that has the leg, or is dialled for it. */
    get url() {
      return at;
    },
    // before the offer a node would take a key for a page that does not know what it is doing
    press: (key) => answered && say({ kind: "key", key }),
    /** Say something of a chat. */
    say: (said) => answered && say(said),
    /** End the call; return a promise of whether the node has heard it, which may never come. */
    hangUp: () => {
      const open = answered && socket.readyState === OPEN;
      say({ kind: "hang_up" });
      end({ why: "hung_up" });
      return new Promise((resolve) => {
        if (open) socket.onclose = ({ wasClean }) => resolve(wasClean === true);
        else resolve(false);
      });
    },
  };
}

/** Return what a node said; null if it makes no sense to us or is only a sign of life. */
function read(text) {
  try {
    const said = JSON.parse(text);
    return typeof said?.kind === "string" && said.kind !== "beat" ? said : null;
  } catch {
    return null;
  }
}
