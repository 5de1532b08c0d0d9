import { describe, expect, it } from "vitest";
import { type Desk, hear, NEW_DESK, queueOf, referenceOf, type Work } from "../../src/state/desk";
import type { DeskSays } from "../../src/wire/made";
import { presence, QUEUES, RING, RING_ENDED, TALK, WRAP_UP } from "../messages";

const AT = 100_000;

const STATES: Record<Work["at"], Desk> = {
  nothing: NEW_DESK,
  ringing: hear(NEW_DESK, RING, 1_000),
  talking: hear(hear(NEW_DESK, RING, 1_000), TALK, 2_000),
  wrap_up: hear(hear(hear(NEW_DESK, RING, 1_000), TALK, 2_000), WRAP_UP, 62_000),
};

const MESSAGES: Record<string, DeskSays> = {
  "ready again": presence("ready"),
  "sent away": presence("away", "no_answer"),
  reserved: presence("reserved"),
  ringing: presence("ringing"),
  talking: presence("talking"),
  "wrapping up": presence("wrap_up"),
  offline: presence("offline"),
  "a ring": { ...RING, token: 18, call: "another" },
  "the end of its ring": RING_ENDED,
  "the end of an older ring": { ...RING_ENDED, token: 16 },
  "a talk": TALK,
  "a wrap-up": WRAP_UP,
  queues: QUEUES,
  health: { kind: "health", queue_reachable: true, records_reachable: false },
  replaced: { kind: "replaced" },
  "a beat": { kind: "beat" },
};

/** What each message makes of each piece of work; what is not named here stays as it is. */
const BECOMES: Record<string, Partial<Record<Work["at"], Work["at"]>>> = {
  "ready again": { ringing: "nothing", talking: "nothing", wrap_up: "nothing" },
  "sent away": { ringing: "nothing", talking: "nothing", wrap_up: "nothing" },
  reserved: { ringing: "nothing", talking: "nothing", wrap_up: "nothing" },
  offline: { ringing: "nothing", talking: "nothing", wrap_up: "nothing" },
  "a ring": { nothing: "ringing", talking: "ringing", wrap_up: "ringing" },
  "the end of its ring": { ringing: "nothing" },
  "a talk": { nothing: "talking", ringing: "talking", wrap_up: "talking" },
  "a wrap-up": { nothing: "wrap_up", ringing: "wrap_up", talking: "wrap_up" },
};

describe("every message in every state", () => {
  for (const [name, message] of Object.entries(MESSAGES)) {
    for (const [at, desk] of Object.entries(STATES) as [Work["at"], Desk][]) {
      it(`${name}, while the work is "${at}"`, () => {
        expect(hear(desk, message, AT).work.at).toBe(BECOMES[name]?.[at] ?? at);
      });
    }
  }
});

it("a state began as long ago as the server says, by this page's own clock", () => {
  expect(hear(NEW_DESK, presence("ready"), AT).standing).toEqual({
    state: "ready",
    reason: null,
    since: AT - 2_000,
  });
});

it("an adviser who missed a call is told so until the next change", () => {
  const missed = hear(STATES.ringing, RING_ENDED, AT);
  expect(missed.work).toEqual({ at: "nothing", lapse: "no_answer" });
  const away = hear(missed, presence("away", "no_answer"), AT);
  expect(away.work).toEqual({ at: "nothing", lapse: "no_answer" });
  expect(hear(away, presence("ready"), AT).work).toEqual({ at: "nothing", lapse: null });
});

it("a ring ends when the server says how much of it is left", () => {
  const { work } = hear(NEW_DESK, { ...RING, ring_ms: 7_000 }, AT);
  expect(work).toMatchObject({ at: "ringing", ends: AT + 7_000 });
});

it("a talk keeps what was known when it rang", () => {
  expect(STATES.talking.work).toMatchObject({ ring: RING, began: 2_000 });
  expect(queueOf(STATES.talking.work)).toBe(RING.queue);
});

it("a page that comes later than the ring is told it, and how long the talk has been", () => {
  const fresh = { ...RING, ticket: "ticket-2" };
  const { work } = hear(NEW_DESK, { ...TALK, talked_ms: 30_000, ring: fresh }, AT);
  expect(work).toMatchObject({ at: "talking", began: AT - 30_000, ring: fresh });
});

it("a fresh ticket to the same talk does not set the call's clock back", () => {
  const fresh = { ...RING, ticket: "ticket-2" };
  const { work } = hear(STATES.talking, { ...TALK, talked_ms: 1, ring: fresh }, AT);
  expect(work).toMatchObject({ began: 2_000, ring: fresh });
});

it("a wrap-up says how long the call was", () => {
  expect(STATES.wrap_up.work).toMatchObject({ talkedMs: 60_000, givenMs: 90_000, ends: 152_000 });
});

it("a wrap-up whose queue the desk has forgotten keeps the one that is known here", () => {
  const forgotten = { ...WRAP_UP, queue: null };
  expect(queueOf(hear(STATES.talking, forgotten, AT).work)).toBe(RING.queue);
  expect(queueOf(hear(STATES.wrap_up, forgotten, AT).work)).toBe(RING.queue);
  expect(queueOf(hear(NEW_DESK, forgotten, AT).work)).toBeNull();
});

it("a talk that goes on elsewhere keeps its time", () => {
  const there = { ...RING, node_url: "ws://other.example/leg", ticket: "ticket-3" };
  const { work } = hear(STATES.talking, { ...TALK, talked_ms: 0, ring: there }, AT);
  expect(work).toMatchObject({ at: "talking", began: 2_000, ring: there });
});

it("a minute more is added to what was given", () => {
  const more = hear(STATES.wrap_up, { ...WRAP_UP, left_ms: 112_000 }, AT);
  expect(more.work).toMatchObject({ ends: 212_000, givenMs: 150_000, talkedMs: 60_000 });
});

it("a wrap-up of a call this page knows nothing of has no length", () => {
  expect(hear(NEW_DESK, WRAP_UP, AT).work).toMatchObject({ talkedMs: null, ring: null });
});

it("people read the last six signs of a call to one another", () => {
  expect(referenceOf("01jd3k8w2h5q7x")).toBe("2H5Q7X");
});
