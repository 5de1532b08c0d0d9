import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { openLeg } from "../../../../contactcentre/adapters/web/pages/assets/call/leg.js";

const LIMITS = {
  beatMs: 2_000,
  checkMs: 500,
  lostAfterMs: 5_000,
  silentAfterMs: 2_500,
  soundLostMs: 2_000,
  openMs: 3_000,
  connectMs: 10_000,
};
const settled = () => new Promise((resolve) => setImmediate(resolve));

let clock;
let socket;
let sound;
let told;

beforeEach(() => {
  clock = {
    now: 0,
    timers: [],
    nowMs: () => clock.now,
    every(spanMs, act) {
      const timer = { spanMs, act, dueMs: clock.now + spanMs };
      clock.timers.push(timer);
      return () => {
        clock.timers = clock.timers.filter((other) => other !== timer);
      };
    },
    /** Let time pass; `meanwhile` happens each tenth of a second. */
    async pass(spanMs, meanwhile = () => {}) {
      for (const untilMs = clock.now + spanMs; clock.now < untilMs; ) {
        clock.now += 100;
        await meanwhile();
        for (const timer of [...clock.timers]) {
          if (timer.dueMs > clock.now) continue;
          timer.dueMs += timer.spanMs;
          timer.act();
        }
        await settled();
      }
    },
    /** Let time pass in which the page sleeps, and wake it. */
    async sleep(spanMs) {
      clock.now += spanMs;
      for (const timer of [...clock.timers]) timer.act();
      await settled();
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
    received: null,
    packets: async () => sound.received,
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
    attempt: 2,
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

test("a key that is pressed before the node has answered is not said, as it may come first", async () => {
  const leg = open();
  socket.readyState = 1;
  socket.onopen();
  leg.press("4");
  await settled();
  assert.deepEqual(socket.said.map((said) => said.kind), ["offer"]);
});

test("an offer carries claim, secret and sound, and the answer reaches the sound", async () => {
  await connect();
  assert.deepEqual(socket.said, [
    { kind: "offer", claim: "the claim", secret: "the secret", sdp: "our sdp", attempt: 2 },
  ]);
  assert.equal(sound.answered, "their sdp");
  assert.deepEqual(told, [{ kind: "connected", atMs: 0 }]);
});

test("keys go to the node, and hanging up is said before the socket closes", async () => {
  const leg = await connect();
  leg.press("5");
  const heard = leg.hangUp();
  assert.deepEqual(socket.said.slice(1), [{ kind: "key", key: "5" }, { kind: "hang_up" }]);
  assert.deepEqual(await leg.ended, { why: "hung_up" });
  assert.ok(socket.closed && sound.closed);
  socket.onclose({ code: 1005, wasClean: true });
  assert.equal(await heard, true);
});

test("a node that never says that it has heard the caller hang up has not heard it", async () => {
  const leg = await connect();
  const heard = leg.hangUp();
  socket.onclose({ code: 1006, wasClean: false });
  assert.equal(await heard, false);
});

test("a call that hangs up before its node has answered is heard by nobody", async () => {
  assert.equal(await open().hangUp(), false);
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

/** A node that lives beats every two seconds and sends sound all the time. */
function alive() {
  if (clock.now % 2_000 === 0) socket.onmessage({ data: '{"kind": "beat"}' });
  sound.received += 5;
}

const soundOnly = () => {
  sound.received += 5;
};

test("this end shows that it lives, and a node that lives is never taken for lost", async () => {
  await connect();
  await clock.pass(60_000, alive);
  assert.equal(socket.said.filter(({ kind }) => kind === "beat").length, 30);
  assert.equal(socket.closed, false);
});

test("a node whose beats and sound have both stopped is noticed within three seconds", async () => {
  const leg = await connect();
  await clock.pass(4_000, alive);
  await clock.pass(2_400);
  assert.equal(socket.closed, false);
  await clock.pass(600);
  assert.deepEqual(await leg.ended, { why: "lost", connected: true, lives: false });
  assert.deepEqual(clock.timers, []);
});

test("a node whose sound goes on may be late with a beat, but not with two", async () => {
  const leg = await connect();
  await clock.pass(4_000, alive);
  await clock.pass(5_000, soundOnly);
  assert.equal(socket.closed, false);
  await clock.pass(500, soundOnly);
  assert.deepEqual(await leg.ended, { why: "lost", connected: true, lives: false });
});

test("a node that beats without sound is not lost: its sound says so by itself", async () => {
  await connect();
  await clock.pass(2_000, alive);
  await clock.pass(20_000, () => {
    if (clock.now % 2_000 === 0) socket.onmessage({ data: '{"kind": "beat"}' });
  });
  assert.equal(socket.closed, false);
});

test("a page that was asleep hears first what has come meanwhile", async () => {
  await connect();
  await clock.pass(4_000, alive);
  await clock.sleep(20_000);
  await socket.hear({ kind: "beat" });
  await clock.pass(10_000, alive);
  assert.equal(socket.closed, false);
});

test("a page that was asleep and hears nothing then has lost its node", async () => {
  const leg = await connect();
  await clock.pass(4_000, alive);
  await clock.sleep(20_000);
  await clock.pass(500);
  assert.deepEqual(await leg.ended, { why: "lost", connected: true, lives: false });
});

test("a socket that never opens is given up after three seconds", async () => {
  const leg = open();
  await clock.pass(3_000);
  assert.equal(socket.closed, false);
  await clock.pass(500);
  assert.deepEqual(await leg.ended, { why: "lost", connected: false, lives: false });
});

test("a node that answers but whose sound never comes is given up", async () => {
  const leg = open();
  socket.readyState = 1;
  socket.onopen();
  await clock.pass(10_500, () => socket.hear({ kind: "beat" }));
  assert.deepEqual(await leg.ended, { why: "lost", connected: false, lives: false });
});

test("sound that breaks ends the leg, not the call, and a node just heard of lives", async () => {
  const leg = await connect();
  sound.onLost();
  assert.deepEqual(await leg.ended, { why: "lost", connected: true, lives: true });
});

test("sound that breaks when the node has not been heard of says nothing for the node", async () => {
  const leg = await connect();
  await clock.pass(2_500, soundOnly);
  sound.onLost();
  assert.deepEqual(await leg.ended, { why: "lost", connected: true, lives: false });
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
  [1001, { why: "lost", connected: true, lives: false }],
  [1005, { why: "lost", connected: true, lives: false }],
  [1006, { why: "lost", connected: true, lives: false }],
  [1011, { why: "lost", connected: true, lives: true }],
  [4403, { why: "refused", code: "other" }],
  [4408, { why: "lost", connected: true, lives: true }],
  [4410, { why: "lost", connected: true, lives: false, siteLost: true }],
  [4409, { why: "replaced" }],
  [4429, { why: "lost", connected: true, lives: true }],
]) {
  test(`a socket closed with ${code} means ${how.why}${how.lives ? ", by a node that lives" : ""}`, async () => {
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

test("a node that ends the sound without a word hears nothing of us: another site is next", async () => {
  const leg = await connect();
  sound.onLetGo();
  assert.deepEqual(await leg.ended, {
    why: "lost", connected: true, lives: false, siteLost: true,
  });
});

/** Open a leg that may dial a rival; each node has a socket of its own. */
function openToOneOfTwo() {
  const sockets = {};
  const dial = (url) => {
    sockets[url] = {
      readyState: 0,
      said: [],
      closed: false,
      send: (text) => sockets[url].said.push(JSON.parse(text).kind),
      close: () => {
        sockets[url].closed = true;
      },
      open() {
        this.readyState = 1;
        this.onopen?.();
      },
    };
    return sockets[url];
  };
  const [claim, secret, limits] = ["the claim", "the secret", { ...LIMITS, soonMs: 300 }];
  const leg = openLeg({
    url: "near", rival: "far", claim, secret, attempt: 0, sound, openSocket: dial, clock, limits, tell: () => {},
  });
  return { leg, sockets };
}

test("a node that opens its socket soon has no rival", async () => {
  const { leg, sockets } = openToOneOfTwo();
  await clock.pass(200);
  sockets.near.open();
  await clock.pass(1_000);
  assert.deepEqual(Object.keys(sockets), ["near"]);
  assert.equal(leg.url, "near");
});

test("a node that is slow loses a new call to another site, and never hears of it", async () => {
  const { leg, sockets } = openToOneOfTwo();
  await clock.pass(400);
  sockets.far.open();
  await settled();
  assert.equal(leg.url, "far");
  assert.ok(sockets.near.closed);
  assert.deepEqual([sockets.near.said, sockets.far.said], [[], ["offer"]]);
});

test("a node that is slow keeps a new call if it opens its socket first", async () => {
  const { leg, sockets } = openToOneOfTwo();
  await clock.pass(400);
  sockets.near.open();
  await settled();
  assert.equal(leg.url, "near");
  assert.ok(sockets.far.closed);
  assert.deepEqual([sockets.near.said, sockets.far.said], [["offer"], []]);
});

test("a node that refuses the connection loses a new call at once", async () => {
  const { leg, sockets } = openToOneOfTwo();
  sockets.near.onclose({ code: 1006 });
  sockets.far.open();
  await settled();
  assert.deepEqual([leg.url, sockets.far.said], ["far", ["offer"]]);
});

test("a call whose socket breaks once it was open is not offered to the rival behind its back", async () => {
  const { leg, sockets } = openToOneOfTwo();
  sockets.near.open();
  sockets.near.onclose({ code: 1006 });
  assert.deepEqual(await leg.ended, { why: "lost", connected: false, lives: false });
  assert.deepEqual(Object.keys(sockets), ["near"]);
});

test("a leg that neither node opens in time is lost, and lets go of both", async () => {
  const { leg, sockets } = openToOneOfTwo();
  await clock.pass(LIMITS.openMs + 600);
  assert.deepEqual(await leg.ended, { why: "lost", connected: false, lives: false });
  assert.ok(sockets.near.closed && sockets.far.closed);
});
