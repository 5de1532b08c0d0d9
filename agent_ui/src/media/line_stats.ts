/**
 * What this browser hears of the line, from the statistics of its peer connection.
 */

export interface Counts {
  received: number;
  lost: number;
  jitterMs: number;
  delayMs: number | null;
}

export interface Heard {
  lossRatio: number;
  jitterMs: number;
  delayMs: number | null;
}

/** Return the counts that a report tells of; null before any sound has come. */
export function countsIn(report: Iterable<Record<string, unknown>>): Counts | null {
  let counts: Counts | null = null;
  let delayMs: number | null = null;
  for (const one of report) {
    if (one.type === "inbound-rtp" && one.kind === "audio") {
      counts = {
        received: Number(one.packetsReceived ?? 0),
        lost: Number(one.packetsLost ?? 0),
        jitterMs: Number(one.jitter ?? 0) * 1000,
        delayMs: null,
      };
    } else if (one.type === "candidate-pair" && one.nominated === true) {
      const seconds = one.currentRoundTripTime;
      delayMs = typeof seconds === "number" ? seconds * 1000 : null;
    }
  }
  return counts && { ...counts, delayMs };
}

/** Return what was heard between two counts. */
export function between(before: Counts, now: Counts): Heard {
  const lost = Math.max(0, now.lost - before.lost);
  const due = lost + Math.max(0, now.received - before.received);
  return {
    lossRatio: due > 0 ? lost / due : 0,
    jitterMs: now.jitterMs,
    delayMs: now.delayMs,
  };
}
