/**
 * Keeps one of the adviser's chats: its socket to the node, its texts, and what is unread.
 */

import { callOf, type Desk, hear, NEW_DESK, type Work } from "../../state/desk";
import * as letters from "../../state/letters";
import { BeatingSocket } from "../../wire/beating_socket";
import { backoffMs } from "../../wire/connection";
import { desk } from "../../wire/http";
import { forget, keep, kept } from "../../wire/kept";
import type { AdviserSays, ChatNow, NodeSays, RingNow } from "../../wire/made";

/** Stands where a call has its SDP. */
const TEXT_OFFER = "text";
const AGAIN_AFTER_MS = 1_500;
const TYPING_FOR_MS = 4_000;
/** Whoever chats is not left to longer and longer waits. */
const STEP_MAX = 4;

export interface ChatSeen {
  seat: string;
  work: Work;
  texts: readonly letters.ShownText[];
  /** Texts of the caller that came while another chat was in front. */
  unread: number;
  isTyping: boolean;
  /** The caller's page is there. */
  callerIsHere: boolean;
  /** There is a way to the node. */
  isOpen: boolean;
  /** What was asked for could not be done. */
  failed: boolean;
}

/** Return the chats that ring or are under way; an ended one that is still shown is none. */
export function openOf(chats: readonly ChatSeen[]): readonly ChatSeen[] {
  return chats.filter(({ work }) => work.at === "ringing" || work.at === "talking");
}

export class ChatKeeper {
  readonly #changed: () => void;
  #desk: Desk = NEW_DESK;
  #letters = letters.NO_LETTERS;
  #call: string | null = null;
  #socket: BeatingSocket<NodeSays, AdviserSays> | null = null;
  #nodeUrl: string | null = null;
  #wish: "answer_call" | "decline" | null = null;
  #attached = false;
  #tries = 0;
  #again: ReturnType<typeof setTimeout> | undefined;
  #later: ReturnType<typeof setTimeout> | undefined;
  #typingEnds: ReturnType<typeof setTimeout> | undefined;
  #inFront = false;
  #saidTyping = false;
  #seen: ChatSeen;

