import assert from "node:assert/strict";
import { test } from "node:test";
import { keepTheCall } from "../../../../contactcentre/adapters/web/pages/assets/call/keep.js";
import { Nodes } from "../../../../contactcentre/adapters/web/pages/assets/call/nodes.js";

const GIVEN = { claim: "claim 1", lifeMs: 60_000, nodes: ["a", "b"] };
const FULL = { why: "refused", code: "node-full" };
const LOST = { why: "lost", connected: false };
const BROKE = { why: "lost", connected: true, lives: false };
const CLOSED = { why: "lost", connected: true, lives: true };
const STALE = { why: "refused", code: "stale-epoch" };
const OVER = { why: "over", ending: "handled" };

/** Run one call against a list of how its legs end. */
async function run({
  legs = [],
  starts = [GIVEN],
  found = () => null,
  claim = null,
  atPause = () => {},
  random = 0.5,
  sites = {},
}) {
  const seen = { urls: [], rivals: [], failures: [], told: [], pauses: [], now: 0, claims: { latest: claim } };
  const stop = new AbortController();
  seen.stop = () => stop.abort();
  const nodes = new Nodes(() => 0);
  if (claim !== null) nodes.put([claim.url, ...(claim.nodes ?? [])].filter(Boolean));
  seen.end = await keepTheCall({
    start: async () => (starts.length > 1 ? starts.shift() : starts[0]),
    refresh: async () => {
      const list = await found(seen);
      if (list !== null) nodes.put(list, sites);
    },
    claims: seen.claims,
    nodes,
    open: async (url, failures, rival) => {
      seen.failures.push(failures);
      seen.rivals.push(rival);
      seen.urls.push([url, seen.claims.latest.text]);
      const how = legs.shift();
      // a node that takes a call gives it a new claim
      if (how.connected) seen.claims.latest = { ...seen.claims.latest, url };
      return how;
    },
    pause: async (spanMs) => {
      seen.pauses.push(spanMs);
      seen.now += 1_000;
      return atPause(seen);
    },
    nowMs: () => seen.now,
    random: () => random,
    tell: (event) => seen.told.push(event),
    signal: stop.signal,
  });
  return seen;
}

test("a call that ends well took one node and one claim", async () => {
  const seen = await run({ legs: [OVER] });
  assert.deepEqual(seen.end, { kind: "over", ending: "handled" });
  assert.equal(seen.urls.length, 1);
});

test("a full node sends the caller to the next, and the caller is told that lines are busy", async () => {
  const seen = await run({ legs: [FULL, OVER] });
  assert.deepEqual(new Set(seen.urls.map(([url]) => url)), new Set(["a", "b"]));
  assert.ok(seen.told.some(({ kind, why }) => kind === "delayed" && why === "busy"));
});

test("a node out of reach sends the caller to the next", async () => {
  const seen = await run({ legs: [LOST, OVER] });
  assert.notEqual(seen.urls[0][0], seen.urls[1][0]);
});

test("a caller whose site is out of reach is at another one with the second try", async () => {
  const nodes = ["n1", "n2", "n3", "s1"];
  const sites = { n1: "north", n2: "north", n3: "north", s1: "south" };
  const seen = await run({ starts: [{ ...GIVEN, nodes, sites }], legs: [LOST, OVER] });
  const tried = seen.urls.map(([url]) => sites[url]);
  assert.equal(tried.length, 2);
  assert.notEqual(tried[0], tried[1]);
  assert.deepEqual(seen.failures, [0, 1]);
});

test("a new call has a rival at another site until a node has taken it", async () => {
  const sites = { n1: "north", n2: "north", s1: "south" };
  const nodes = ["n1", "n2", "s1"];
  const seen = await run({ starts: [{ ...GIVEN, nodes, sites }], legs: [LOST, BROKE, OVER] });
  const [first, second] = seen.urls.map(([url]) => url);
  assert.notEqual(sites[seen.rivals[0]], sites[first]);
  assert.notEqual(sites[seen.rivals[1]], sites[second]);
  assert.equal(seen.rivals[2], null);
});

test("a new call has no rival where sites are not told apart", async () => {
  const seen = await run({ legs: [OVER] });
  assert.deepEqual(seen.rivals, [null]);
});

