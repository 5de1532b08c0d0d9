/**
 * Keeps the adviser's words: on this computer at once, at the server as soon as it can be reached.
 */

import {
  asWritten,
  compare,
  type Draft,
  isUnsaved,
  newDraft,
  notSaved,
  saved,
  write,
} from "../../state/notes";
import { desk, Refusal } from "../../wire/http";
import { draftKey, draftKeys, forget, keep, kept } from "../../wire/kept";
import type { OutcomeWritten, WrapUpNow, WriteOutcome } from "../../wire/made";

export const IDLE_MS = 2_000;
export const RETRY_MS = 5_000;
const ROUNDS_MAX = 3;

export interface NotesEnds {
  changed: (draft: Draft | null) => void;
  signedOut: () => void;
  /** The server has refused the words and will not change its mind. */
  refused: (why: string) => void;
}

type Write = (call: string, words: WriteOutcome) => Promise<OutcomeWritten>;

export class NotesKeeper {
  readonly #adviser: string;
  readonly #ends: NotesEnds;
  readonly #write: Write;
  readonly #drafts = new Map<string, Draft>();
  readonly #sending = new Set<string>();
  #call: string | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(adviser: string, ends: NotesEnds, write: Write = desk.writeOutcome) {
    this.#adviser = adviser;
    this.#ends = ends;
    this.#write = write;
  }

  /** Take up a call's words where they were left. */
  open(call: string): void {
    if (call === this.#call) return;
    this.leave();
    this.#call = call;
    this.#put(kept<Draft>(draftKey(this.#adviser, call)) ?? newDraft(call));
  }

  /** Let go of the call, once its words are safe. */
  leave(): void {
    const call = this.#call;
    this.#call = null;
    if (call === null) return;
    this.#ends.changed(null);
    void this.#send(call);
  }

  /** Take the server's words where they are the later ones. */
  compare(server: WrapUpNow): void {
    const draft = this.#drafts.get(server.call);
    if (draft !== undefined) this.#put(compare(draft, server));
  }

  /** Put other words; they are sent when the adviser pauses. */
  write(change: Parameters<typeof write>[1]): void {
    const draft = this.#draft();
    if (draft === null) return;
    this.#put(write(draft, change));
    this.#sendIn(IDLE_MS);
  }

  /** Send now what is unsaved; say whether the server has every word. */
  async flush(): Promise<boolean> {
    const call = this.#call;
    if (call === null) return true;
    await this.#send(call);
    const draft = this.#drafts.get(call);
    return draft === undefined || !isUnsaved(draft);
  }

  /** Send what earlier calls and earlier pages have left here. */
  async sendLeftOvers(): Promise<void> {
    for (const key of draftKeys(this.#adviser)) {
      const draft = kept<Draft>(key);
      if (draft === null) continue;
      if (!this.#drafts.has(draft.call)) this.#drafts.set(draft.call, draft);
      await this.#send(draft.call);
    }
  }

  /** Stop sending; what is unsaved stays on this computer. */
  stop(): void {
    clearTimeout(this.#timer);
  }

  #draft(): Draft | null {
    return this.#call === null ? null : (this.#drafts.get(this.#call) ?? null);
  }

  #put(draft: Draft): void {
    this.#drafts.set(draft.call, draft);
    if (draft.version > 0) keep(draftKey(this.#adviser, draft.call), draft);
    if (draft.call === this.#call) this.#ends.changed(draft);
  }

  #sendIn(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.sendLeftOvers(), ms);
  }

  async #send(call: string): Promise<void> {
    if (this.#sending.has(call)) return;
    this.#sending.add(call);
    try {
      await this.#sendRounds(call);
    } catch (error) {
      this.#failed(call, error);
    } finally {
      this.#sending.delete(call);
    }
    this.#forgetIfDone(call);
  }

  /** Send until nothing was typed meanwhile; two pages of one adviser may not chase each other. */
  async #sendRounds(call: string): Promise<void> {
    for (let round = 0; round < ROUNDS_MAX; round++) {
      const sent = this.#drafts.get(call);
      if (sent === undefined || !isUnsaved(sent)) return;
      const written = await this.#write(call, asWritten(sent));
      this.#put(saved(this.#drafts.get(call) ?? sent, sent.version, written));
    }
  }

  #failed(call: string, error: unknown): void {
    const draft = this.#drafts.get(call);
    if (draft !== undefined) this.#put(notSaved(draft));
    if (!(error instanceof Refusal) || error.isOutage) this.#sendIn(RETRY_MS);
    else if (error.isNotSignedIn) this.#ends.signedOut();
    else this.#ends.refused(error.message);
  }

  #forgetIfDone(call: string): void {
    const draft = this.#drafts.get(call);
    if (draft === undefined || call === this.#call || isUnsaved(draft)) return;
    this.#drafts.delete(call);
    forget(draftKey(this.#adviser, call));
  }
}
