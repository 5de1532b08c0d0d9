/**
 * An adviser at work: the live socket, the leg of the call, the microphone and the notes, together.
 *
 * The desk server says what there is to do; this does it, and shows one picture of it all.
 */

import { LegCall } from "../../media/leg_call";
import type { Heard } from "../../media/line_stats";
import { type Microphone, Microphones, NO_MICROPHONE } from "../../media/microphone";
import { askToNotify } from "../../media/notices";
import { type Desk, hear, NEW_DESK, type Work } from "../../state/desk";
import { follow, type Leg, type LegEvent, NO_LEG } from "../../state/leg";
import type { Draft } from "../../state/notes";
import { type Line, measure, NO_LINE, worse } from "../../state/quality";
import { backoffMs, type Connection } from "../../wire/connection";
import { desk, liveUrl, Refusal } from "../../wire/http";
import { LiveSocket } from "../../wire/live_socket";
import type { AwayReason, DeskSays, Me, NodeSays, Quality, RingNow } from "../../wire/made";
import { NotesKeeper } from "./notes_keeper";

/** What was asked for and could not be done; `detail` is the server's reason, where it gave one. */
export interface Trouble {
  what: "presence" | "finish" | "more_time" | "notes" | "sign_out";
  detail: string | null;
}

export interface Seen {
  desk: Desk;
  connection: Connection;
  leg: Leg;
  line: Line;
  caller: MediaStream | null;
  microphone: Microphone;
  /** The browser is asking the person for the microphone. */
  asking: boolean;
  draft: Draft | null;
  trouble: Trouble | null;
}

const AT_FIRST: Seen = {
  desk: NEW_DESK,
  connection: { at: "connecting", attempt: 0 },
  leg: NO_LEG,
  line: NO_LINE,
  caller: null,
  microphone: NO_MICROPHONE,
  asking: false,
  draft: null,
  trouble: null,
};

const LEG_TRIES_MAX = 8;

export class AtWork {
  readonly #me: Me;
  readonly #signedOut: (ended: boolean) => void;
  readonly #live: LiveSocket;
  readonly #microphones: Microphones;
  readonly #notes: NotesKeeper;
  readonly #watchers = new Set<() => void>();
  #seen = AT_FIRST;
  #call: LegCall | null = null;
  #callToken: number | null = null;
  #legTries = 0;
  #legAgain: ReturnType<typeof setTimeout> | undefined;
  #nodeHears: Quality | null = null;
  #leftOversDue = false;

