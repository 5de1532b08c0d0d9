import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { openLeg } from "../../../../contactcentre/adapters/web/pages/assets/call/leg.js";

const LIMITS = { beatMs: 2_000, lostAfterMs: 5_000, connectMs: 10_000 };
const settled = () => new Promise((resolve) => setImmediate(resolve));

let clock;
let socket;
let sound;
let told;

beforeEach(() => {
  clock = {
    now: 0,
    act: null,
    nowMs: () => clock.now,
    every(_, act) {
      clock.act = act;
      return () => {
        clock.act = null;
      };
    },
    pass(spanMs) {
      for (const end = clock.now + spanMs; clock.now < end; ) {
        clock.now += LIMITS.beatMs;
        clock.act?.();
      }
    },
  };
  socket = {
    readyState: 0,
    said: [],
    closed: false,
    send: (text) => socket.said.push(JSON.parse(text)),
    close: () => {
      socket.closed = true;
    },
    hear: async (message) => {
      socket.onmessage?.({ data: typeof message === "string" ? message : JSON.stringify(message) });
      await settled();
    },
  };
  sound = {
    closed: false,
    answered: null,
    offer: async () => "our sdp",
    answer: async (sdp) => {
      sound.answered = sdp;
    },
    close: () => {
      sound.closed = true;
    },
  };
  told = [];
});

function open() {
  return openLeg({
    url: "ws://node",
    claim: "the claim",
    secret: "the secret",
    sound,
    openSocket: () => socket,
    clock,
    limits: LIMITS,
    tell: (event) => told.push(event),
  });
}

async function connect() {
  const leg = open();
  socket.readyState = 1;
  socket.onopen();
  await settled();
  await socket.hear({ kind: "answer", call: "c1", sdp: "their sdp" });
  sound.onConnected();
  return leg;
}

test("an offer carries claim, secret and sound, and the answer reaches the sound", async () => {
  await connect();
  assert.deepEqual(socket.said, [
    { kind: "offer", claim: "the claim", secret: "the secret", sdp: "our sdp" },
  ]);
  assert.equal(sound.answered, "their sdp");
  assert.deepEqual(told, [{ kind: "connected", atMs: 0 }]);
});

test("keys go to the node, and hanging up is said before the socket closes", async () => {
  const leg = await connect();
  leg.press("5");
  leg.hangUp();
  assert.deepEqual(socket.said.slice(1), [{ kind: "key", key: "5" }, { kind: "hang_up" }]);
  assert.deepEqual(await leg.ended, { why: "hung_up" });
  assert.ok(socket.closed && sound.closed);
});

test("what the node says for people is passed on, what makes no sense is not", async () => {
  await connect();
  told.length = 0;
  const stage = { kind: "stage", state: "waiting" };
  await socket.hear("not json");
  await socket.hear("null");
  await socket.hear('{"no": "kind"}');
  await socket.hear({ kind: "beat" });
  await socket.hear(stage);
  assert.deepEqual(told, [{ kind: "node_said", said: stage }]);
});

test("both ends show that they live, and a node that has stopped is noticed", async () => {
  const leg = await connect();
  clock.pass(4_000);
  assert.equal(socket.said.filter(({ kind }) => kind === "beat").length, 2);
  await socket.hear({ kind: "beat" });
  clock.pass(4_000);
  assert.equal(socket.closed, false);
  clock.pass(2_000);
  assert.deepEqual(await leg.ended, { why: "lost", connected: true });
  assert.equal(clock.act, null);
});

test("a socket that never opens is given up", async () => {
  const leg = open();
  clock.pass(6_000);
  assert.deepEqual(await leg.ended, { why: "lost", connected: false });
});

test("a node that answers but whose sound never comes is given up", async () => {
  const leg = open();
  socket.readyState = 1;
  socket.onopen();
  for (let beats = 0; beats < 6; beats += 1) {
    await socket.hear({ kind: "beat" });
    clock.pass(2_000);
  }
  assert.deepEqual(await leg.ended, { why: "lost", connected: false });
});

test("sound that breaks ends the leg, not the call", async () => {
  const leg = await connect();
  sound.onLost();
  assert.deepEqual(await leg.ended, { why: "lost", connected: true });
});

test("a refused offer ends the leg with the node's reason", async () => {
  const leg = open();
  socket.readyState = 1;
  socket.onopen();
  await socket.hear({ kind: "refused", code: "node-full", words: "" });
  assert.deepEqual(await leg.ended, { why: "refused", code: "node-full" });
});

test("a refused key does not end a call", async () => {
  await connect();
  await socket.hear({ kind: "refused", code: "bad-request", words: "" });
  assert.equal(socket.closed, false);
});

test("an end that the node says is the end", async () => {
  const leg = await connect();
  await socket.hear({ kind: "over", ending: "handled", lapse: null, words: "" });
  assert.deepEqual(await leg.ended, { why: "over", ending: "handled" });
});

for (const [code, how] of [
  [1000, { why: "over", ending: null }],
  [1001, { why: "lost", connected: true }],
  [1006, { why: "lost", connected: true }],
  [4403, { why: "refused", code: "other" }],
  [4409, { why: "refused", code: "stale-epoch" }],
]) {
  test(`a socket closed with ${code} means ${how.why}`, async () => {
    const leg = await connect();
    socket.onclose({ code });
    assert.deepEqual(await leg.ended, how);
  });
}

test("a browser that can make no sound says so", async () => {
  sound.offer = async () => {
    throw new Error("no sound");
  };
  const leg = open();
  socket.readyState = 1;
  socket.onopen();
  assert.deepEqual(await leg.ended, { why: "no_sound" });
});

test("an answer that the browser cannot use says so", async () => {
  sound.answer = async () => {
    throw new Error("what is that");
  };
  const leg = open();
  socket.readyState = 1;
  socket.onopen();
  await socket.hear({ kind: "answer", call: "c1", sdp: "" });
  assert.deepEqual(await leg.ended, { why: "no_sound" });
});

test("whatever comes after the end changes nothing", async () => {
  const leg = await connect();
  leg.hangUp();
  told.length = 0;
  await socket.hear({ kind: "stage", state: "waiting" });
  sound.onLost();
  assert.deepEqual(told, []);
  assert.deepEqual(await leg.ended, { why: "hung_up" });
});
