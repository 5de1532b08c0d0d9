/**
 * How a socket that comes back by itself stands, and how long it waits before it tries again.
 */

export type Connection =
  | { at: "connecting"; attempt: number }
  | { at: "live" }
  | { at: "waiting"; attempt: number; untilMs: number }
  | { at: "closed" };

export const BACKOFF_MIN_MS = 250;
export const BACKOFF_MAX_MS = 10_000;

/** Return how long to wait before attempt `attempt` (from 1): full jitter over a doubling span. */
export function backoffMs(attempt: number, chance: number): number {
  const span = Math.min(BACKOFF_MAX_MS, BACKOFF_MIN_MS * 2 ** Math.min(attempt, 10));
  return Math.round(BACKOFF_MIN_MS + chance * (span - BACKOFF_MIN_MS));
}
