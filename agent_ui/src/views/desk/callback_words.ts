/**
 * Keeps how a callback has ended, as its adviser says, until that is known to be in the record.
 *
 * The desk may be another one by then, or know nothing of it: nobody is to ring a caller again who
 * was reached.
 */

import { desk, Refusal } from "../../wire/http";
import { callbackKey, forget, keep, kept } from "../../wire/kept";
import type { Attempt, CallbackHeard, DoCallback, RingNow } from "../../wire/made";

export const AGAIN_MS = 1_500;
/** A word that nobody could be told for so long is an old one. */
const KEPT_MS = 30 * 60_000;

interface Word {
  call: string;
  token: number;
  ticket: string;
  word: Attempt;
  said_at: number;
}

export interface CallbackEnds {
  signedOut: () => void;
  /** It could not be passed on yet; or it was refused, and why. */
  untold: (why: string | null) => void;
}

type Say = (call: string, said: DoCallback) => Promise<CallbackHeard>;

export class CallbackWords {
  readonly #key: string;
  readonly #ends: CallbackEnds;
  readonly #say: Say;
  #words: Word[];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #sending = false;

  constructor(adviser: string, ends: CallbackEnds, say: Say = desk.doCallback) {
    this.#key = callbackKey(adviser);
    this.#ends = ends;
    this.#say = say;
    this.#words = (kept<Word[]>(this.#key) ?? []).filter(isFresh);
  }

  /** Say how one has ended; the last word about it counts until it is told. */
  end({ call, token, ticket }: RingNow, word: Attempt): void {
    const others = this.#words.filter((one) => one.token !== token);
    this.#put([...others, { call, token, ticket, word, said_at: Date.now() }]);
    void this.send();
  }

  /** Send what is not known to be in the record. */
  async send(): Promise<void> {
    clearTimeout(this.#timer);
    if (this.#sending) return;
    this.#sending = true;
    for (const word of this.#words) await this.#sendOne(word);
    this.#sending = false;
    if (this.#words.length > 0) this.#timer = setTimeout(() => void this.send(), AGAIN_MS);
  }

  /** Stop sending; what is untold stays on this computer. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#sending = true;
  }

  async #sendOne({ call, token, ticket, word }: Word): Promise<void> {
    try {
      const heard = await this.#say(call, { word, ticket });
      if (heard.written) this.#settle(token);
    } catch (error) {
      const refusal = error instanceof Refusal && !error.isOutage ? error : null;
      if (refusal?.isNotSignedIn) this.#ends.signedOut();
      else this.#ends.untold(refusal?.message ?? null);
      if (refusal !== null && !refusal.isNotSignedIn) this.#settle(token);
    }
  }

  #settle(token: number): void {
    this.#put(this.#words.filter((one) => one.token !== token));
  }

  #put(words: Word[]): void {
    this.#words = words.filter(isFresh);
    if (this.#words.length === 0) forget(this.#key);
    else keep(this.#key, this.#words);
  }
}

function isFresh(word: Word): boolean {
  return Date.now() - word.said_at < KEPT_MS;
}
