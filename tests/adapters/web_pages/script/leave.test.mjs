import assert from "node:assert/strict";
import { test } from "node:test";
import {
  leaveTheCall,
  sayLeave,
} from "../../../../contactcentre/adapters/web/pages/assets/call/leave.js";
import { Nodes } from "../../../../contactcentre/adapters/web/pages/assets/call/nodes.js";

const never = new Promise(() => {});

/** Leave one call; `taken` says which nodes take that. */
async function leave({ heard = null, urls = ["a", "b"], found = null, taken = () => true }) {
  const seen = { told: [], now: 0, pauses: [] };
  const nodes = new Nodes(() => 0.99);
  nodes.put(urls);
  seen.done = await leaveTheCall({
    heard,
    refresh: async () => {
      if (found !== null) nodes.put(found);
    },
    nodes,
    tell: async (url) => {
      seen.told.push(url);
      seen.now += 500;
      return taken(url, seen);
    },
    pause: async (spanMs) => {
      seen.pauses.push(spanMs);
      seen.now += spanMs;
    },
    nowMs: () => seen.now,
    random: () => 0.99,
  });
  return seen;
}

test("a node that has heard the caller hang up is told nothing more, nor is any other", async () => {
  const seen = await leave({ heard: Promise.resolve(true) });
  assert.deepEqual([seen.done, seen.told], [true, []]);
});

test("a node that does not say that it has heard is given two seconds, then another is told", async () => {
  const seen = await leave({ heard: never });
  assert.deepEqual([seen.done, seen.told, seen.pauses], [true, ["a"], [2_000]]);
  assert.deepEqual((await leave({ heard: Promise.resolve(false) })).told, ["a"]);
});

test("one node after the other is told until one takes it", async () => {
  const seen = await leave({ taken: (_, { told }) => told.length === 3 });
  assert.deepEqual([seen.done, seen.told], [true, ["a", "b", "a"]]);
});

test("a node that the page did not know of is told where its own does not hear", async () => {
  for (const heard of [null, never]) {
    const seen = await leave({ heard, urls: ["a"], found: ["a", "b"], taken: (url) => url === "b" });
    assert.deepEqual([seen.done, seen.told.at(-1)], [true, "b"]);
  }
});

test("nobody is told for longer than ten seconds", async () => {
  for (const urls of [["a"], []]) {
    const seen = await leave({ urls, taken: () => false });
    assert.equal(seen.done, false);
    assert.ok(seen.now >= 10_000 && seen.now < 22_000);
  }
});

/** Say it to a node of paper that does this, and return whether that settled it. */
async function say(act, more = {}) {
  const said = [];
  const socket = {
    closed: false,
    send: (text) => said.push(JSON.parse(text)),
    close: () => {
      socket.closed = true;
    },
  };
  let tooLate = null;
  const done = sayLeave({
    url: "a",
    claim: "the claim",
    secret: "the secret",
    openSocket: () => socket,
    pause: () => new Promise((resolve) => (tooLate = resolve)),
    withinMs: 2_000,
    ...more,
  });
  act(socket, () => tooLate());
  const settled = await done;
  assert.ok(socket.closed);
  return { settled, said };
}

const answer = (socket, said) => socket.onmessage({ data: JSON.stringify(said) });

test("a node is told with claim and secret, and nothing else", async () => {
  const { settled, said } = await say((socket) => {
    socket.onopen();
    answer(socket, { kind: "beat" });
    socket.onclose({ code: 1000 });
  });
  assert.equal(settled, true);
  assert.deepEqual(said, [{ kind: "leave", claim: "the claim", secret: "the secret" }]);
});

for (const [what, act, settles] of [
  ["an end", (s) => answer(s, { kind: "over", ending: "abandoned" }), true],
  ["a call that has long been closed", (s) => answer(s, { kind: "refused", code: "call-closed" }), true],
  ["a node that cannot", (s) => answer(s, { kind: "refused", code: "state-unavailable" }) ?? s.onclose({ code: 4403 }), false],
  ["a node that broke off", (s) => s.onclose({ code: 1006 }), false],
  ["words nobody understands", (s) => s.onmessage({ data: "{" }) ?? s.onclose({ code: 1006 }), false],
  ["silence", (_, late) => late(), false],
]) {
  test(`${what} ${settles ? "settles" : "does not settle"} it`, async () => {
    assert.equal((await say(act)).settled, settles);
  });
}

test("a callback is cancelled once a node has closed the socket over it, and not before", async () => {
  const kind = "cancel_callback";
  const taken = (s) => {
    s.onopen();
    s.onclose({ code: 1000 });
  };
  const { settled, said } = await say(taken, { kind });
  assert.equal(settled, true);
  assert.deepEqual(said, [{ kind, claim: "the claim", secret: "the secret" }]);
  const expired = (s) => answer(s, { kind: "refused", code: "bad-claim" }) ?? s.onclose({ code: 4403 });
  assert.equal((await say(expired, { kind })).settled, false);
});
