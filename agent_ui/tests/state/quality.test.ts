import { expect, it } from "vitest";
import { measure, NO_LINE, type Sample, wordOf, worse } from "../../src/state/quality";

const GOOD: Sample = { lossRatio: 0, jitterMs: 4, delayMs: 40 };
const FAIR: Sample = { ...GOOD, lossRatio: 0.04 };
const POOR: Sample = { ...GOOD, jitterMs: 80 };

const after = (...samples: Sample[]) => samples.reduce(measure, NO_LINE).word;

it("each part of a sample can make it worse", () => {
  expect(wordOf(GOOD)).toBe("good");
  expect(wordOf({ ...GOOD, jitterMs: 31 })).toBe("fair");
  expect(wordOf({ ...GOOD, delayMs: 251 })).toBe("fair");
  expect(wordOf({ ...GOOD, lossRatio: 0.09 })).toBe("poor");
  expect(wordOf({ ...GOOD, delayMs: null })).toBe("good");
});

it("the first sample gives a word at once", () => {
  expect(after(GOOD)).toBe("good");
});

it("one bad sample changes nothing", () => {
  expect(after(GOOD, GOOD, POOR, GOOD, GOOD)).toBe("good");
});

it("three of five raise the word, and three of five clear it", () => {
  expect(after(GOOD, POOR, POOR, GOOD, POOR)).toBe("poor");
  expect(after(FAIR, FAIR, FAIR)).toBe("fair");
  expect(after(POOR, POOR, POOR, GOOD, GOOD, GOOD)).toBe("good");
});

it("a poor sample counts as a fair one too", () => {
  expect(after(GOOD, GOOD, FAIR, FAIR, POOR)).toBe("fair");
});

it("of what two ends hear, the worse is shown", () => {
  expect(worse(GOOD, { ...FAIR, jitterMs: 1 })).toEqual({ ...FAIR, jitterMs: 4 });
  expect(worse({ ...GOOD, delayMs: null }, GOOD).delayMs).toBe(40);
});
