/** Keeps a supervisor's way to one talk: opens it, opens it again where it breaks, lets it go. */

import { useEffect, useRef, useState } from "react";
import { ListenCall } from "../../media/listen_call";
import { Microphones } from "../../media/microphone";
import { follow, type Listening, type ListeningEvent, NOT_LISTENING } from "../../state/listening";
import { desk, Refusal } from "../../wire/http";
import type { BoardTalk, IceServer, SupervisorMode } from "../../wire/made";

const AGAIN_MS = 2_000;
const TRIES_MAX = 8;
/** The code for a microphone that is not there. */
export const NO_MICROPHONE = "no-microphone";

export interface Shown {
  listening: Listening;
  sound: MediaStream | null;
}

const NOTHING: Shown = { listening: NOT_LISTENING, sound: null };

export class Listener {
  readonly #iceServers: readonly IceServer[];
  readonly #changed: (shown: Shown) => void;
  readonly #signedOut: () => void;
  readonly #microphones = new Microphones(() => {});
  #shown = NOTHING;
  #call: ListenCall | null = null;
  #again: ReturnType<typeof setTimeout> | undefined;
  #tries = 0;

  constructor(
    iceServers: readonly IceServer[],
    changed: (shown: Shown) => void,
    signedOut: () => void,
  ) {
    this.#iceServers = iceServers;
    this.#changed = changed;
    this.#signedOut = signedOut;
  }

  /** Listen to a talk, and to no other. */
  listen(talk: BoardTalk): void {
    this.#letGo();
    this.#tries = 0;
    this.#tell({ kind: "opening", talk });
    void this.#open(talk);
  }

  /** Be there in another way; a microphone is asked for only where one is needed. */
  async turn(mode: SupervisorMode): Promise<void> {
    const call = this.#call;
    if (call === null || this.#shown.listening.at !== "there") return;
    this.#tell({ kind: "asking", mode });
    if (mode === "listen") await call.use(null);
    else if (!(await this.#speak(call))) {
      this.#tell({ kind: "refused", code: NO_MICROPHONE });
      return;
    }
    if (call === this.#call && !call.turn(mode)) this.#broke();
  }

  /** Leave the talk. */
  stop(): void {
    this.#letGo();
    this.#tell({ kind: "left" });
  }

  /** Leave for good. */
  close(): void {
    this.#letGo();
  }

  async #speak(call: ListenCall): Promise<boolean> {
    const isThere = this.#microphones.now.stream !== null || (await this.#microphones.open());
    if (isThere) await call.use(this.#microphones.now.stream);
    return isThere;
  }

  async #open(talk: BoardTalk): Promise<void> {
    try {
      const way = await desk.wayToTalk(talk.call);
      if (this.#shown.listening.talk !== talk) return;
      this.#call = new ListenCall(way, this.#iceServers, {
        said: (said) => {
          if (said.kind === "supervising") this.#tries = 0;
          this.#tell({ kind: "said", said });
          const { at } = this.#shown.listening;
          if (at === "over") this.#letGo();
        },
        sound: (sound) => this.#show({ sound }),
        broken: () => this.#broke(),
      });
      await this.#call.open();
    } catch (error) {
      if (error instanceof Refusal && error.isNotSignedIn) this.#signedOut();
      else if (error instanceof Refusal && !error.isOutage) {
        this.#tell({ kind: "refused", code: error.code });
      } else this.#broke();
    }
  }

  #broke(): void {
    const { talk } = this.#shown.listening;
    this.#letGo();
    this.#tell({ kind: "broken" });
    this.#tries += 1;
    if (talk === null) return;
    if (this.#tries > TRIES_MAX) this.#tell({ kind: "refused", code: "unreachable" });
    else this.#again = setTimeout(() => void this.#open(talk), AGAIN_MS);
  }

  #letGo(): void {
    clearTimeout(this.#again);
    this.#call?.close();
    this.#call = null;
    this.#microphones.close();
    this.#show({ sound: null });
  }

  #tell(event: ListeningEvent): void {
    this.#show({ listening: follow(this.#shown.listening, event) });
  }

  #show(change: Partial<Shown>): void {
    this.#shown = { ...this.#shown, ...change };
    this.#changed(this.#shown);
  }
}

/** One listener for as long as the page is there. */
export function useListener(iceServers: readonly IceServer[], signedOut: () => void) {
  const [shown, show] = useState<Shown>(NOTHING);
  const leave = useRef(signedOut);
  leave.current = signedOut;
  const listener = useRef<Listener>(null);
  listener.current ??= new Listener(iceServers, show, () => leave.current());
  useEffect(() => () => listener.current?.close(), []);
  return [shown, listener.current] as const;
}
