/**
 * One leg: a conversation with one node over a socket, from the offer of sound to its end.
 *
 * It gives `ended`, a promise of how the leg came to its end:
 *   {why: "over", ending}          the call has ended
 *   {why: "refused", code}         the node said no
 *   {why: "lost", answered}        the socket or the sound broke
 *   {why: "hung_up"}               the caller ended it here
 *   {why: "no_sound"}              the browser could not make an offer
 * What the node says for people to see goes to `tell`. No DOM: sockets, sound and clock come in.
 */

/** Close codes, as in contactcentre/wire/closing.py. */
const DONE = 1000;
const REFUSED = 4403;
const REPLACED = 4409;

export function openLeg({ url, claim, secret, sound, openSocket, clock, limits, tell }) {
  const openedMs = clock.nowMs();
  let answered = false;
  let connected = false;
  let refusal = null;
  let heardMs = openedMs;
  let finish = null;
  const ended = new Promise((resolve) => {
    finish = resolve;
  });
  const socket = openSocket(url);
  const offered = sound.offer();

  function end(how) {
    if (finish === null) return;
    finish(how);
    finish = null;
    stopBeating();
    sound.close();
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  function say(said) {
    // a socket that still opens throws, one that has closed says so by itself
    if (socket.readyState === 1) socket.send(JSON.stringify(said));
  }

  async function offer() {
    let sdp;
    try {
      sdp = await offered;
    } catch {
      end({ why: "no_sound" });
      return;
    }
    say({ kind: "offer", claim, secret, sdp });
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
    if (code === REPLACED) return { why: "refused", code: "stale-epoch" };
    if (code === REFUSED) return { why: "refused", code: refusal ?? "other" };
    return { why: "lost", connected };
  }

  socket.onopen = offer;
  socket.onmessage = (message) => {
    heardMs = clock.nowMs();
    const said = read(message.data);
    if (said !== null) void listen(said);
  };
  socket.onclose = (close) => end(closed(close.code));
  sound.onConnected = () => {
    connected = true;
    tell({ kind: "connected", atMs: clock.nowMs() });
  };
  sound.onLost = () => end({ why: "lost", connected });
  const stopBeating = clock.every(limits.beatMs, () => {
    const silentMs = clock.nowMs() - heardMs;
    const unconnectedMs = connected ? 0 : clock.nowMs() - openedMs;
    if (silentMs > limits.lostAfterMs || unconnectedMs > limits.connectMs) {
      end({ why: "lost", connected });
    } else {
      say({ kind: "beat" });
    }
  });

  return {
    ended,
    press: (key) => say({ kind: "key", key }),
    hangUp: () => {
      say({ kind: "hang_up" });
      end({ why: "hung_up" });
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
