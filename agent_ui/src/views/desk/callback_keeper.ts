/**
 * What an adviser does about a callback: takes it or not, has its caller rung, says how it ended.
 */

import type { Sound } from "../../media/leg_call";
import { isCall, rangFor } from "../../state/desk";
import { desk } from "../../wire/http";
import type { Attempt, DoCallback, Me, RingNow } from "../../wire/made";
import { type CallbackEnds, CallbackWords } from "./callback_words";
import { isRinging, rungNow, type Seen } from "./seen";

interface Ends extends CallbackEnds {
  seen: () => Seen;
  /** Ask the desk something, and show what it refuses. */
  ask: (question: () => Promise<void>) => Promise<void>;
  /** The adviser's sound, once it is there; null where it cannot be had. */
  sound: () => Promise<Sound | null>;
  /** Have the number rung at the node of that ring. */
  dial: (ring: RingNow, sound: Sound) => void;
}

export class CallbackKeeper {
  readonly words: CallbackWords;
  readonly #me: Me;
  readonly #ends: Ends;

  constructor(me: Me, ends: Ends) {
    this.#me = me;
    this.#ends = ends;
    this.words = new CallbackWords(me.adviser, ends);
  }

  /** The callback that rings or is taken, and is no call yet: there is no leg to it. */
  get ring(): RingNow | null {
    const ring = rangFor(this.#ends.seen().desk.work);
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
    const { work } = this.#ends.seen().desk;
    const ring = work.at === "wrap_up" ? work.ring : this.ring;
    if (ring !== null) this.words.end(ring, how);
  }

  /** Have its caller rung by a node, once the adviser's sound is there. */
  async haveRung(): Promise<void> {
    const { ring } = this;
    if (ring === null || !mayCall(this.#me, this.#ends.seen())) return;
    const sound = await this.#ends.sound();
    if (sound === null) return;
    await this.#ends.ask(async () => {
      const way = await desk.wayBack(ring.call);
      this.#ends.dial({ ...ring, ...way }, sound);
    });
  }
}

/** Say whether the caller of the callback that was taken can be called from here now. */
export function mayCall(me: Me, seen: Seen): boolean {
  const rung = rungNow(seen);
  const isFresh = rung.state === "none" || rung.may_again;
  return me.may_have_rung && seen.desk.work.at === "talking" && isFresh && !isRinging(seen);
}
