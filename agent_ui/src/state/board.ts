/**
 * What the board shows of the figures it last had, and whether they may still be believed.
 */

import type { Board, BoardQueue, Today } from "../wire/made";

export const AGEING_AFTER_MS = 5_000;
export const NOT_LIVE_AFTER_MS = 15_000;

export type Freshness = "live" | "ageing" | "not_live";

/** Say how far figures of this age may be believed. */
export function freshness(ageMs: number): Freshness {
  if (ageMs > NOT_LIVE_AFTER_MS) return "not_live";
  return ageMs > AGEING_AFTER_MS ? "ageing" : "live";
}

/** Return the queues with the one first whose caller has waited longest. */
export function worstFirst(queues: readonly BoardQueue[]): BoardQueue[] {
  return [...queues].sort(
    (a, b) =>
      (b.longest_ms ?? -1) - (a.longest_ms ?? -1) ||
      b.waiting_count - a.waiting_count ||
      a.title.localeCompare(b.title),
  );
}

export interface Now {
  waiting: number;
  longest: { ms: number; title: string } | null;
}

/** Return the figures over all queues. */
export function over(board: Board): Now {
  const first = worstFirst(board.queues)[0];
  return {
    waiting: board.queues.reduce((sum, queue) => sum + queue.waiting_count, 0),
    longest: first?.longest_ms == null ? null : { ms: first.longest_ms, title: first.title },
  };
}

/** Return a share in whole per cent; null where there is nothing to share. */
export function percent(part: number, whole: number): number | null {
  return whole > 0 ? Math.round((part / whole) * 100) : null;
}

/**
 * Return how many calls of today were answered or given up.
 *
 * Calls that are still being talked with are known only where they were answered within the target.
 */
export function decidedInQueue(today: Today): number {
  const ended = today.handled_count + today.abandoned_count;
  return Math.max(ended, today.answered_within_target_count + today.abandoned_count);
}