  constructor(me: Me, signedOut: (ended: boolean) => void) {
    this.#me = me;
    this.#signedOut = signedOut;
    this.#live = new LiveSocket(liveUrl(location), {
      heard: (said) => this.#heard(said),
      changed: (connection) => this.#connected(connection),
      signedOut: () => signedOut(true),
    });
    this.#microphones = new Microphones((microphone) => this.#show({ microphone }));
    this.#notes = new NotesKeeper(me.adviser, {
      changed: (draft) => this.#show({ draft }),
      signedOut: () => signedOut(true),
      refused: (detail) => this.#show({ trouble: { what: "notes", detail } }),
    });
  }

  readonly seen = (): Seen => this.#seen;

  readonly watch = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };

  /** Come to work: connect, and open the microphone where that needs no question. */
  start(): void {
    this.#live.open();
    void this.#microphones.openIfAllowed().then(() => this.#openLeg());
  }

  /** Leave: close everything. */
  stop(): void {
    this.#closeLeg();
    this.#live.close();
    this.#microphones.close();
    this.#notes.stop();
  }

  /** Connect again at once. */
  tryNow(): void {
    this.#live.open();
  }

  /** Take the desk back from another tab. */
  useHere(): void {
    const { draft, microphone } = this.#seen;
    this.#show({ ...AT_FIRST, draft, microphone });
    this.#live.open();
  }

  /** Ask for the microphone; say whether it is there. */
  async setUpMicrophone(device: string | null = null): Promise<boolean> {
    this.#show({ asking: true });
    const isThere = await this.#microphones.open(device);
    this.#show({ asking: false });
    const stream = this.#seen.microphone.stream;
    if (isThere && stream !== null && this.#call !== null) await this.#call.use(stream);
    if (isThere) this.#openLeg();
    return isThere;
  }

  /** Be ready for calls; the microphone comes first. */
  async beReady(): Promise<void> {
    if (!(await this.#hasMicrophone())) return;
    void askToNotify();
    await this.#setPresence("ready", null);
  }

  /** Be away for a reason. */
  async beAway(reason: AwayReason): Promise<void> {
    await this.#setPresence("away", reason);
  }

  /** Take the call that rings. */
  answer(): void {
    const { sound, answering } = this.#seen.leg;
    if (sound === "none" || answering) return;
    this.#tell({ kind: "answering" });
    this.#call?.decide("answer_call");
  }

  /** Give the call back; the caller keeps the place. */
  decline(): void {
    this.#call?.decide("decline");
  }

  mute(on: boolean): void {
    this.#call?.mute(on);
    this.#tell({ kind: "muting", on });
  }

  hold(on: boolean): void {
    this.#call?.say({ kind: "hold", on });
  }

  pressKey(key: string): void {
    this.#call?.say({ kind: "key", key });
  }

  hangUp(): void {
    this.#call?.say({ kind: "hang_up" });
  }

  write(notes: string): void {
    this.#notes.write({ notes });
  }

  choose(outcome: string): void {
    this.#notes.write({ outcome });
    void this.#notes.flush();
  }

  pause(): void {
    void this.#notes.flush();
  }

  /** Finish with the call, once its words are sent; then be ready, or away for a reason. */
  async finish(reason: AwayReason | null): Promise<void> {
    const { work } = this.#seen.desk;
    if (work.at !== "wrap_up") return;
    if (reason === null && !(await this.#hasMicrophone())) return;
    await this.#notes.flush();
    await this.#ask("finish", async () => {
      const then = reason === null ? "ready" : "away";
      this.#answered(await desk.finishWrapUp({ call: work.call, then, reason }));
    });
  }

  async moreTime(): Promise<void> {
    await this.#ask("more_time", async () => this.#answered(await desk.moreTime()));
  }

  async signOut(): Promise<void> {
    await this.#notes.flush();
    await this.#ask("sign_out", async () => {
      await desk.signOut();
      this.#signedOut(false);
    });
  }

  forgetTrouble(): void {
    this.#show({ trouble: null });
  }

  async #hasMicrophone(): Promise<boolean> {
    return this.#seen.microphone.stream !== null || this.setUpMicrophone();
  }

  async #setPresence(state: "ready" | "away", reason: AwayReason | null): Promise<void> {
    await this.#ask("presence", async () => {
      this.#answered(await desk.setPresence({ state, reason }));
    });
  }

  async #ask(what: Trouble["what"], question: () => Promise<void>): Promise<void> {
    this.#show({ trouble: null });
    try {
      await question();
    } catch (error) {
      const refusal = error instanceof Refusal ? error : null;
      if (refusal?.isNotSignedIn) this.#signedOut(true);
      else this.#show({ trouble: { what, detail: refusal?.message || null } });
    }
  }

  /**
   * Take the answer to a question, unless the live socket tells the same in its order: the answer
   * "ready" may come after the ring that followed it.
   */
  #answered(said: DeskSays): void {
    if (this.#seen.connection.at !== "live") this.#heard(said);
  }

  #heard(said: DeskSays): void {
    const before = this.#seen.desk;
    const now = hear(before, said, performance.now());
    this.#show({ desk: now });
    if (said.kind === "wrap_up") {
      this.#notes.open(said.call);
      this.#notes.compare(said);
    }
    if (now.replaced) this.#step(NEW_DESK.work);
    else if (now.work !== before.work) this.#step(now.work);
    if (said.kind === "replaced") this.#live.close();
    this.#sendLeftOvers();
  }

  /** Only once it is known which call is the present one: its words are no left-overs. */
  #sendLeftOvers(): void {
    if (!this.#leftOversDue || !isToldWhole(this.#seen.desk)) return;
    this.#leftOversDue = false;
    void this.#notes.sendLeftOvers();
  }

  /** Do what the work now asks for. */
  #step(work: Work): void {
    const token = tokenOf(work);
    if (token === null || token !== this.#callToken) this.#closeLeg();
    switch (work.at) {
      case "nothing":
        this.#notes.leave();
        return;
      case "ringing":
        this.#notes.leave();
        this.#openLeg();
        return;
      case "talking":
        this.#notes.open(work.call);
        this.#openLeg();
        return;
      case "wrap_up":
        this.#notes.open(work.call);
    }
  }

  /** Open a leg for the call that rings, or for a talk whose leg this page does not have. */
  #openLeg(): void {
    const ring = rangFor(this.#seen.desk.work);
    const microphone = this.#seen.microphone.stream;
    if (ring === null || this.#call !== null || microphone === null) return;
    this.#callToken = ring.token;
    this.#tell({ kind: "opening", call: ring.call });
    const { answering, muted } = this.#seen.leg;
    this.#call = new LegCall(ring, this.#me.ice_servers, {
      said: (said) => this.#nodeSaid(ring, said),
      caller: (caller) => this.#show({ caller }),
      line: (heard) => this.#measured(heard),
      broken: () => this.#legBroke(),
    });
    if (answering) this.#call.decide("answer_call");
    if (muted) this.#call.mute(true);
    void this.#call.open(microphone);
  }

  #closeLeg(): void {
    clearTimeout(this.#legAgain);
    this.#call?.close();
    this.#call = null;
    this.#callToken = null;
    this.#legTries = 0;
    this.#nodeHears = null;
    this.#show({ caller: null, line: NO_LINE });
    this.#tell({ kind: "gone" });
  }

  #nodeSaid(ring: RingNow, said: NodeSays): void {
    this.#tell({ kind: "said", said });
    if (said.kind === "quality") this.#nodeHears = said;
    if (said.kind === "bridged") {
      // The node's word comes first, also while the desk's own socket is down.
      this.#heard({ kind: "talk", call: ring.call, token: said.token, talked_ms: 0, ring: null });
    }
  }

  #legBroke(): void {
    this.#call = null;
    this.#show({ caller: null });
    this.#tell({ kind: "broken" });
    this.#legTries += 1;
    if (this.#legTries > LEG_TRIES_MAX) return;
    const waitMs = backoffMs(this.#legTries, Math.random());
    this.#legAgain = setTimeout(() => this.#reopenLeg(), waitMs);
  }

  /** The ticket of a ring serves as long as it rings; a talk asks the desk for a fresh one. */
  #reopenLeg(): void {
    if (this.#seen.desk.work.at === "talking") this.#live.open();
    else this.#openLeg();
  }

  #measured(mine: Heard): void {
    this.#legTries = 0;
    const theirs = this.#nodeHears;
    const sample =
      theirs === null
        ? mine
        : worse(mine, {
            lossRatio: theirs.loss_ratio,
            jitterMs: theirs.jitter_ms,
            delayMs: theirs.delay_ms,
          });
    this.#show({ line: measure(this.#seen.line, sample) });
  }

  #connected(connection: Connection): void {
    this.#show({ connection });
    if (connection.at === "live") this.#leftOversDue = true;
    if (connection.at === "waiting") void this.#checkSession();
  }

  /** A socket that does not open does not say why: ask whether we are still signed in. */
  async #checkSession(): Promise<void> {
    try {
      await desk.me();
    } catch (error) {
      if (error instanceof Refusal && error.isNotSignedIn) this.#signedOut(true);
    }
  }

  #tell(event: LegEvent): void {
    this.#show({ leg: follow(this.#seen.leg, event, performance.now()) });
  }

  #show(change: Partial<Seen>): void {
    this.#seen = { ...this.#seen, ...change };
    for (const watcher of this.#watchers) watcher();
  }
}

/** Say whether the desk has told both how the adviser stands and what there is to do. */
function isToldWhole({ standing, work }: Desk): boolean {
  const hasWork = standing?.state === "talking" || standing?.state === "wrap_up";
  return standing !== null && (!hasWork || work.at !== "nothing");
}

/** Say whether caller and adviser can hear each other now. */
export function isUp(seen: Seen): boolean {
  const { work } = seen.desk;
  return work.at === "talking" && (seen.leg.sound === "bridged" || seen.leg.sound === "attached");
}

/** Return what a leg can be opened with. */
function rangFor(work: Work): RingNow | null {
  return work.at === "ringing" || work.at === "talking" ? work.ring : null;
}

function tokenOf(work: Work): number | null {
  if (work.at === "ringing") return work.ring.token;
  return work.at === "talking" ? work.token : null;
}
