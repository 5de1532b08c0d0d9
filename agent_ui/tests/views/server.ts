/** A desk server and a media node, as far as a page can tell. */

import { vi } from "vitest";
import type { Me, NodeSays, OutcomeWritten, Problem, WriteOutcome } from "../../src/wire/made";
import { ME, presence } from "../messages";
import { FakeSocket, fakeSockets, newest } from "../wire/fake_socket";

type Answer = object | Pick<Problem, "status" | "code" | "detail">;

export interface Server {
  me: Me | null;
  /** What was asked for, in order. */
  asked: { what: string; body: unknown }[];
  /** What is answered instead, by method and path. */
  answers: Map<string, Answer | "unreachable">;
  outcomes: WriteOutcome[];
  /** What answers wait for on their way back. */
  slow: Promise<void>;
}

/** Put a server and a browser's sound in place of the real ones. */
export function serve(me: Me | null = ME): Server {
  const server: Server = {
    me,
    asked: [],
    answers: new Map(),
    outcomes: [],
    slow: Promise.resolve(),
  };
  fakeSockets();
  vi.stubGlobal("fetch", (path: string, request: RequestInit) => respond(server, path, request));
  vi.stubGlobal("RTCPeerConnection", FakePeer);
  vi.stubGlobal("AudioContext", FakeAudio);
  vi.stubGlobal("Notification", undefined);
  FakePeer.all = [];
  giveMicrophone("granted");
  return server;
}

/** The desk's live socket says something. */
export function deskSays(...messages: object[]): void {
  const socket = newest("/api/live");
  if (socket.readyState !== FakeSocket.OPEN) socket.opens();
  for (const message of messages) socket.says(message);
}

/** The node says something over the leg socket. */
export function nodeSays(...messages: NodeSays[]): void {
  const socket = newest("/leg");
  if (socket.readyState !== FakeSocket.OPEN) socket.opens();
  for (const message of messages) socket.says(message);
}

export const ANSWER: NodeSays = { kind: "answer", call: "call-abc123", sdp: "v=0" };
export const BRIDGED: NodeSays = { kind: "bridged", token: 17 };

async function respond(server: Server, path: string, request: RequestInit): Promise<Response> {
  const what = `${request.method} ${path}`;
  const body: unknown = typeof request.body === "string" ? JSON.parse(request.body) : null;
  server.asked.push({ what, body });
  const answer = server.answers.get(what) ?? usual(server, what, body);
  // What changes at the desk is told over its socket too, and before the question is answered.
  if (request.method === "POST" && answer !== "unreachable" && "kind" in answer) tell(answer);
  await server.slow;
  if (answer === "unreachable") throw new TypeError("Failed to fetch");
  const status = "code" in answer ? (answer as Problem).status : 200;
  return new Response(JSON.stringify(answer), { status });
}

function tell(message: object): void {
  const socket = newest("/api/live");
  if (socket.readyState === FakeSocket.OPEN) socket.says(message);
}

function usual(server: Server, what: string, body: unknown): Answer {
  if (what === "GET /api/me" || what === "POST /api/sign-in") {
    return server.me ?? { status: 401, code: "not-signed-in", detail: "Sign in first." };
  }
  if (what === "POST /api/presence") {
    const wish = body as { state: "ready" | "away"; reason: "break" | null };
    return presence(wish.state, wish.reason);
  }
  if (what === "POST /api/wrap-up/finish") return presence("ready");
  if (what.endsWith("/outcome")) {
    server.outcomes.push(body as WriteOutcome);
    const written: OutcomeWritten = { version: (body as WriteOutcome).version, at_ms: 1_000 };
    return written;
  }
  return {};
}

class FakeTrack extends EventTarget {
  kind = "audio";
  enabled = true;
  stopped = false;
  clones: FakeTrack[] = [];

  getSettings() {
    return { deviceId: "mic-1" };
  }

  clone() {
    const copy = new FakeTrack();
    this.clones.push(copy);
    return copy;
  }

  stop() {
    this.stopped = true;
  }
}

export class FakeStream {
  readonly track = new FakeTrack();

  getAudioTracks() {
    return [this.track];
  }

  getTracks() {
    return [this.track];
  }
}

export class FakePeer extends EventTarget {
  static all: FakePeer[] = [];

  iceGatheringState = "complete";
  connectionState = "new";
  localDescription: { sdp: string } | null = null;
  remote: { sdp: string } | null = null;
  sent: FakeTrack | null = null;
  closed = false;
  ontrack: unknown = null;
  onconnectionstatechange: (() => void) | null = null;

  constructor() {
    super();
    FakePeer.all.push(this);
  }

  addTrack(track: FakeTrack) {
    this.sent = track;
    return { replaceTrack: async () => {} };
  }

  addTransceiver() {
    const replaceTrack = async (track: FakeTrack | null) => {
      this.sent = track;
    };
    return { sender: { replaceTrack } };
  }

  async createOffer() {
    return { type: "offer", sdp: "v=0 mine" };
  }

  async setLocalDescription(offer: { sdp: string }) {
    this.localDescription = offer;
  }

  async setRemoteDescription(answer: { sdp: string }) {
    this.remote = answer;
  }

  async getStats() {
    return new Map();
  }

  close() {
    this.closed = true;
  }
}

class FakeAudio {
  state = "suspended";
  currentTime = 0;

  async resume() {}

  createMediaStreamSource() {
    return { connect() {}, disconnect() {} };
  }

  createAnalyser() {
    return { fftSize: 0, getFloatTimeDomainData() {} };
  }
}

/** Let the browser have a microphone, or refuse it; returns how often a person was asked. */
export function giveMicrophone(answer: "granted" | "prompt" | "denied") {
  const getUserMedia = vi.fn(async () => {
    if (answer !== "denied") return new FakeStream() as unknown as MediaStream;
    throw Object.assign(new Error("no"), { name: "NotAllowedError" });
  });
  vi.stubGlobal("navigator", {
    language: "en-GB",
    platform: "Linux",
    userAgent: "test",
    mediaDevices: {
      getUserMedia,
      enumerateDevices: async () => [{ kind: "audioinput", deviceId: "mic-1", label: "Headset" }],
      addEventListener() {},
      removeEventListener() {},
    },
    permissions: { query: async () => ({ state: answer }) },
  });
  return getUserMedia;
}
