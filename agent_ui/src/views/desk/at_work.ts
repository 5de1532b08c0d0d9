/**
 * An adviser at work: the live socket, the leg of the call, the microphone and the notes, together.
 *
 * The desk server says what there is to do; this does it, and shows one picture of it all.
 */

import type { Sound } from "../../media/leg_call";
import { Microphones } from "../../media/microphone";
import { askToNotify } from "../../media/notices";
import { hear, isCall, isToldWhole, NEW_DESK, rangFor, tokenOf, type Work } from "../../state/desk";
import type { Connection } from "../../wire/connection";
import { desk, liveUrl, Refusal } from "../../wire/http";
import { LiveSocket } from "../../wire/live_socket";
import type { AwayReason, DeskSays, Me, RingNow } from "../../wire/made";
import { CallbackKeeper } from "./callback_keeper";
import { ChatsKeeper } from "./chats_keeper";
import { LegKeeper } from "./leg_keeper";
import { NotesKeeper } from "./notes_keeper";
import { PhoneKeeper, type PhoneRefusal } from "./phone_keeper";
import { AT_FIRST, isRinging, isUp, type Seen, type Trouble } from "./seen";

export { isUp, type Seen, type Trouble } from "./seen";

export class AtWork {
  readonly #signedOut: (ended: boolean) => void;
  readonly #live: LiveSocket;
  readonly #microphones: Microphones;
  readonly #notes: NotesKeeper;
  readonly chats = new ChatsKeeper((chats) => this.#show({ chats }));
  readonly callback: CallbackKeeper;
  readonly #leg: LegKeeper;
  readonly #phone: PhoneKeeper;
  readonly #watchers = new Set<() => void>();
  #seen: Seen = AT_FIRST;
  #leftOversDue = false;
  /** The talk that the adviser has asked to end, by its reservation. */
  #ending: number | null = null;

  constructor(me: Me, signedOut: (ended: boolean) => void) {
    this.#signedOut = signedOut;
    this.#live = new LiveSocket(liveUrl(location), {
      heard: (said) => this.#heard(said),
      changed: (connection) => this.#connected(connection),
      signedOut: () => signedOut(true),
    });
    this.#microphones = new Microphones((microphone) => this.#show({ microphone }));
    this.#phone = new PhoneKeeper(me.adviser, me.may_use_phone, (phone) => this.#show({ phone }));
    this.#seen = { ...AT_FIRST, phone: this.#phone.now };
    this.#notes = new NotesKeeper(me.adviser, {
      changed: (draft) => this.#show({ draft }),
      signedOut: () => signedOut(true),
      refused: (detail) => this.#show({ trouble: { what: "notes", detail } }),
    });
    this.callback = new CallbackKeeper(me, {
      signedOut: () => signedOut(true),
      untold: (detail) => this.#show({ trouble: { what: "callback_kept", detail } }),
      seen: this.seen,
      ask: (question) => this.#ask("callback", question),
      sound: async () => ((await this.#hasSound()) ? this.#sound : null),
      dial: (ring, sound) => this.#leg.dial(ring, sound),
    });
    this.#leg = new LegKeeper(me.ice_servers, {
      changed: (shown) => this.#show(shown),
      bridged: (ring, token) => this.#bridged(ring, token),
      again: () => this.#reopenLeg(),
    });
  }

  readonly seen = (): Seen => this.#seen;
  readonly record = (on: boolean): boolean => this.#leg.say({ kind: "record", on });
  readonly mute = (on: boolean): void => this.#leg.mute(on);
  readonly hold = (on: boolean): boolean => this.#leg.say({ kind: "hold", on });
  readonly pressKey = (key: string): boolean => this.#leg.say({ kind: "key", key });
  readonly write = (notes: string): void => this.#notes.write({ notes });
  readonly pause = (): void => void this.#notes.flush();
  readonly choosePhone = (choosing: boolean): void => this.#show({ choosingPhone: choosing });
  readonly forgetTrouble = (): void => this.#show({ trouble: null });
  readonly stayOnPhone = (): void => this.#phone.stay();
  readonly forgetPhoneFailure = (): void => this.#leg.read();

  readonly watch = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };

  /** Come to work: connect, and open the microphone where that needs no question. */
  start(): void {
    addEventListener("online", this.#online);
    this.#live.open();
    void this.#microphones.openIfAllowed().then(() => this.#openLeg());
  }

  /** Leave: close everything. */
  stop(): void {
    removeEventListener("online", this.#online);
    this.#leg.close();
    this.chats.stop();
    this.#live.close();
    this.#microphones.close();
    this.#notes.stop();
    this.callback.words.stop();
  }

  /** Connect again at once. */
  tryNow(): void {
    this.#live.open();
  }

  /** Take the desk back from another tab. */
  useHere(): void {
    const { draft, microphone, phone } = this.#seen;
    this.#show({ ...AT_FIRST, draft, microphone, phone });
    this.#live.open();
  }

  /** Ask for the microphone; say whether it is there. */
  async setUpMicrophone(device: string | null = null): Promise<boolean> {
    this.#show({ asking: true });
    const isThere = await this.#microphones.open(device);
    this.#show({ asking: false });
    const stream = this.#seen.microphone.stream;
    if (isThere && stream !== null && this.#phone.inUse === null) await this.#leg.use(stream);
    if (isThere) this.#openLeg();
    return isThere;
  }

  /** Take the sound on a phone from now on; return why that may not be, or null. */
  async usePhone(number: string): Promise<PhoneRefusal | null> {
    const refusal = await this.#phone.use(number);
    if (refusal === null) this.#changeSound();
    return refusal;
  }

  /** Take the sound in this browser, from that microphone; a phone stays if there is none. */
  async useBrowser(device: string | null): Promise<void> {
    const isThere = await this.setUpMicrophone(device);
    if (this.#phone.leave(isThere)) this.#changeSound();
  }

  /** Be ready for calls; the sound comes first. */
  async beReady(): Promise<void> {
    if (!(await this.#hasSound())) return;
    void askToNotify();
    this.#leg.read();
    await this.#setPresence("ready", null);
  }

  /** Be away for a reason. */
  async beAway(reason: AwayReason): Promise<void> {
    await this.#setPresence("away", reason);
  }

  /** Take the call that rings. */
  answer(): void {
    if (this.callback.ring !== null) void this.callback.say("take");
    else this.#leg.answer();
  }

  /** Give the call back; the caller keeps the place. */
  decline(): void {
    if (this.callback.ring !== null) void this.callback.say("decline");
    else this.#leg.decline();
  }

  openTransfer(open: boolean): void {
    this.#show({ transferring: open && isUp(this.#seen) });
  }

  /** Hand the caller to a queue; say whether the node was there to hear it. */
  transfer(queue: string): boolean {
    return this.#leg.transfer(queue);
  }

  /** Ask somebody of a queue, or a colleague, about the caller; say whether the node heard it. */
  ask(whom: { queue: string | null; adviser: string | null }): boolean {
    return this.#leg.say({ kind: "ask", ...whom });
  }

  /** Ask an outside number about the caller, who is left there at once if `handsOver`. */
  askOutside(outside: string, handsOver: boolean): boolean {
    return this.#leg.say({ kind: "ask_outside", outside, hands_over: handsOver });
  }

  /** Do something about the one who is asked. */
  consult(what: "merge" | "hand_over" | "drop_consult"): void {
    this.#leg.say({ kind: what });
  }

  /** End the call: at its node, or at the desk where there is no way to the node. */
  hangUp(): void {
    const { work } = this.#seen.desk;
    this.#ending = tokenOf(work);
    if (work.at !== "talking") return;
    if ((isUp(this.#seen) || isRinging(this.#seen)) && this.#leg.hangUp(work.call)) return;
    if (this.callback.ring !== null) return;
    void this.#ask("end", async () => this.#answered(await desk.endTalk(work.call)));
  }

  choose(outcome: string): void {
    this.#notes.write({ outcome });
    void this.#notes.flush();
  }

  /** Finish with the call, once its words are sent; then be ready, or away for a reason. */
  async finish(reason: AwayReason | null): Promise<void> {
    const { work } = this.#seen.desk;
    if (work.at !== "wrap_up") return;
    if (reason === null && !(await this.#hasSound())) return;
    await this.#notes.flush();
    await this.#ask("finish", async () => {
      const then = reason === null ? "ready" : "away";
      this.#answered(await desk.finishWrapUp({ call: work.call, then, reason }));
    });
  }

  async moreTime(): Promise<void> {
    await this.#ask("more_time", async () => this.#answered(await desk.moreTime()));
  }

  /** Sign out; callers who chat go back to their places first. */
  async signOut(): Promise<void> {
    await this.#notes.flush();
    await this.#ask("sign_out", async () => {
      await this.chats.handBack();
      await desk.signOut();
      this.#signedOut(false);
    });
  }

  get #sound(): Sound | null {
    return this.#phone.inUse ?? this.#seen.microphone.stream;
  }

  async #hasSound(): Promise<boolean> {
    return this.#sound !== null || this.setUpMicrophone();
  }

  /** Let the sound of a ring or talk come from where the adviser wants it now. */
  #changeSound(): void {
    this.#leg.drop();
    this.#reopenLeg();
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
    if (said.kind === "chat") {
      this.chats.heard(said);
      return;
    }
    const before = this.#seen.desk;
    const now = hear(before, said, performance.now());
    this.#show({ desk: now });
    if (said.kind === "wrap_up") {
      this.#notes.open(said.call);
      this.#notes.compare(said);
    }
    if (now.replaced) this.chats.stop();
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
    if (token === null || token !== this.#leg.token) this.#leg.close();
    if (work.at !== "talking") this.openTransfer(false);
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
    const { work } = this.#seen.desk;
    const ring = rangFor(work);
    const sound = this.#sound;
    if (ring === null || !isCall(ring) || sound === null) return;
    this.#leg.open(ring, sound, work.at === "talking");
  }

  /** The node's word comes first, also while the desk's own socket is down. */
  #bridged(ring: RingNow, token: number): void {
    this.#heard({ kind: "talk", call: ring.call, token, talked_ms: 0, ring: null });
  }

  /**
   * The ticket of a ring serves as long as it rings; a talk asks the desk for a fresh one, unless
   * its end was asked of a node that hung and never heard it.
   */
  #reopenLeg(): void {
    const { work } = this.#seen.desk;
    if (work.at !== "talking") this.#openLeg();
    else if (work.token === this.#ending) this.hangUp();
    else void this.#reopenTalk();
  }

  /** Where the desk cannot be asked, the ticket that is here may serve for a while. */
  async #reopenTalk(): Promise<void> {
    try {
      const talk = await desk.talk();
      if (talk.token === tokenOf(this.#seen.desk.work)) this.#heard(talk);
    } catch (error) {
      if (error instanceof Refusal && error.isNotSignedIn) this.#signedOut(true);
    }
    if (this.#seen.desk.work.at === "talking") this.#openLeg();
  }

  /** The computer is back on its network: nothing has to wait for its next attempt. */
  readonly #online = (): void => {
    if (this.#seen.connection.at === "waiting") this.#live.open();
    this.#leg.tryNow();
  };

  #connected(connection: Connection): void {
    this.#show({ connection });
    if (connection.at === "live") {
      this.#leftOversDue = true;
      void this.callback.words.send();
    }
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

  #show(change: Partial<Seen>): void {
    this.#seen = { ...this.#seen, ...change };
    for (const watcher of this.#watchers) watcher();
  }
}
