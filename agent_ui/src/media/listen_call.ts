/**
 * A supervisor's leg to a talk: a socket to its node, and a peer connection for sound.
 *
 * Whoever only listens sends nothing: the microphone is put on the line with a whisper, and taken
 * off it again.
 */

import { BeatingSocket } from "../wire/beating_socket";
import type { IceServer, NodeSays, SupervisorMode, SupervisorSays, WayToTalk } from "../wire/made";
import { gathered } from "./leg_call";

export interface ListenEnds {
  said: (said: NodeSays) => void;
  /** What is heard in the talk. */
  sound: (stream: MediaStream) => void;
  /** The way to the node is broken. */
  broken: () => void;
}

export class ListenCall {
  readonly #way: WayToTalk;
  readonly #ends: ListenEnds;
  readonly #peer: RTCPeerConnection;
  readonly #sender: RTCRtpSender;
  #socket: BeatingSocket<NodeSays, SupervisorSays> | undefined;
  #isOver = false;

  constructor(way: WayToTalk, iceServers: readonly IceServer[], ends: ListenEnds) {
    this.#way = way;
    this.#ends = ends;
    this.#peer = new RTCPeerConnection({ iceServers: [...iceServers] });
    this.#sender = this.#peer.addTransceiver("audio", { direction: "sendrecv" }).sender;
    this.#peer.ontrack = (event) => {
      ends.sound(event.streams[0] ?? new MediaStream([event.track]));
    };
    this.#peer.onconnectionstatechange = () => {
      if (this.#peer.connectionState === "failed") this.#break();
    };
  }

  /** Gather an offer and open the socket. */
  async open(): Promise<void> {
    try {
      await this.#peer.setLocalDescription(await this.#peer.createOffer());
      await gathered(this.#peer);
    } catch {
      this.#break();
      return;
    }
    if (this.#isOver) return;
    const sdp = this.#peer.localDescription?.sdp ?? "";
    this.#socket = new BeatingSocket<NodeSays, SupervisorSays>(this.#way.node_url, {
      opened: () => this.#socket?.say({ kind: "supervise", ticket: this.#way.ticket, sdp }),
      heard: (said) => void this.#heard(said),
      ended: () => this.#break(),
    });
  }

  /** Ask to be there in another way; say whether the node was there to hear it. */
  turn(mode: SupervisorMode): boolean {
    return this.#socket?.say({ kind: "supervise_as", mode }) ?? false;
  }

  /** Put a microphone on the line, or (null) take it off. */
  async use(microphone: MediaStream | null): Promise<void> {
    await this.#sender.replaceTrack(microphone?.getAudioTracks()[0] ?? null);
  }

  /** Leave the talk, and let go of everything. */
  close(): void {
    this.#isOver = true;
    this.#socket?.say({ kind: "hang_up", call: null });
    this.#socket?.close();
    this.#peer.close();
  }

  async #heard(said: NodeSays): Promise<void> {
    if (said.kind === "answer") {
      try {
        await this.#peer.setRemoteDescription({ type: "answer", sdp: said.sdp });
      } catch {
        this.#break();
        return;
      }
    }
    if (this.#isOver) return;
    this.#ends.said(said);
    if (said.kind === "over" || said.kind === "refused") this.close();
  }

  #break(): void {
    if (this.#isOver) return;
    this.close();
    this.#ends.broken();
  }
}
