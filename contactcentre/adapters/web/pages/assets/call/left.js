/** The call that was left in a queue and whose place is kept for a while. No DOM. */

/** A call that waits has a new claim at least so often: an older one says when it was left. */
const CLAIM_EVERY_MS = 60_000;

export class LeftCall {
  #held;
  #timer = null;
  #keepMs;
  #store;
  #nowMs;
  #gone;

  /**
   * keepMs → for how long a place is kept; 0: never
   * store  → where it outlives the page (store.js)
   * gone() → told when the time is over
   */
  constructor({ keepMs, store, nowMs, gone }) {
    this.#keepMs = keepMs;
    this.#store = store;
    this.#nowMs = nowMs;
    this.#gone = gone;
    this.#held = keepMs > 0 ? store.read(nowMs()) : null;
    this.#watch();
  }

  /** Return {text, secret} of the call that was left, null if none was or its time is over. */
  get held() {
    const held = this.#held;
    return held !== null && this.#nowMs() - held.atMs < held.lifeMs ? held : null;
  }

  /** Say whether the place of a call with that last claim may be kept, if it is left now. */
  mayKeep(claim) {
    return this.#nowMs() - this.#leftMs(claim) < this.#keepMs;
  }

  /** Keep the last claim of a call that has been left; a call that has none leaves all as it was. */
  keep({ text, secret, atMs }) {
    if (typeof text !== "string" || this.#keepMs === 0) return;
    this.forget();
    this.#held = { text, secret, atMs: this.#leftMs({ atMs }), lifeMs: this.#keepMs };
    this.#store.write(this.#held);
    this.#watch();
  }

  /** Forget it: the place has been asked for, or there is none any more. */
  forget() {
    clearTimeout(this.#timer);
    this.#held = null;
    this.#store.clear();
  }

  #leftMs({ atMs }) {
    return Math.min(this.#nowMs(), atMs + CLAIM_EVERY_MS);
  }

  #watch() {
    if (this.#held === null) return;
    const leftMs = this.#held.atMs + this.#held.lifeMs - this.#nowMs();
    this.#timer = setTimeout(() => {
      this.forget();
      this.#gone();
    }, leftMs);
  }
}
