import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Direction, between, gradeOf, worse } from "../../../../contactcentre/adapters/web/pages/assets/call/line.js";
import {
  Silence,
  decibels,
  impossible,
  meterValue,
  whyRefused,
} from "../../../../contactcentre/adapters/web/pages/assets/call/microphone.js";
import { Nodes, openWithinMs, pauseMs } from "../../../../contactcentre/adapters/web/pages/assets/call/nodes.js";
import {
  clockWords,
  fill,
  find,
  placeWords,
  waitWords,
} from "../../../../contactcentre/adapters/web/pages/assets/call/wording.js";

const CLEAR = { loss: 0, jitterMs: 2, delayMs: 40 };
const BAD = { loss: 0.2, jitterMs: 5, delayMs: 40 };

const words = Object.fromEntries(
  ["en-GB", "cy"].map((language) => {
    const file = `../../../../contactcentre/adapters/web/pages/words/${language}.json`;
    return [language, JSON.parse(readFileSync(new URL(file, import.meta.url), "utf8")).call];
  }),
);
const STEPS = [2, 3, 5, 10, 15, 20, 25, 30, 40, 50, 60];
const MINUTE_MS = 60_000;

test("loss, jitter or delay alone makes a line fair or poor", () => {
  assert.equal(gradeOf(CLEAR), "good");
  assert.equal(gradeOf({ ...CLEAR, loss: 0.05 }), "fair");
  assert.equal(gradeOf({ ...CLEAR, jitterMs: 50 }), "fair");
  assert.equal(gradeOf({ ...CLEAR, delayMs: 500 }), "fair");
  assert.equal(gradeOf({ ...CLEAR, loss: 0.1 }), "poor");
  assert.equal(gradeOf({ ...CLEAR, jitterMs: 100 }), "poor");
  assert.equal(gradeOf({ ...CLEAR, delayMs: 900 }), "poor");
});

test("one bad moment does not make a line poor, three of five do, and it becomes good again", () => {
  const line = new Direction();
  const grades = [CLEAR, BAD, CLEAR, BAD, BAD, CLEAR, CLEAR, CLEAR].map((sample) => {
    line.take(sample);
    return line.grade;
  });
  assert.deepEqual(grades, ["good", "good", "good", "good", "poor", "poor", "good", "good"]);
});

test("the worse direction counts, and one of which nothing is known does not", () => {
  assert.equal(worse("good", "poor"), "poor");
  assert.equal(worse("fair", "good"), "fair");
  assert.equal(worse("unknown", "good"), "good");
  assert.equal(worse("fair", "unknown"), "fair");
  assert.equal(new Direction().grade, "unknown");
});

test("what was lost is counted between two readings", () => {
  const before = { lost: 10, received: 100, jitterMs: 1, delayMs: 1 };
  const now = { lost: 15, received: 195, jitterMs: 7, delayMs: 9 };
  assert.deepEqual(between(before, now), { loss: 0.05, jitterMs: 7, delayMs: 9 });
  assert.equal(between(now, now), null);
});

test("every refusal of a microphone has its own advice", () => {
  assert.equal(whyRefused({ name: "NotAllowedError" }), "denied");
  assert.equal(whyRefused({ name: "NotFoundError" }), "missing");
  assert.equal(whyRefused({ name: "NotReadableError" }), "busy");
  assert.equal(whyRefused({ name: "SomethingNew" }), "other");
  assert.equal(whyRefused(undefined), "other");
});

test("a page that is not secure or a browser that cannot call is told before anyone is asked", () => {
  const able = { secure: true, canAsk: true, canConnect: true };
  assert.equal(impossible(able), null);
  assert.equal(impossible({ ...able, secure: false }), "insecure");
  assert.equal(impossible({ ...able, canAsk: false }), "unsupported");
  assert.equal(impossible({ ...able, canConnect: false }), "unsupported");
});

test("the meter stands at nothing for silence and at its end for the loudest voice", () => {
  assert.equal(meterValue(decibels(new Float32Array(64))), 0);
  assert.equal(meterValue(decibels(new Float32Array(64).fill(1))), 1);
  const speech = meterValue(decibels(new Float32Array(64).fill(0.05)));
  assert.ok(speech > 0.5 && speech < 1);
});

test("a microphone that gives nothing is noticed after six seconds, a quiet room never", () => {
  const silence = new Silence();
  assert.equal(silence.take(-120, 0), false);
  assert.equal(silence.take(-120, 5_999), false);
  assert.equal(silence.take(-120, 6_000), true);
  assert.equal(silence.take(-70, 6_100), false);
  assert.equal(silence.take(-120, 6_200), false);
  assert.equal(silence.take(-120, 12_200), true);
});

test("every node has its turn before one is tried again", () => {
  const nodes = new Nodes(() => 0);
  nodes.put(["a", "b", "c"]);
  const tried = [nodes.next(), nodes.next(), nodes.next()];
  assert.deepEqual([...tried].sort(), ["a", "b", "c"]);
  assert.equal(nodes.next(), tried[0]);
});

test("the first node is picked at random", () => {
  const first = (random) => {
    const nodes = new Nodes(() => random);
    nodes.put(["a", "b"]);
    return nodes.next();
  };
  assert.notEqual(first(0), first(0.99));
});

test("a new list keeps the turns, drops who is gone and takes in who is new", () => {
  const nodes = new Nodes(() => 0.99);
  nodes.put(["a", "b"]);
  const first = nodes.next();
  const second = first === "a" ? "b" : "a";
  nodes.put(["c", first, second]);
  assert.equal(nodes.next(), second);
  nodes.put(["c", "c"]);
  assert.equal(nodes.count, 1);
  assert.equal(nodes.next(), "c");
});

