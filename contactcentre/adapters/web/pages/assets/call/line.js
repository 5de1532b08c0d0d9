/** Grades a line from what was lost and late of late: good, fair, poor. No DOM. */

/** From here on words go missing, or people talk into one another. */
const FAIR = { loss: 0.03, jitterMs: 30, delayMs: 400 };
const POOR = { loss: 0.08, jitterMs: 80, delayMs: 800 };

const SAMPLES_KEPT = 5;
const SAMPLES_THAT_COUNT = 3;

const RANK = ["good", "fair", "poor"];

/** Return the grade of one sample. */
export function gradeOf({ loss, jitterMs, delayMs }) {
  const beyond = (limit) =>
    loss > limit.loss || jitterMs > limit.jitterMs || delayMs > limit.delayMs;
  if (beyond(POOR)) return "poor";
  return beyond(FAIR) ? "fair" : "good";
}

/** One direction of a line. One bad moment does not change its grade; three of five do. */
export class Direction {
  #samples = [];

  take(sample) {
    this.#samples = [...this.#samples, gradeOf(sample)].slice(-SAMPLES_KEPT);
  }

  get grade() {
    if (this.#samples.length === 0) return "unknown";
    const counts = (grade) => this.#samples.filter((each) => each === grade).length;
    if (counts("poor") >= SAMPLES_THAT_COUNT) return "poor";
    return counts("poor") + counts("fair") >= SAMPLES_THAT_COUNT ? "fair" : "good";
  }
}

/** Return the worse of two grades; what is unknown does not count. */
export function worse(one, other) {
  if (one === "unknown") return other;
  if (other === "unknown") return one;
  return RANK[Math.max(RANK.indexOf(one), RANK.indexOf(other))];
}

/** Return what happened between two readings of the browser's counters; null where nothing came. */
export function between(before, now) {
  const lost = now.lost - before.lost;
  const expected = lost + now.received - before.received;
  if (expected <= 0) return null;
  return {
    loss: Math.max(0, lost / expected),
    jitterMs: now.jitterMs,
    delayMs: now.delayMs,
  };
}

const READ_EVERY_MS = 2_000;

/** Grades both directions of a leg: what the browser counts, and what the node tells. */
export class LineWatch {
  #here = new Direction();
  #there = new Direction();
  #before = null;
  #sound;
  #tell;
  stop;

  constructor({ sound, clock, tell }) {
    this.#sound = sound;
    this.#tell = tell;
    this.stop = clock.every(READ_EVERY_MS, () => void this.#read());
  }

  heardThere(quality) {
    const { loss_ratio: loss, jitter_ms: jitterMs, delay_ms: delayMs } = quality;
    this.#there.take({ loss, jitterMs, delayMs });
  }

  async #read() {
    const now = await this.#sound.reading();
    if (now === null) return;
    const sample = this.#before === null ? null : between(this.#before, now);
    this.#before = now;
    if (sample !== null) this.#here.take(sample);
    this.#tell({ kind: "line", grade: worse(this.#here.grade, this.#there.grade) });
  }
}