test("a call that its node has sent to another site goes there, past all of its own", async () => {
  const sites = { n1: "north", n2: "north", n3: "north", s1: "south" };
  const claim = { text: "claim 1", lifeMs: 60_000, atMs: 0, url: "n1", nodes: ["n1", "n2", "n3"] };
  const legs = [{ ...BROKE, siteLost: true }, OVER];
  const seen = await run({ claim, legs, found: () => ["n1", "n2", "n3", "s1"], sites });
  assert.deepEqual(seen.urls.map(([url]) => url), ["n1", "s1"]);
});

test("a call goes on with its last claim, at once elsewhere when its node broke off", async () => {
  const legs = [BROKE, OVER];
  const seen = await run({
    legs,
    atPause: ({ claims }) => {
      claims.latest = { ...claims.latest, text: "claim 2" };
    },
  });
  assert.notEqual(seen.urls[0][0], seen.urls[1][0]);
  assert.equal(seen.urls[1][1], "claim 2");
});

test("a call whose node has closed the socket and lives comes back to it first", async () => {
  const seen = await run({ legs: [CLOSED, OVER], found: () => ["a", "b", "c"] });
  assert.equal(seen.urls[0][0], seen.urls[1][0]);
});

test("the node that a call was lost with is tried after all others", async () => {
  const legs = [BROKE, LOST, LOST, OVER];
  const seen = await run({ legs, found: () => ["a", "b", "c"] });
  const [own, ...others] = seen.urls.map(([url]) => url);
  assert.deepEqual(new Set(others.slice(0, 2)), new Set(["a", "b", "c"].filter((url) => url !== own)));
  assert.equal(others[2], own);
});

test("a call whose node stops and is the only one stays with it", async () => {
  const starts = [{ ...GIVEN, nodes: ["a"] }];
  const seen = await run({ starts, legs: [BROKE, FULL, OVER], found: () => ["a"] });
  assert.deepEqual(seen.urls.map(([url]) => url), ["a", "a", "a"]);
});

test("a call whose own node is gone comes back on another", async () => {
  const legs = [CLOSED, LOST, OVER];
  const seen = await run({ legs, found: () => ["a", "b"] });
  assert.notEqual(seen.urls[2][0], seen.urls[0][0]);
});

test("a page that was loaded again goes to the node that has its call", async () => {
  const claim = { text: "kept", lifeMs: 60_000, atMs: 0, url: "b" };
  const seen = await run({ legs: [OVER], claim, found: () => ["a", "b", "c"] });
  assert.deepEqual(seen.urls, [["b", "kept"]]);
  const unasked = await run({ legs: [OVER], claim, found: () => null });
  assert.deepEqual(unasked.urls, [["b", "kept"]]);
});

test("a page that was loaded again goes on elsewhere with the nodes that it has kept", async () => {
  const claim = { text: "kept", lifeMs: 60_000, atMs: 0, url: "b", nodes: ["a", "b"] };
  const seen = await run({ legs: [LOST, OVER], claim, found: () => null });
  assert.deepEqual(seen.urls.map(([url]) => url), ["b", "a"]);
});

test("a list of nodes that does not come holds nobody up", async () => {
  const never = () => new Promise(() => {});
  const seen = await run({ legs: [BROKE, LOST, OVER], found: never });
  assert.equal(seen.urls.length, 3);
});

test("a claim that was kept without any node waits for the list", async () => {
  const claim = { text: "kept", lifeMs: 60_000, atMs: 0, url: null };
  const seen = await run({ legs: [OVER], claim, found: () => ["c"] });
  assert.deepEqual(seen.urls, [["c", "kept"]]);
});

test("a call that another page has taken over is left to it", async () => {
  const seen = await run({ legs: [{ why: "replaced" }] });
  assert.deepEqual(seen.end, { kind: "elsewhere" });
});

test("the first try elsewhere is within a quarter of a second, with one node or with many", async () => {
  const many = await run({ legs: [BROKE, OVER], random: 0.999 });
  assert.ok(many.pauses[0] < 250);
  const one = await run({ starts: [{ ...GIVEN, nodes: ["a"] }], legs: [BROKE, OVER], random: 0.999 });
  assert.ok(one.pauses[0] < 250);
});

test("another node's word does not end a call that its own node may still have", async () => {
  const seen = await run({ legs: [CLOSED, LOST, STALE, OVER], found: () => ["a", "b"] });
  const [own, , other, again] = seen.urls.map(([url]) => url);
  assert.notEqual(other, own);
  assert.equal(again, own);
  assert.deepEqual(seen.end, { kind: "over", ending: "handled" });
});

