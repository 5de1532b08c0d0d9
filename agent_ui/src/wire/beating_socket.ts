/**
 * One WebSocket whose both ends beat, so that a peer that has stopped is seen.
 *
 * It is opened once and ends once; `live_socket.ts` keeps one of these open at a time.
 */

import { LIMITS } from "./made";

export interface Ends<Heard> {
  opened?: () => void;
  heard: (said: Heard) => void;
  /** Called exactly once, unless this side closed the socket; with the peer's code, if any. */
  ended: (code: number | null) => void;
}

interface Kind {
  kind: string;
}

export class BeatingSocket<Heard extends Kind, Says extends Kind> {
  readonly #socket: WebSocket;
  readonly #ends: Ends<Heard>;
  #beats: ReturnType<typeof setInterval> | undefined;
  #watch: ReturnType<typeof setTimeout> | undefined;
  #isOver = false;

  constructor(url: string, ends: Ends<Heard>) {
    this.#ends = ends;
    this.#socket = new WebSocket(url);
    this.#socket.onopen = () => this.#opened();
    this.#socket.onmessage = (event) => this.#heard(event.data);
    this.#socket.onclose = (event) => this.#end(event.code);
    this.#wind();
  }

  /** Say something; say whether the socket was open to take it. */
  say(said: Says): boolean {
    if (this.#isOver || this.#socket.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(said));
    return true;
  }

  /** Close without a word to the owner, who knows. */
  close(): void {
    this.#stop();
    this.#socket.close(1000);
  }

  #opened(): void {
    if (this.#isOver) return;
    this.#wind();
    this.#beats = setInterval(
      () => this.#socket.send('{"kind":"beat"}'),
      LIMITS.SOCKET_BEAT_EVERY_MS,
    );
    this.#ends.opened?.();
  }

  #heard(data: unknown): void {
    if (this.#isOver) return;
    this.#wind();
    const said = parsed<Heard>(data);
    if (said !== null) this.#ends.heard(said);
  }

  /** Start the watch again: whoever says nothing for so long is gone. */
  #wind(): void {
    clearTimeout(this.#watch);
    this.#watch = setTimeout(() => {
      this.#socket.close();
      this.#end(null);
    }, LIMITS.SOCKET_LOST_AFTER_MS);
  }

  #stop(): void {
    this.#isOver = true;
    clearTimeout(this.#watch);
    clearInterval(this.#beats);
  }

  #end(code: number | null): void {
    if (this.#isOver) return;
    this.#stop();
    this.#ends.ended(code);
  }
}

/** Return a message, or null for what is none: a newer server may say more than we know. */
function parsed<Heard extends Kind>(data: unknown): Heard | null {
  if (typeof data !== "string") return null;
  try {
    const said: unknown = JSON.parse(data);
    return typeof said === "object" && said !== null && "kind" in said ? (said as Heard) : null;
  } catch {
    return null;
  }
}
