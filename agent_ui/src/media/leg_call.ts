/**
 * The adviser's leg of one call: a socket to the caller's node, and a peer connection for sound;
 * or the number of a phone, which the node then rings.
 *
 * It is opened as soon as the desk rings and is connected while it rings, so that Answer is
 * instant. The node takes a whole offer, so candidates are gathered before it is sent.
 */

import { BeatingSocket } from "../wire/beating_socket";
import type { AdviserSays, IceServer, NodeSays, RecordingSeen, RingNow } from "../wire/made";
import { between, type Counts, countsIn, type Heard } from "./line_stats";

export interface LegEnds {
  said: (said: NodeSays) => void;
  /** The caller's sound is here. */
  caller: (stream: MediaStream) => void;
  /** The line was measured. */
  line: (heard: Heard) => void;
  /** The way to the node is broken. */
  broken: () => void;
  /** What is shown of the talk's recording, asked as the leg begins: the node may know less. */
  recording: () => RecordingSeen | null;
}

/** Where the adviser's sound comes from: a microphone, or the phone of that number. */
export type Sound = MediaStream | string;

/** Stands in the place of an offer of sound where the adviser takes it on a phone. */
const PHONE_OFFER = "phone";
const GATHERING_MAX_MS = 500;
const MEASURE_EVERY_MS = 2_000;
/** A node that ends the sound says why on its socket within so long, or it hears nothing of us. */
const LET_GO_AFTER_MS = 500;

export class LegCall {
  readonly #ring: RingNow;
  readonly #ends: LegEnds;
  readonly #peer: RTCPeerConnection;
  #socket: BeatingSocket<NodeSays, AdviserSays> | undefined;
  #sender: RTCRtpSender | undefined;
  #mine: MediaStreamTrack | undefined;
  #measuring: ReturnType<typeof setInterval> | undefined;
  #counts: Counts | null = null;
  #attached = false;
  #wish: "answer_call" | "decline" | null = null;
  #muted = false;
  #isOver = false;

  constructor(ring: RingNow, iceServers: readonly IceServer[], ends: LegEnds) {
    this.#ring = ring;
    this.#ends = ends;
    this.#peer = new RTCPeerConnection({ iceServers: [...iceServers] });
    this.#peer.ontrack = (event) => {
      ends.caller(event.streams[0] ?? new MediaStream([event.track]));
    };
    this.#peer.onconnectionstatechange = () => {
      if (this.#peer.connectionState === "failed") this.#break();
    };
  }

  /** Gather an offer, open the socket and attach. */
  async open(sound: Sound): Promise<void> {
    if (typeof sound === "string") {
      this.#attach(PHONE_OFFER, sound);
      return;
    }
    try {
      const sdp = await this.#offer(sound);
      if (!this.#isOver) this.#attach(sdp, null);
    } catch {
      // The peer connection was closed under the offer, or can make none.
      this.#break();
    }
  }

  /** Take the call or give it back, now or as soon as the node has the leg. */
  decide(wish: "answer_call" | "decline"): void {
    this.#wish = wish;
    if (this.#attached) this.say({ kind: wish });
  }

  /** Keep the adviser's sound from the caller, here and at the node. */
  mute(on: boolean): void {
    this.#muted = on;
    if (this.#mine !== undefined) this.#mine.enabled = !on;
    this.say({ kind: "mute", on });
  }

  /** Take the sound from another microphone. */
  async use(microphone: MediaStream): Promise<void> {
    if (this.#sender === undefined) return;
    const before = this.#mine;
    this.#mine = this.#copyOf(microphone);
    await this.#sender.replaceTrack(this.#mine ?? null);
    before?.stop();
  }

  /** Say something to the node; say whether it was there to hear it. */
  say(said: AdviserSays): boolean {
    return this.#socket?.say(said) ?? false;
  }

  /** Let go of everything. */
  close(): void {
    this.#isOver = true;
    clearInterval(this.#measuring);
    this.#socket?.close();
    this.#mine?.stop();
    this.#peer.close();
  }

  /** A copy, so that the meter still hears a muted adviser. */
  #copyOf(microphone: MediaStream): MediaStreamTrack | undefined {
    const copy = microphone.getAudioTracks()[0]?.clone();
    if (copy !== undefined) copy.enabled = !this.#muted;
    return copy;
  }

  async #offer(microphone: MediaStream): Promise<string> {
    this.#mine = this.#copyOf(microphone);
    if (this.#mine === undefined) throw new Error("a microphone without sound");
    this.#sender = this.#peer.addTrack(this.#mine, microphone);
    await this.#peer.setLocalDescription(await this.#peer.createOffer());
    await gathered(this.#peer);
    return this.#peer.localDescription?.sdp ?? "";
  }

  #attach(sdp: string, phone: string | null): void {
    this.#socket = new BeatingSocket<NodeSays, AdviserSays>(this.#ring.node_url, {
      opened: () => {
        const recording = this.#ends.recording();
        this.say({ kind: "attach", ticket: this.#ring.ticket, sdp, phone, recording });
      },
      heard: (said) => void this.#heard(said),
      ended: () => this.#break(),
    });
  }

  async #heard(said: NodeSays): Promise<void> {
    if (said.kind === "answer" && said.sdp === PHONE_OFFER) {
      this.#beAttached();
    } else if (said.kind === "answer") {
      try {
        await this.#peer.setRemoteDescription({ type: "answer", sdp: said.sdp });
      } catch {
        this.#break();
        return;
      }
      if (this.#isOver) return;
      this.#followTransport();
      this.#measuring = setInterval(() => void this.#measure(), MEASURE_EVERY_MS);
      this.#beAttached();
    }
    this.#ends.said(said);
    if (said.kind === "over") this.close();
  }

  /** Tell the node what was decided before it had the leg. */
  #beAttached(): void {
    this.#attached = true;
    if (this.#muted) this.say({ kind: "mute", on: true });
    if (this.#wish !== null) this.say({ kind: this.#wish });
  }

  /** Notice that the node has ended the sound: its way to us may be the only one that is left. */
  #followTransport(): void {
    const transport = this.#sender?.transport ?? null;
    if (transport === null) return;
    transport.onstatechange = () => {
      if (transport.state === "closed") setTimeout(() => this.#break(), LET_GO_AFTER_MS);
    };
  }

  async #measure(): Promise<void> {
    const report = await this.#peer.getStats();
    const now = countsIn(report.values());
    if (now === null || this.#isOver) return;
    if (this.#counts !== null) this.#ends.line(between(this.#counts, now));
    this.#counts = now;
  }

  #break(): void {
    if (this.#isOver) return;
    this.close();
    this.#ends.broken();
  }
}

/** Wait until every candidate is known, but not for long: a host's own address comes at once. */
export function gathered(peer: RTCPeerConnection): Promise<void> {
  if (peer.iceGatheringState === "complete") return Promise.resolve();
  return new Promise((resolve) => {
    const enough = setTimeout(resolve, GATHERING_MAX_MS);
    peer.addEventListener("icegatheringstatechange", () => {
      if (peer.iceGatheringState !== "complete") return;
      clearTimeout(enough);
      resolve();
    });
  });
}
