/** Keeps all chats of an adviser, each at its seat. */

import type { ChatNow } from "../../wire/made";
import { ChatKeeper, type ChatSeen } from "./chat_keeper";

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

  stop(): void {
    for (const chat of this.#chats.values()) chat.stop();
  }

  #tell(): void {
    const seats = [...this.#chats.keys()].sort();
    this.#changed(seats.flatMap((seat) => this.#chats.get(seat)?.seen ?? []));
  }
}