  constructor(seat: string, changed: () => void) {
    this.#changed = changed;
    const work = NEW_DESK.work;
    this.#seen = {
      seat,
      work,
      texts: [],
      unread: 0,
      isTyping: false,
      callerIsHere: true,
      isOpen: false,
      failed: false,
    };
  }

  get seen(): ChatSeen {
    return this.#seen;
  }

  /** The desk tells what is new. */
  heard(said: ChatNow["said"]): void {
    const before = this.#desk.work;
    this.#desk = hear(this.#desk, said, performance.now());
    const { work } = this.#desk;
    if (work === before) return;
    this.#begin(callOf(work));
    this.#show({ work, failed: false });
    if (work.at === "ringing" || work.at === "talking") this.#open(work.ring);
    else this.#closeSocket();
  }

  /** Take the chat, or give it back. */
  decide(wish: "answer_call" | "decline"): void {
    this.#wish = wish;
    if (this.#attached) this.#socket?.say({ kind: wish });
  }

  write(words: string): void {
    const id = crypto.randomUUID().replaceAll("-", "");
    this.#take(letters.write(this.#letters, id, words));
    this.typing(false);
  }

  typing(on: boolean): void {
    if (on === this.#saidTyping) return;
    this.#saidTyping = on;
    this.#socket?.say({ kind: "typing", on });
  }

  /** Say whether this chat is the one in front: then it has nothing unread. */
  show(inFront: boolean): void {
    this.#inFront = inFront;
    if (inFront && this.#seen.unread > 0) this.#show({ unread: 0 });
  }

  /** End the chat: at its node, or at the desk where there is no way to the node. */
  end(): void {
    const call = this.#call;
    if (this.#seen.isOpen && this.#socket?.say({ kind: "hang_up", call: null })) return;
    if (call !== null) void this.#ask(() => desk.endTalk(call));
  }

  /** Give the caller back to the queue, for another adviser, if there is a way to the node. */
  handBack(): void {
    if (this.#desk.work.at === "ringing") this.decide("decline");
    else this.#socket?.say({ kind: "hand_back" });
  }

  /** Put an ended chat away, with an outcome if there is one. */
  finish(outcome: string | null): void {
    const call = this.#call;
    if (call === null) return;
    void this.#ask(async () => {
      if (outcome !== null) await desk.writeOutcome(call, { outcome, notes: "", version: 1 });
      await desk.finishWrapUp({ call, then: "ready", reason: null });
    });
  }

  stop(): void {
    this.#closeSocket();
  }

  async #ask(question: () => Promise<unknown>): Promise<void> {
    this.#show({ failed: false });
    try {
      await question();
    } catch {
      this.#show({ failed: true });
    }
  }

  /** Have the texts of another call, or of none. */
  #begin(call: string | null): void {
    if (call === this.#call) return;
    if (this.#call !== null) forget(keyOf(this.#call), sessionStorage);
    this.#call = call;
    this.#closeSocket();
    this.#wish = null;
    this.#tries = 0;
    const own = call === null ? null : kept<letters.OwnText[]>(keyOf(call), sessionStorage);
    this.#letters = { ...letters.NO_LETTERS, own: own ?? [] };
    this.#show({
      texts: letters.shownOf(this.#letters),
      unread: 0,
      isTyping: false,
      callerIsHere: true,
    });
  }

  #open(ring: RingNow | null): void {
    if (ring === null || (this.#socket !== null && ring.node_url === this.#nodeUrl)) return;
    this.#closeSocket();
    this.#nodeUrl = ring.node_url;
    this.#letters = letters.opened(this.#letters);
    this.#socket = new BeatingSocket<NodeSays, AdviserSays>(ring.node_url, {
      opened: () =>
        this.#socket?.say({
          kind: "attach",
          ticket: ring.ticket,
          sdp: TEXT_OFFER,
          phone: null,
          recording: null,
        }),
      heard: (said) => this.#hear(said),
      ended: () => this.#broke(),
    });
  }

  #hear(said: NodeSays): void {
    switch (said.kind) {
      case "answer":
        this.#attached = true;
        this.#tries = 0;
        if (this.#wish !== null) this.#socket?.say({ kind: this.#wish });
        this.#show({ isOpen: true });
        break;
      case "so_far":
        this.#take(letters.heardSoFar(this.#letters));
        break;
      case "written":
        this.#written(said.by === "caller");
        this.#take(letters.hear(this.#letters, said));
        break;
      case "not_written":
        if (letters.mayLater(said)) {
          clearTimeout(this.#later);
          this.#later = setTimeout(() => this.#next(), AGAIN_AFTER_MS);
        } else this.#take(letters.refuse(this.#letters, said));
        break;
      case "caller_heard":
        this.#show({ callerIsHere: said.on });
        break;
      case "typing":
        this.#typing(said.on);
        break;
      case "over":
        this.#closeSocket();
    }
  }

  /** Count what comes from the caller behind another chat; what comes again is no news. */
  #written(byCaller: boolean): void {
    if (byCaller) this.#typing(false);
    if (byCaller && !this.#inFront && this.#letters.isOpen) {
      this.#show({ unread: this.#seen.unread + 1 });
    }
  }

  #typing(on: boolean): void {
    clearTimeout(this.#typingEnds);
    if (on) this.#typingEnds = setTimeout(() => this.#typing(false), TYPING_FOR_MS);
    if (on !== this.#seen.isTyping) this.#show({ isTyping: on });
  }

  #take(after: letters.Letters): void {
    const before = letters.nextOf(this.#letters);
    this.#letters = after;
    if (this.#call !== null) keep(keyOf(this.#call), after.own, sessionStorage);
    this.#show({ texts: letters.shownOf(after) });
    if (letters.nextOf(after)?.id !== before?.id) this.#next();
  }

  #next(): void {
    const next = letters.nextOf(this.#letters);
    if (next === null) return;
    this.#socket?.say({ kind: "write", text: next.id, words: next.words, order: next.order });
  }

  #broke(): void {
    this.#closeSocket();
    this.#tries += 1;
    const ms = backoffMs(Math.min(this.#tries, STEP_MAX), Math.random());
    this.#again = setTimeout(() => void this.#reopen(), ms);
  }

  /** A ring's ticket serves as long as it rings; a chat asks the desk for a fresh one. */
  async #reopen(): Promise<void> {
    const { work } = this.#desk;
    if (work.at === "ringing") this.#open(work.ring);
    if (work.at !== "talking") return;
    try {
      this.heard(await desk.talk(work.call));
    } catch {
      // the ticket that is here may serve for a while
    }
    const now = this.#desk.work;
    if (now.at === "talking" && this.#socket === null) this.#open(now.ring);
  }

  #closeSocket(): void {
    clearTimeout(this.#again);
    clearTimeout(this.#later);
    this.#socket?.close();
    this.#socket = null;
    this.#nodeUrl = null;
    this.#attached = false;
    this.#saidTyping = false;
    this.#typing(false);
    if (this.#seen.isOpen) this.#show({ isOpen: false });
  }

  #show(change: Partial<ChatSeen>): void {
    this.#seen = { ...this.#seen, ...change };
    this.#changed();
  }
}

function keyOf(call: string): string {
  return `contactcentre.texts.${call}`;
}
