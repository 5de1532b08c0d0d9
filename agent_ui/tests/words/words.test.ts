import { expect, it } from "vitest";
import { cy } from "../../src/words/cy";
import { en } from "../../src/words/en";
import { clock, countdown, dayAndMinute, hourAndMinute, timeOfDay } from "../../src/words/spans";

type Tree = { [key: string]: unknown };

function leaves(tree: Tree, path = ""): Map<string, unknown> {
  const found = new Map<string, unknown>();
  for (const [key, value] of Object.entries(tree)) {
    const here = path === "" ? key : `${path}.${key}`;
    if (typeof value === "object" && value !== null) {
      for (const [name, leaf] of leaves(value as Tree, here)) found.set(name, leaf);
    } else {
      found.set(here, value);
    }
  }
  return found;
}

const english = leaves(en);
const welsh = leaves(cy);
/** Names and words that are the same in both languages. */
const SAME = new Set(["product"]);

it("both languages have the same words", () => {
  expect([...welsh.keys()].sort()).toEqual([...english.keys()].sort());
});

it("each is written, and takes the same gaps in both languages", () => {
  for (const [name, word] of english) {
    const other = welsh.get(name);
    if (typeof word === "function") {
      const said = other as (...gaps: unknown[]) => string;
      expect(said, name).toBeTypeOf("function");
      expect(said(7, 9), name).not.toContain("undefined");
      expect(said.length, name).toBe(word.length);
    } else {
      expect(String(word).trim(), name).not.toBe("");
      expect(String(other).trim(), name).not.toBe("");
    }
  }
});

it("who still has the caller is told so in both languages", () => {
  for (const [name, word] of english) {
    if (typeof word === "string" && /caller is still with you/i.test(word)) {
      expect(String(welsh.get(name)), name).toMatch(/r galwr gyda chi o hyd/i);
    }
  }
});

it("nothing was left in English", () => {
  for (const [name, word] of english) {
    if (typeof word === "string" && !SAME.has(name)) expect(welsh.get(name), name).not.toBe(word);
  }
});

it("spans are read in minutes and seconds, and a countdown is never early", () => {
  expect(clock(0)).toBe("0:00");
  expect(clock(252_999)).toBe("4:12");
  expect(clock(3_605_000)).toBe("1:00:05");
  expect(countdown(1)).toBe("0:01");
  expect(countdown(0)).toBe("0:00");
  expect(countdown(-5)).toBe("0:00");
});

it("times of day are those of the United Kingdom", () => {
  const summer = Date.UTC(2026, 6, 1, 12, 5, 9);
  expect(timeOfDay(summer)).toBe("13:05:09");
  expect(hourAndMinute(summer)).toBe("13:05");
  expect(dayAndMinute(Date.UTC(2026, 6, 1, 23, 30))).toBe("02/07 00:30");
});
