/** What a browser's refusal of the microphone means, and how loud a microphone is. No DOM. */

const MEANINGS = {
  NotAllowedError: "denied",
  SecurityError: "denied",
  NotFoundError: "missing",
  OverconstrainedError: "missing",
  NotReadableError: "busy",
  AbortError: "busy",
};

/** Return why there is no microphone before anyone is asked, or null if asking makes sense. */
export function impossible({ secure, canAsk, canConnect }) {
  if (!secure) return "insecure";
  return canAsk && canConnect ? null : "unsupported";
}

/** Return which sentence explains a failure of getUserMedia. */
export function whyRefused(error) {
  return MEANINGS[error?.name] ?? "other";
}

const QUIETEST_DB = -70;
const LOUDEST_DB = -10;

/** Return the loudness of samples between -1 and 1 in dB below the loudest there is. */
export function decibels(samples) {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return 10 * Math.log10(sum / samples.length || 1e-12);
}

/** Return where a loudness stands on a meter from 0 to 1. */
export function meterValue(db) {
  return Math.min(1, Math.max(0, (db - QUIETEST_DB) / (LOUDEST_DB - QUIETEST_DB)));
}

/** Below this there is not even the noise of a room: the microphone itself gives nothing. */
const NOTHING_DB = -85;
const SILENT_AFTER_MS = 6_000;

/** Notices a microphone that gives nothing at all for a while. */
export class Silence {
  #sinceMs = null;

  /** Return whether the microphone has given nothing for so long that the caller should know. */
  take(db, atMs) {
    if (db > NOTHING_DB) this.#sinceMs = null;
    else this.#sinceMs ??= atMs;
    return this.#sinceMs !== null && atMs - this.#sinceMs >= SILENT_AFTER_MS;
  }
}
