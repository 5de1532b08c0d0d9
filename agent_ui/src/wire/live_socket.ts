/**
 * The desk's live socket: one is open at any time, and it comes back by itself.
 */

import { BeatingSocket } from "./beating_socket";
import { backoffMs, type Connection } from "./connection";
import { type Beat, CLOSINGS, type DeskSays } from "./made";

export interface LiveEnds {
  heard: (said: DeskSays) => void;
  changed: (connection: Connection) => void;
  /** Nobody is signed in any longer. */
  signedOut: () => void;
}

export class LiveSocket {
  readonly #url: string;
  readonly #ends: LiveEnds;
  readonly #chance: () => number;
  #socket: BeatingSocket<DeskSays, Beat> | undefined;
  #again: ReturnType<typeof setTimeout> | undefined;
  /** 0 for the first of a page, and while it is live. */
  #attempt = -1;
  #isLive = false;

  constructor(url: string, ends: LiveEnds, chance: () => number = Math.random) {
    this.#url = url;
    this.#ends = ends;
    this.#chance = chance;
  }

  /** Open the socket now, whatever it was waiting for. */
  open(): void {
    clearTimeout(this.#again);
    this.#socket?.close();
    this.#attempt += 1;
    this.#isLive = false;
    this.#ends.changed({ at: "connecting", attempt: this.#attempt });
    this.#socket = new BeatingSocket(this.#url, {
      heard: (said) => this.#heard(said),
      ended: (code) => this.#ended(code),
    });
  }

  /** Close for good. */
  close(): void {
    clearTimeout(this.#again);
    this.#socket?.close();
    this.#socket = undefined;
    this.#attempt = -1;
    this.#ends.changed({ at: "closed" });
  }

  /** A socket counts as live from the first word on: a proxy may open one to nobody. */
  #heard(said: DeskSays): void {
    if (!this.#isLive) {
      this.#isLive = true;
      this.#attempt = 0;
      this.#ends.changed({ at: "live" });
    }
    this.#ends.heard(said);
  }

  #ended(code: number | null): void {
    if (code === CLOSINGS.REPLACED) this.#heard({ kind: "replaced" });
    else if (code === CLOSINGS.NOT_SIGNED_IN) this.#ends.signedOut();
    else this.#wait();
  }

  #wait(): void {
    const waitMs = backoffMs(this.#attempt + 1, this.#chance());
    this.#ends.changed({
      at: "waiting",
      attempt: this.#attempt + 1,
      untilMs: performance.now() + waitMs,
    });
    this.#again = setTimeout(() => this.open(), waitMs);
  }
}
