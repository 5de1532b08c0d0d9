/**
 * Keeps the adviser's leg to the call: opens it, opens it again where it breaks, lets it go.
 */

import { LegCall, type Sound } from "../../media/leg_call";
import type { Heard } from "../../media/line_stats";
import { follow, type Leg, type LegEvent, NO_LEG, seen } from "../../state/leg";
import { type Line, measure, NO_LINE, worse } from "../../state/quality";
import { backoffMs } from "../../wire/connection";
import type { AdviserSays, IceServer, NodeSays, Quality, RingNow } from "../../wire/made";

const TRIES_MAX = 8;
/** Whoever is in a talk is not left to longer and longer waits. */
const PATIENT_STEP_MAX = 4;
/** Why a number is never rung from here, whoever asks again. */
const NOT_ALLOWED = "number-not-allowed";
/** The adviser wants the number rung no longer. */
const GIVEN_UP = "given_up";
/** For so long it is said that a broken line is whole again. */
export const SETTLED_MS = 6_000;

export interface LegShown {
  leg: Leg;
  line: Line;
  caller: MediaStream | null;
}

export interface LegKeeperEnds {
  changed: (shown: LegShown) => void;
  bridged: (ring: RingNow, token: number) => void;
  /** The leg has broken and it is time to open it again. */
  again: () => void;
}

export class LegKeeper {
  readonly #iceServers: readonly IceServer[];
  readonly #ends: LegKeeperEnds;
  #shown: LegShown = { leg: NO_LEG, line: NO_LINE, caller: null };
  #call: LegCall | null = null;
  #token: number | null = null;
  #nodeUrl: string | null = null;
  #isPatient = false;
  /** The node rings the number of a callback, and nobody has answered yet. */
  #isDialling = false;
  #tries = 0;
  #again: ReturnType<typeof setTimeout> | undefined;
  #settling: ReturnType<typeof setTimeout> | undefined;
  #nodeHears: Quality | null = null;

  constructor(iceServers: readonly IceServer[], ends: LegKeeperEnds) {
    this.#iceServers = iceServers;
    this.#ends = ends;
  }

  /** The reservation that the leg is for, also while it is broken. */
  get token(): number | null {
    return this.#token;
  }

