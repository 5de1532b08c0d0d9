/**
 * What an adviser does about a callback: takes it or not, has its caller rung, says how it ended.
 */

import type { Sound } from "../../media/leg_call";
import { isCall, rangFor, type Work } from "../../state/desk";
import { desk } from "../../wire/http";
import type { Attempt, DoCallback, RingNow } from "../../wire/made";
import { type CallbackEnds, CallbackWords } from "./callback_words";

interface Ends extends CallbackEnds {
  work: () => Work;
  /** Ask the desk something, and show what it refuses. */
  ask: (question: () => Promise<void>) => Promise<void>;
  /** The adviser's sound, once it is there; null where it cannot be had. */
  sound: () => Promise<Sound | null>;
  /** Have the number rung at the node of that ring. */
  dial: (ring: RingNow, sound: Sound) => void;
}

export class CallbackKeeper {
  readonly words: CallbackWords;
  readonly #ends: Ends;

  constructor(adviser: string, ends: Ends) {
    this.#ends = ends;
    this.words = new CallbackWords(adviser, ends);
  }

  /** The callback that rings or is taken, and is no call yet: there is no leg to it. */
  get ring(): RingNow | null {
    const ring = rangFor(this.#ends.work());
    return ring === null || isCall(ring) ? null : ring;
  }

  /** Take it, or give it back. */
  async say(word: DoCallback["word"]): Promise<void> {
    const { ring } = this;
    if (ring === null) return;
    const said = { word, ticket: ring.ticket };
    await this.#ends.ask(async () => void (await desk.doCallback(ring.call, said)));
  }

  /** Say how it ended; also after a talk. */
  end(how: Attempt): void {
    const work = this.#ends.work();
    const ring = work.at === "wrap_up" ? work.ring : this.ring;
    if (ring !== null) this.words.end(ring, how);
  }

  /** Have its caller rung by a node, once the adviser's sound is there. */
  async haveRung(): Promise<void> {
    const { ring } = this;
    const sound = ring === null ? null : await this.#ends.sound();
    if (ring === null || sound === null) return;
    await this.#ends.ask(async () => {
      const way = await desk.wayBack(ring.call);
      this.#ends.dial({ ...ring, ...way }, sound);
    });
  }
}
