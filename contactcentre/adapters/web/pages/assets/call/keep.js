/**
 * Keeps one call: finds a node for it, and another one whenever a leg is lost, with the last claim,
 * for as long as the claim lives. Nothing but an end, a refusal or the caller ends it. No DOM.
 */

import { pauseMs } from "./nodes.js";

/** After these the next node may do better. */
const TRY_ANOTHER = new Set([
  "node-full",
  "outage",
  "state-unavailable",
  "store-changed",
  "ledger-unavailable",
  "media-unavailable",
  "peer-unavailable",
  "spool-full",
]);

/** So often its own node may fail a call before another node's word about it is final. */
const OWN_FAILURES_MAX = 5;

/**
 * Return the event that ends the call's time on this page:
 * {kind: "over" | "refused" | "hung_up" | "elsewhere"}.
 *
 * start()   → {claim, lifeMs, nodes, sites} | {refused: code} | null when nobody could be reached
 * refresh() → done once `nodes` has the list of now, or the old one if nobody could be reached
 * claims    → .latest: {text, lifeMs, atMs, url} | null, kept up to date by whoever hears the
 *             node; url is the node that has the call
 * nodes     → the nodes that are known (nodes.js), those of a call that is gone back to among them
 * open(url, failures, rival) → a promise of how the leg ended (leg.js), after so many failures in a
 *             row; rival is a node of another site for a call that no node has yet, or null
 * pause()   → a promise of whether the device has come online: then nothing that failed counts
 *
 * Nothing waits for a list while any node is known: the lists' server may be away as well.
 */
export async function keepTheCall({
  start,
  refresh,
  claims,
  nodes,
  open,
  pause,
  nowMs,
  random,
  tell,
  signal,
}) {
  let failures = 0;
  let ownFailures = 0;
  let fresh = claims.latest === null ? null : refresh();
  nodes.prefer(claims.latest?.url);
  while (!signal.aborted) {
    const dead = await prepare({ start, claims, nodes, nowMs });
    if (dead === null && nodes.count === 0) await fresh;
    if (signal.aborted) break;
    if (dead !== null) return dead;
    const url = claims.latest === null ? null : nodes.next();
    if (url !== null) {
      // nobody has a new call yet: whichever of two sites is there first takes it
      const rival = claims.latest.url === null ? nodes.elsewhere(url) : null;
      const how = await open(url, failures, rival);
      if (how.why === "lost" && !how.connected) nodes.unreached(url);
      const own = claims.latest.url;
      ownFailures = how.connected ? 0 : ownFailures + (url === own ? 1 : 0);
      const elsewhere = url !== own && nodes.has(own) && ownFailures < OWN_FAILURES_MAX;
      const end = endOf(how, elsewhere);
      if (end !== null) return end;
      if (how.code === "node-full") tell({ kind: "delayed", why: "busy" });
      if (how.connected) failures = 0;
      if ((how.connected && how.lives) || how.code === "stale-epoch") nodes.prefer(own);
      else if (how.connected) nodes.avoid(own);
      if (how.siteLost) nodes.unreached(own);
    }
    failures += 1;
    tell({ kind: "lost" });
    fresh = claims.latest === null ? null : refresh();
    const isOnline = await pause(pauseMs(failures, nodes.count, random), signal);
    if (isOnline) failures = 0;
  }
  return { kind: "hung_up" };
}

/** Get a claim if there is none; return why there is no sense in going on, or null. */
async function prepare({ start, claims, nodes, nowMs }) {
  const held = claims.latest;
  if (held !== null) {
    const expired = nowMs() - held.atMs > held.lifeMs;
    return expired ? { kind: "refused", code: "expired" } : null;
  }
  const given = await start();
  if (given === null) return null;
  if (given.refused !== undefined) return { kind: "refused", code: given.refused };
  if (given.nodes.length === 0) return { kind: "refused", code: "no-nodes" };
  nodes.put(given.nodes, given.sites);
  claims.latest = { text: given.claim, lifeMs: given.lifeMs, atMs: nowMs(), url: null };
  return null;
}

/**
 * Return what the end of a leg means for the call; null if the call goes on elsewhere. A node that
 * says that another has the call says nothing new while that other may yet be reached.
 */
function endOf(how, elsewhere) {
  switch (how.why) {
    case "over":
      return { kind: "over", ending: how.ending };
    case "hung_up":
      return { kind: "hung_up" };
    case "replaced":
      return { kind: "elsewhere" };
    case "no_sound":
      return { kind: "refused", code: "no-sound" };
    case "refused":
      if (TRY_ANOTHER.has(how.code)) return null;
      return elsewhere && how.code === "stale-epoch" ? null : { kind: "refused", code: how.code };
    default:
      return null;
  }
}