  /**
   * Open the leg, if it is not open at that node; what the adviser has decided and muted goes with
   * it. In a talk (`isPatient`) it is tried for as long as the desk has the talk: the caller may
   * come back to another node.
   */
  open(ring: RingNow, sound: Sound, isPatient: boolean): void {
    this.#isPatient = isPatient;
    if (this.#call !== null && ring.node_url === this.#nodeUrl) return;
    this.#leaveNode(ring.node_url);
    this.#token = ring.token;
    this.#tell({ kind: "opening", call: ring.call });
    this.#begin(ring, sound);
  }

  #begin(ring: RingNow, sound: Sound): void {
    const { answering, muted } = this.#shown.leg;
    this.#call = new LegCall(ring, this.#iceServers, {
      said: (said) => this.#said(ring, said),
      caller: (caller) => this.#show({ caller }),
      line: (heard) => this.#measured(heard),
      broken: () => this.#broke(),
      recording: () => seen(this.#shown.leg.recording, performance.now()),
    });
    if (answering) this.#call.decide("answer_call");
    if (muted) this.#call.mute(true);
    void this.#call.open(sound);
  }

  /** Have the number of a callback rung at a node; the leg is that of the call once it is one. */
  dial(ring: RingNow, sound: Sound): void {
    if (this.#call !== null) return;
    this.#leaveNode(ring.node_url);
    this.#token = ring.token;
    this.#isDialling = true;
    this.#isPatient = true;
    this.#tell({ kind: "dialling", call: ring.call, token: ring.token });
    this.#begin(ring, sound);
  }

  /** Let go of the sound: it is about to come another way. */
  drop(): void {
    if (this.#call === null) return;
    if (this.#isDialling) {
      this.#fail("lost");
      return;
    }
    this.#call.close();
    this.#call = null;
    this.#shown = { ...this.#shown, caller: null };
    this.#tell({ kind: "broken" });
  }

  /** Try again now, if it is to be tried again later. */
  tryNow(): void {
    if (this.#again === undefined) return;
    this.#wait(null);
    this.#ends.again();
  }

  /** Let the leg go. */
  close(): void {
    this.#wait(null);
    clearTimeout(this.#settling);
    this.#call?.close();
    this.#call = null;
    this.#token = null;
    this.#nodeUrl = null;
    this.#isDialling = false;
    this.#tries = 0;
    this.#nodeHears = null;
    this.#shown = { ...this.#shown, caller: null, line: NO_LINE };
    this.#tell({ kind: "gone" });
  }

  /** Forget why the phone could not be had: it was read. */
  read(): void {
    this.#tell({ kind: "read" });
  }

  /** Take the call that rings, once. */
  answer(): void {
    const { sound, answering } = this.#shown.leg;
    if (sound === "none" || answering) return;
    this.#tell({ kind: "answering" });
    this.#call?.decide("answer_call");
  }

  /** Hand the caller to a queue; say whether the node was there to hear it. */
  transfer(queue: string): boolean {
    const isHeard = this.say({ kind: "transfer", queue });
    if (isHeard) this.#tell({ kind: "transferring", queue });
    return isHeard;
  }

  /** Give the call back. */
  decline(): void {
    this.#call?.decide("decline");
  }

  /** End the call, or the ringing; say whether the node heard it, or never has to. */
  hangUp(call: string): boolean {
    if (this.say({ kind: "hang_up", call })) return true;
    if (!this.#isDialling) return false;
    this.#fail(GIVEN_UP); // a node ends the ringing of a page that has gone, or was never reached
    return true;
  }

  mute(on: boolean): void {
    this.#call?.mute(on);
    this.#tell({ kind: "muting", on });
  }

  /** Say something to the node; say whether it was there to hear it. */
  say(said: AdviserSays): boolean {
    return this.#call?.say(said) ?? false;
  }

  /** Take the sound from another microphone. */
  async use(microphone: MediaStream): Promise<void> {
    await this.#call?.use(microphone);
  }

  /** The talk goes on at another node than the one whose leg is open, or was. */
  #leaveNode(nodeUrl: string): void {
    this.#wait(null);
    if (this.#call !== null) {
      this.#call.close();
      this.#call = null;
      this.#shown = { ...this.#shown, caller: null };
      this.#tell({ kind: "broken" });
    }
    if (nodeUrl !== this.#nodeUrl) this.#tries = 0;
    this.#nodeUrl = nodeUrl;
  }

  #said(ring: RingNow, said: NodeSays): void {
    if (this.#isDialling && said.kind === "refused") {
      this.#fail(said.code);
      return;
    }
    if (said.kind === "bridged") this.#isDialling = false;
    // A node that does not take the leg of a ring will not take it a second later either.
    if (said.kind === "refused" && this.#shown.leg.sound === "connecting") this.#tries = TRIES_MAX;
    this.#tell({ kind: "said", said });
    if (said.kind === "quality") this.#nodeHears = said;
    if (said.kind === "bridged") this.#ends.bridged(ring, said.token);
    if (said.kind === "caller_rung" && said.state === "failed") this.close();
  }

  /** Nobody was rung, for a reason that is none of the caller's. */
  #fail(why: string): void {
    const failed = { kind: "caller_rung", state: "failed", is_heard: false, found: null } as const;
    this.#tell({ kind: "said", said: { ...failed, why, may_again: why !== NOT_ALLOWED } });
    this.close();
  }

  #broke(): void {
    if (this.#isDialling) {
      this.#fail("lost");
      return;
    }
    this.#call = null;
    this.#shown = { ...this.#shown, caller: null };
    this.#tell({ kind: "broken" });
    this.#tries += 1;
    if (this.#tries > TRIES_MAX && !this.#isPatient) return;
    const step = this.#isPatient ? Math.min(this.#tries, PATIENT_STEP_MAX) : this.#tries;
    this.#wait(backoffMs(step, Math.random()));
  }

  /** Try again in a while, or (null) not any longer. */
  #wait(ms: number | null): void {
    clearTimeout(this.#again);
    this.#again = undefined;
    if (ms === null) return;
    this.#again = setTimeout(() => {
      this.#again = undefined;
      this.#ends.again();
    }, ms);
  }

  #measured(mine: Heard): void {
    this.#tries = 0;
    const theirs = this.#nodeHears;
    const sample =
      theirs === null
        ? mine
        : worse(mine, {
            lossRatio: theirs.loss_ratio,
            jitterMs: theirs.jitter_ms,
            delayMs: theirs.delay_ms,
          });
    this.#show({ line: measure(this.#shown.line, sample) });
  }

  #tell(event: LegEvent): void {
    const before = this.#shown.leg;
    const leg = follow(before, event, performance.now());
    if (leg.mending === "done" && before.mending !== "done") {
      clearTimeout(this.#settling);
      this.#settling = setTimeout(() => this.#tell({ kind: "settled" }), SETTLED_MS);
    }
    this.#show({ leg });
  }

  #show(change: Partial<LegShown>): void {
    this.#shown = { ...this.#shown, ...change };
    this.#ends.changed(this.#shown);
  }
}
