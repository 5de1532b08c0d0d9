import { describe, expect, it } from "vitest";
import { follow, type Leg, type LegEvent, NO_LEG, type Sound } from "../../src/state/leg";
import type { NodeSays } from "../../src/wire/made";

const OPEN = follow(NO_LEG, { kind: "opening", call: "c1" }, 0);
const said = (message: NodeSays): LegEvent => ({ kind: "said", said: message });
const ANSWER = said({ kind: "answer", call: "c1", sdp: "v=0" });
const BRIDGED = said({ kind: "bridged", token: 1 });
const OVER = said({ kind: "over", ending: "handled", lapse: null, words: "" });

const LEGS: Record<Sound, Leg> = {
  none: NO_LEG,
  connecting: OPEN,
  attached: follow(OPEN, ANSWER, 0),
  bridged: follow(follow(OPEN, ANSWER, 0), BRIDGED, 0),
  lost: follow(OPEN, { kind: "broken" }, 0),
  over: follow(follow(OPEN, ANSWER, 0), OVER, 0),
};

const EVENTS: Record<string, LegEvent> = {
  opening: { kind: "opening", call: "c2" },
  answering: { kind: "answering" },
  muting: { kind: "muting", on: true },
  broken: { kind: "broken" },
  gone: { kind: "gone" },
  settled: { kind: "settled" },
  answer: ANSWER,
  bridged: BRIDGED,
  held: said({ kind: "held", on: true }),
  recording: said({ kind: "recording", on: true, left_ms: null, is_forgotten: false, act: 1 }),
  "caller silent": said({ kind: "caller_heard", on: false }),
  over: OVER,
  refused: said({ kind: "refused", code: "stale-token", words: "This ring is over." }),
  quality: said({
    kind: "quality",
    loss_ratio: 0,
    jitter_ms: 1,
    delay_ms: 2,
    level_dbov: -20,
    round_trip_ms: null,
    mos: 4.3,
  }),
  beat: said({ kind: "beat" }),
};

const BECOMES: Record<string, Partial<Record<Sound, Sound>>> = {
  opening: {
    none: "connecting",
    attached: "connecting",
    bridged: "connecting",
    lost: "connecting",
    over: "connecting",
  },
  broken: { connecting: "lost", attached: "lost", bridged: "lost" },
  gone: { connecting: "none", attached: "none", bridged: "none", lost: "none", over: "none" },
  answer: { connecting: "attached" },
  bridged: {
    none: "bridged",
    connecting: "bridged",
    attached: "bridged",
    lost: "bridged",
    over: "bridged",
  },
  over: { none: "over", connecting: "over", attached: "over", bridged: "over", lost: "over" },
};

describe("every event of every leg", () => {
  for (const [name, event] of Object.entries(EVENTS)) {
    for (const [sound, leg] of Object.entries(LEGS) as [Sound, Leg][]) {
      it(`${name}, while the sound is "${sound}"`, () => {
        expect(follow(leg, event, 5).sound).toBe(BECOMES[name]?.[sound] ?? sound);
      });
    }
  }
});

it("hold is what the node says, and its clock is not set back by a repeat", () => {
  const held = follow(LEGS.bridged, said({ kind: "held", on: true }), 10);
  const again = follow(held, said({ kind: "held", on: true }), 20);
  expect(again).toMatchObject({ held: true, heldSince: 10 });
  expect(follow(again, said({ kind: "held", on: false }), 30)).toMatchObject({
    held: false,
    heldSince: null,
  });
});

it("a leg that comes back to the same call is still muted", () => {
  const muted = follow(LEGS.bridged, { kind: "muting", on: true }, 0);
  const back = follow(follow(muted, { kind: "broken" }, 0), { kind: "opening", call: "c1" }, 0);
  expect(back).toMatchObject({ sound: "connecting", muted: true });
});

it("a line that breaks is being mended until it is there again, and then for a while has been", () => {
  const broken = follow(LEGS.bridged, { kind: "broken" }, 0);
  expect(broken.mending).toBe("under_way");
  const opening = follow(broken, { kind: "opening", call: "c1" }, 0);
  expect(opening).toMatchObject({ sound: "connecting", mending: "under_way" });
  expect(follow(opening, { kind: "settled" }, 0).mending).toBe("under_way");
  const back = follow(opening, ANSWER, 0);
  expect(back).toMatchObject({ sound: "attached", mending: "done" });
  expect(follow(back, BRIDGED, 0).mending).toBe("done");
  expect(follow(back, { kind: "settled" }, 0).mending).toBe("none");
  expect(follow(back, { kind: "broken" }, 0).mending).toBe("under_way");
});

it("a caller on hold is on hold also where the line was mended", () => {
  const held = follow(LEGS.bridged, said({ kind: "held", on: true }), 10);
  const lost = follow(held, { kind: "broken" }, 20);
  const back = follow(follow(lost, { kind: "opening", call: "c1" }, 20), BRIDGED, 30);
  expect(back).toMatchObject({ held: true, heldSince: 10 });
});

it("a ring whose line broke before it was answered begins the talk without a word of it", () => {
  const mended = follow(follow(LEGS.lost, { kind: "opening", call: "c1" }, 0), ANSWER, 0);
  expect(mended.mending).toBe("done");
  expect(follow(mended, { kind: "answering" }, 0).mending).toBe("none");
});

it("the next call begins unmuted", () => {
  const muted = follow(LEGS.bridged, { kind: "muting", on: true }, 0);
  expect(follow(muted, { kind: "opening", call: "c2" }, 0).muted).toBe(false);
});

it("a refusal is shown in the node's words until Answer is pressed again", () => {
  const event = EVENTS.refused;
  if (event === undefined) throw new Error("there is a refusal");
  const refused = follow(follow(LEGS.attached, { kind: "answering" }, 0), event, 0);
  expect(refused).toMatchObject({ answering: false, refusal: "This ring is over." });
  expect(follow(refused, { kind: "answering" }, 0).refusal).toBeNull();
});

describe("an adviser's phone", () => {
  const phone = (state: "ringing" | "answered" | "failed") =>
    said({ kind: "phone", state, why: null });
  const ATTACHED = said({ kind: "answer", call: "c1", sdp: "phone" });

  it("mends a broken line once it is picked up, and not as it rings", () => {
    const broken = follow(LEGS.bridged, { kind: "broken" }, 0);
    const again = follow(broken, { kind: "opening", call: "c1" }, 0);
    const rings = follow(follow(again, ATTACHED, 0), phone("ringing"), 0);
    expect([rings.mending, rings.phone]).toEqual(["under_way", "ringing"]);
    expect(follow(rings, phone("answered"), 0).mending).toBe("done");
  });

  it("that nobody picks up lets Answer be pressed no longer in vain", () => {
    const answering = follow(LEGS.attached, { kind: "answering" }, 0);
    expect(follow(answering, phone("ringing"), 0).answering).toBe(true);
    expect(follow(answering, phone("failed"), 0).answering).toBe(false);
  });

  it("that failed is remembered with its reason after the ring, until it is read or rings again", () => {
    const failed = follow(LEGS.attached, said({ kind: "phone", state: "failed", why: "busy" }), 0);
    const gone = follow(failed, { kind: "gone" }, 0);
    expect(gone).toEqual({ ...NO_LEG, phone: "failed", phoneWhy: "busy" });
    expect(follow(gone, { kind: "read" }, 0)).toEqual(NO_LEG);
    expect(follow(gone, { kind: "opening", call: "c2" }, 0).phone).toBe("none");
    expect(follow(OPEN, { kind: "read" }, 0)).toBe(OPEN);
  });
});
