/**
 * How good the line is, in a word, from what both ends hear.
 *
 * A word changes only when three of the last five samples agree, so that it is raised and cleared
 * alike and does not flicker.
 */

export interface Sample {
  lossRatio: number;
  jitterMs: number;
  delayMs: number | null;
}

export type Word = "good" | "fair" | "poor";

export interface Line {
  samples: readonly Sample[];
  word: Word | null;
}

export const NO_LINE: Line = { samples: [], word: null };

const SAMPLES_KEPT = 5;
const SAMPLES_AGREEING = 3;
const FAIR = { lossRatio: 0.03, jitterMs: 30, delayMs: 250 };
const POOR = { lossRatio: 0.08, jitterMs: 60, delayMs: 400 };
const WORSE: Record<Word, number> = { good: 0, fair: 1, poor: 2 };

/** Return the word for one sample alone. */
export function wordOf(sample: Sample): Word {
  if (reaches(sample, POOR)) return "poor";
  return reaches(sample, FAIR) ? "fair" : "good";
}

/** Return the line once one more sample was taken. */
export function measure(line: Line, sample: Sample): Line {
  const samples = [...line.samples, sample].slice(-SAMPLES_KEPT);
  return { samples, word: agreed(samples, line.word) };
}

/** Return the worse of what the two ends hear, part by part. */
export function worse(one: Sample, other: Sample): Sample {
  return {
    lossRatio: Math.max(one.lossRatio, other.lossRatio),
    jitterMs: Math.max(one.jitterMs, other.jitterMs),
    delayMs: one.delayMs ?? other.delayMs,
  };
}

function agreed(samples: readonly Sample[], before: Word | null): Word | null {
  const words = samples.map(wordOf);
  const atLeast = (word: Word) => words.filter((one) => WORSE[one] >= WORSE[word]).length;
  if (atLeast("poor") >= SAMPLES_AGREEING) return "poor";
  if (atLeast("fair") >= SAMPLES_AGREEING) return "fair";
  const good = words.filter((one) => one === "good").length;
  return good >= SAMPLES_AGREEING || before === null ? "good" : before;
}

function reaches(sample: Sample, bound: typeof FAIR): boolean {
  return (
    sample.lossRatio > bound.lossRatio ||
    sample.jitterMs > bound.jitterMs ||
    (sample.delayMs !== null && sample.delayMs > bound.delayMs)
  );
}
