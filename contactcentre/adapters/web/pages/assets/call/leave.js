/**
 * Ends a call whose node cannot be told so: any other node takes it. Without that the caller who
 * gave up would be looked for, and counted as lost. No DOM.
 */

import { pauseMs } from "./nodes.js";

/** A node that lives says within this that it has heard the caller hang up. */
const HEARD_WITHIN_MS = 2_000;
/** The caller has gone: nobody is helped by trying for longer. */
const LEAVE_WITHIN_MS = 10_000;
const DONE = 1000;
/** There is nothing left to end, or not for this page. */
const SETTLED = new Set(["call-closed", "stale-epoch", "bad-claim"]);

/**
 * Return whether some node has taken the end of the call.
 *
 * heard → a promise of whether the call's own node has, or null if there was none
 * refresh() → asks for the nodes of now: a new call was told only of those with room
 * tell(url, withinMs) → a promise of whether that node has (sayLeave)
 */
export async function leaveTheCall({ heard, refresh, nodes, tell, pause, nowMs, random }) {
  if (heard !== null && (await Promise.race([heard, pause(HEARD_WITHIN_MS)])) === true) return true;
  const untilMs = nowMs() + LEAVE_WITHIN_MS;
  for (let failures = 1; nowMs() < untilMs; failures += 1) {
    void refresh();
    const url = nodes.next();
    if (url !== null && (await tell(url, HEARD_WITHIN_MS))) return true;
    await pause(pauseMs(failures, nodes.count, random));
  }
  return false;
}

/**
 * Tell one node that the caller has left, or wants no callback any more; return whether that
 * settles it.
 */
export function sayLeave({ url, claim, secret, openSocket, pause, withinMs, kind = "leave" }) {
  return new Promise((resolve) => {
    const socket = openSocket(url);
    let settled = false;
    socket.onopen = () => socket.send(JSON.stringify({ kind, claim, secret }));
    socket.onmessage = ({ data }) => {
      settled ||= kind === "leave" && settles(data);
      if (settled) end(true);
    };
    socket.onclose = ({ code }) => end(settled || code === DONE);
    function end(taken) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
      resolve(taken);
    }
    void pause(withinMs).then(() => end(false));
  });
}

/** Say whether what a node said means that the call is over. */
function settles(text) {
  try {
    const said = JSON.parse(text);
    return said?.kind === "over" || (said?.kind === "refused" && SETTLED.has(said.code));
  } catch {
    return false;
  }
}
