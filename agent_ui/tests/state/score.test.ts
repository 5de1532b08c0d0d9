import { describe, expect, it } from "vitest";
import { barsOf, scoreWord } from "../../src/parts/score";

describe("how a line sounds", () => {
  it("is a word that people would agree with", () => {
    expect([4.3, 3.7, 2.2].map(scoreWord)).toEqual(["good", "fair", "poor"]);
  });

  it("lights no bar for silence and all for full scale", () => {
    expect([-127, -60, -30, 0].map(barsOf)).toEqual([0, 0, 5, 9]);
  });
});