test("a node that has left the list has its turn once all of the list have failed", () => {
  const nodes = new Nodes(() => 0.99);
  nodes.put(["a", "b", "c"]);
  nodes.put(["b", "c"]);
  const tried = Array.from({ length: 6 }, () => nodes.next());
  assert.deepEqual(tried, ["b", "c", "a", "b", "c", "a"]);
  nodes.put([]);
  assert.notEqual(nodes.next(), null);
  nodes.put(["a"]);
  nodes.avoid("a");
  assert.equal(nodes.next(), "a");
});

test("the node that a call was lost with is the last", () => {
  const nodes = new Nodes(() => 0.99);
  nodes.put(["a", "b", "c"]);
  nodes.avoid("a");
  assert.deepEqual([nodes.next(), nodes.next(), nodes.next()], ["b", "c", "a"]);
  nodes.avoid("gone");
  assert.equal(nodes.next(), "b");
});

test("after a node out of reach those of another site have their turn first", () => {
  const nodes = new Nodes(() => 0.99);
  nodes.put(["n1", "n2", "s1"], { n1: "north", n2: "north", s1: "south" });
  assert.equal(nodes.next(), "n1");
  nodes.unreached("n1");
  assert.deepEqual([nodes.next(), nodes.next()], ["s1", "n2"]);
});

test("where no site is known a node out of reach changes nothing", () => {
  const nodes = new Nodes(() => 0.99);
  nodes.put(["a", "b", "c"]);
  assert.equal(nodes.next(), "a");
  nodes.unreached("a");
  assert.deepEqual([nodes.next(), nodes.next()], ["b", "c"]);
});

test("a node that was lost in a call sends nobody to another site", () => {
  const nodes = new Nodes(() => 0.99);
  nodes.put(["n1", "n2", "s1"], { n1: "north", n2: "north", s1: "south" });
  nodes.unreached("n1");
  nodes.avoid("n1");
  assert.equal(nodes.next(), "n2");
});

test("a socket has more time to open with each failure, and not for ever", () => {
  assert.deepEqual([0, 1, 2, 3, 9].map((failures) => openWithinMs(failures, 100)), [100, 200, 300, 400, 400]);
});

test("the node of a call that lost its socket comes first, if it is still known", () => {
  const nodes = new Nodes(() => 0);
  nodes.put(["a", "b", "c"]);
  nodes.prefer("c");
  assert.equal(nodes.next(), "c");
  nodes.prefer("gone");
  assert.notEqual(nodes.next(), "gone");
  assert.equal(new Nodes(() => 0).next(), null);
});

test("pauses grow only after every node had its turn, are spread, and never exceed ten seconds", () => {
  const most = () => 0.999999;
  assert.ok(pauseMs(1, 3, most) < 250);
  assert.ok(pauseMs(2, 3, most) < 250);
  assert.ok(pauseMs(3, 3, most) < 250);
  assert.ok(pauseMs(4, 3, most) > 250);
  assert.ok(pauseMs(1, 1, most) < 250);
  assert.equal(pauseMs(100, 1, most), 9_999);
  assert.equal(pauseMs(100, 1, () => 0), 0);
  assert.equal(pauseMs(5, 0, () => 0), 0);
});

test("places are told as people say them", () => {
  const told = (language, place) => placeWords(words, language, place).join("");
  assert.equal(told("en-GB", 1), "You are next in the queue");
  assert.equal(told("en-GB", 2), "You are 2nd in the queue");
  assert.equal(told("en-GB", 3), "You are 3rd in the queue");
  assert.equal(told("en-GB", 11), "You are 11th in the queue");
  assert.equal(told("en-GB", 21), "You are 21st in the queue");
  assert.equal(told("cy", 1), "Chi yw’r nesaf yn y ciw");
  assert.equal(told("cy", 3), "Rydych yn rhif 3 yn y ciw");
});

test("waits are rounded up, and where nothing is known nothing is said", () => {
  const told = (waitMs, language = "en-GB") => waitWords(words, language, waitMs, STEPS);
  assert.equal(told(null), "");
  assert.equal(told(0), "You will probably wait less than 2 minutes.");
  assert.equal(told(2 * MINUTE_MS), "You will probably wait about 2 minutes.");
  assert.equal(told(2 * MINUTE_MS + 1), "You will probably wait about 3 minutes.");
  assert.equal(told(11 * MINUTE_MS), "You will probably wait about 15 minutes.");
  assert.equal(told(60 * MINUTE_MS), "You will probably wait about an hour.");
  assert.equal(told(61 * MINUTE_MS), "You will probably wait more than an hour.");
  assert.equal(told(2 * MINUTE_MS, "cy"), "Mae’n debyg y byddwch yn aros tua 2 funud.");
  assert.equal(told(4 * MINUTE_MS, "cy"), "Mae’n debyg y byddwch yn aros tua 5 munud.");
});

test("a clock is read as people read clocks", () => {
  assert.equal(clockWords(0), "0:00");
  assert.equal(clockWords(67_900), "1:07");
  assert.equal(clockWords(3_723_000), "1:02:03");
  assert.equal(clockWords(-5), "0:00");
});

test("words that are missing are our mistake and not the caller's", () => {
  assert.throws(() => find(words, "en-GB", "state.dancing"));
  assert.equal(fill("{a} and {b}", { a: 1 }), "1 and {b}");
});
