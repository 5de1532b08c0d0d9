/** Keeps all chats of an adviser, each at its seat. */

import { desk } from "../../wire/http";
import type { ChatNow } from "../../wire/made";
import { ChatKeeper, type ChatSeen, openOf } from "./chat_keeper";

/** A node that lives has put a caller back by then. */
const BACK_WITHIN_MS = 4_000;
const LOOK_EVERY_MS = 200;

export class ChatsKeeper {
  readonly #changed: (chats: readonly ChatSeen[]) => void;
  readonly #chats = new Map<string, ChatKeeper>();

  constructor(changed: (chats: readonly ChatSeen[]) => void) {
    this.#changed = changed;
  }

  heard(said: ChatNow): void {
    const chat = this.#chats.get(said.seat) ?? new ChatKeeper(said.seat, () => this.#tell());
    this.#chats.set(said.seat, chat);
    chat.heard(said.said);
  }

  at(seat: string): ChatKeeper | undefined {
    return this.#chats.get(seat);
  }

  /** Put one chat in front, or (null) none. */
  show(seat: string | null): void {
    for (const [one, chat] of this.#chats) chat.show(one === seat);
  }

  /** Give every caller back to the queue, for another adviser: further ones are kept away first. */
  async handBack(): Promise<void> {
    if (openOf(this.seen).length === 0) return;
    await desk.setPresence({ state: "away", reason: "other_work" });
    const until = performance.now() + BACK_WITHIN_MS;
    while (openOf(this.seen).length > 0 && performance.now() < until) {
      for (const { seat } of openOf(this.seen)) this.at(seat)?.handBack();
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  }

  get seen(): readonly ChatSeen[] {
    return [...this.#chats.keys()].sort().flatMap((seat) => this.#chats.get(seat)?.seen ?? []);
  }

  stop(): void {
    for (const chat of this.#chats.values()) chat.stop();
  }

  #tell(): void {
    this.#changed(this.seen);
  }
}
