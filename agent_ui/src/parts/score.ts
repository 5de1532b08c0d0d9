/** How a line sounds, in a word and in bars. */

import { BARS } from "./meter";

/** Below these people are no longer content, and then complain. */
const GOOD_FROM = 3.9;
const FAIR_FROM = 3.5;
const QUIET_DBOV = -60;

/** Return the word for a mean opinion score. */
export function scoreWord(mos: number): "good" | "fair" | "poor" {
  if (mos >= GOOD_FROM) return "good";
  return mos >= FAIR_FROM ? "fair" : "poor";
}

/** Return how many bars a loudness lights; 0 dBov is as loud as can be. */
export function barsOf(levelDbov: number): number {
  const part = (levelDbov - QUIET_DBOV) / -QUIET_DBOV;
  return Math.max(0, Math.min(BARS, Math.round(part * BARS)));
}