test("its own node's word is final, and so is another's once the own node is gone", async () => {
  const own = await run({ legs: [CLOSED, STALE], found: () => ["a", "b"] });
  assert.deepEqual(own.end, { kind: "refused", code: "stale-epoch" });
  const gone = await run({
    legs: [CLOSED, LOST, STALE],
    found: ({ urls }) => ["a", "b"].filter((url) => urls.length < 2 || url !== urls[0][0]),
  });
  assert.deepEqual(gone.end, { kind: "refused", code: "stale-epoch" });
});

test("a node that never comes back is believed to be gone after five failures", async () => {
  const pair = [LOST, STALE];
  const legs = [CLOSED, ...pair, ...pair, ...pair, ...pair, ...pair, OVER];
  const seen = await run({ legs, found: () => ["a", "b"] });
  assert.deepEqual(seen.end, { kind: "refused", code: "stale-epoch" });
});

test("nodes that came up since are tried, and a list that is out of reach changes nothing", async () => {
  const seen = await run({ legs: [LOST, LOST, LOST, OVER], found: () => ["c"] });
  assert.equal(seen.urls[1][0], "c");
  assert.equal(seen.urls[3][0], "c");
  const away = await run({ legs: [LOST, LOST, OVER], found: () => null });
  assert.deepEqual(new Set(away.urls.map(([url]) => url)), new Set(["a", "b"]));
});

for (const code of ["bad-claim", "stale-epoch", "call-closed", "malformed-offer"]) {
  test(`nobody is sent from node to node with ${code}`, async () => {
    const seen = await run({ legs: [{ why: "refused", code }] });
    assert.deepEqual(seen.end, { kind: "refused", code });
  });
}

test("a server out of reach is asked again until it gives a claim", async () => {
  const seen = await run({ legs: [OVER], starts: [null, null, GIVEN] });
  assert.equal(seen.pauses.length, 2);
  assert.deepEqual(seen.end, { kind: "over", ending: "handled" });
});

test("too many calls from one address are told, not repeated", async () => {
  const seen = await run({ starts: [{ refused: "too-many" }] });
  assert.deepEqual(seen.end, { kind: "refused", code: "too-many" });
});

test("where no node is known the caller is told at once", async () => {
  const seen = await run({ starts: [{ ...GIVEN, nodes: [] }] });
  assert.deepEqual(seen.end, { kind: "refused", code: "no-nodes" });
});

test("a claim is used for as long as it lives and no longer", async () => {
  const claim = { text: "old", lifeMs: 3_000, atMs: 0 };
  const seen = await run({ legs: Array(9).fill(LOST), claim, found: () => ["a"] });
  assert.deepEqual(seen.end, { kind: "refused", code: "expired" });
  assert.equal(seen.urls.length, 4);
});

test("a caller who gives up is let go at the next pause", async () => {
  const seen = await run({ legs: Array(9).fill(LOST), atPause: ({ stop }) => stop() });
  assert.deepEqual(seen.end, { kind: "hung_up" });
  assert.equal(seen.urls.length, 1);
});

test("a caller who hangs up in a leg is gone", async () => {
  assert.deepEqual((await run({ legs: [{ why: "hung_up" }] })).end, { kind: "hung_up" });
});

test("a browser without sound is told so at once", async () => {
  const seen = await run({ legs: [{ why: "no_sound" }] });
  assert.deepEqual(seen.end, { kind: "refused", code: "no-sound" });
});

test("pauses grow while nobody answers and start again after a leg that held", async () => {
  const lost = await run({ legs: [...Array(12).fill(LOST), OVER] });
  assert.ok(lost.pauses.at(-1) > lost.pauses[0] * 10);
  const held = await run({ legs: [...Array(11).fill(LOST), BROKE, OVER] });
  assert.equal(held.pauses.at(-1), held.pauses[0]);
});

test("a device that has come online tries as often as if nothing had failed", async () => {
  const atPause = ({ pauses }) => pauses.length === 8;
  const seen = await run({ legs: [...Array(11).fill(LOST), OVER], atPause, random: 0.999 });
  assert.ok(seen.pauses[7] > 1_000);
  assert.ok(seen.pauses[8] < 250);
});
