import { expect, it } from "vitest";
import { BARS, barsOf } from "../../src/media/level";
import { between, countsIn } from "../../src/media/line_stats";
import { troubleOf } from "../../src/media/microphone";
import { BARS as DRAWN } from "../../src/parts/meter";

it("silence lights no bar, a shout all of them", () => {
  expect(barsOf(new Float32Array(512))).toBe(0);
  expect(barsOf(new Float32Array(512).fill(1))).toBe(BARS);
  expect(barsOf(new Float32Array(512).fill(0.03))).toBeGreaterThan(0);
  expect(DRAWN).toBe(BARS);
});

it("nothing is told of a line before any sound has come", () => {
  expect(countsIn([{ type: "codec" }])).toBeNull();
});

it("loss is told over what was due between two counts", () => {
  const report = (received: number, lost: number) => [
    {
      type: "inbound-rtp",
      kind: "audio",
      packetsReceived: received,
      packetsLost: lost,
      jitter: 0.004,
    },
    { type: "candidate-pair", nominated: true, currentRoundTripTime: 0.03 },
    { type: "candidate-pair", nominated: false, currentRoundTripTime: 9 },
  ];
  const before = countsIn(report(100, 1));
  const now = countsIn(report(190, 11));
  if (before === null || now === null) throw new Error("sound has come");
  expect(between(before, now)).toEqual({ lossRatio: 0.1, jitterMs: 4, delayMs: 30 });
  expect(between(now, now).lossRatio).toBe(0);
});

it("each way of having no microphone has its own sentence", () => {
  const named = (name: string) => troubleOf(Object.assign(new Error(name), { name }));
  expect(named("NotAllowedError")).toBe("refused");
  expect(named("NotReadableError")).toBe("busy");
  expect(named("NotFoundError")).toBe("missing");
});
