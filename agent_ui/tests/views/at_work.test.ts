import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AtWork, isUp } from "../../src/views/desk/at_work";
import { SETTLED_MS } from "../../src/views/desk/leg_keeper";
import { IDLE_MS, RETRY_MS } from "../../src/views/desk/notes_keeper";
import { draftKey, kept } from "../../src/wire/kept";
import { ME, presence, QUEUES, RING, RING_ENDED, TALK, WRAP_UP } from "../messages";
import { FakeSocket, newest } from "../wire/fake_socket";
import {
  ANSWER,
  BRIDGED,
  deskSays,
  FakePeer,
  giveMicrophone,
  nodeSays,
  type Server,
  serve,
} from "./server";

const ELSEWHERE = { ...RING, node_url: "ws://other.example/leg", ticket: "ticket-3" };

let server: Server;
let work: AtWork;
let ended: boolean[];

const settle = () => vi.advanceTimersByTimeAsync(0);
const legs = () => FakeSocket.all.filter((socket) => socket.url === RING.node_url);

async function begin(...messages: object[]): Promise<void> {
  work = new AtWork(ME, (hasEnded) => ended.push(hasEnded));
  work.start();
  await settle();
  deskSays(...(messages.length > 0 ? messages : [presence("ready"), QUEUES]));
}

async function ring(): Promise<void> {
  deskSays(presence("ringing"), RING);
  await settle();
  newest("/leg").opens();
}

async function talk(): Promise<void> {
  await ring();
  nodeSays(ANSWER);
  await settle();
  work.answer();
  nodeSays(BRIDGED);
  deskSays(presence("talking"), { ...TALK, ring: RING });
  await settle();
}

beforeEach(async () => {
  vi.useFakeTimers();
  server = serve();
  ended = [];
  await begin();
});

afterEach(() => work.stop());

describe("ringing", () => {
  it("the sound is connected while it rings, with the ring's ticket", async () => {
    await ring();
    expect(newest("/leg").sent).toEqual([
      { kind: "attach", ticket: "ticket-1", sdp: "v=0 mine", phone: null, recording: null },
    ]);
    nodeSays(ANSWER);
    await settle();
    expect(work.seen().leg.sound).toBe("attached");
    expect(FakePeer.all.at(-1)?.remote?.sdp).toBe("v=0");
  });

  it("Answer takes the call at once when the leg is there", async () => {
    await ring();
    nodeSays(ANSWER);
    await settle();
    work.answer();
    expect(newest("/leg").kinds()).toEqual(["attach", "answer_call"]);
  });

  it("Answer pressed before the leg is there is not lost", async () => {
    await ring();
    work.answer();
    expect(work.seen().leg.answering).toBe(true);
    expect(newest("/leg").kinds()).toEqual(["attach"]);
    nodeSays(ANSWER);
    await settle();
    expect(newest("/leg").kinds()).toEqual(["attach", "answer_call"]);
  });

  it("the talk begins with the node's word, also while the desk cannot be heard", async () => {
    await ring();
    nodeSays(ANSWER, BRIDGED);
    await settle();
    expect(isUp(work.seen())).toBe(true);
  });

  it("a call that is not taken goes back, and the leg is let go", async () => {
    await ring();
    nodeSays(ANSWER);
    await settle();
    work.decline();
    expect(newest("/leg").kinds()).toContain("decline");
    deskSays({ ...RING_ENDED, lapse: "declined" }, presence("away", "declined"));
    expect(FakePeer.all.at(-1)?.closed).toBe(true);
    expect(work.seen().leg.sound).toBe("none");
  });

  it("nor is a call given back that early", async () => {
    await ring();
    work.decline();
    nodeSays(ANSWER);
    await settle();
    expect(newest("/leg").kinds()).toEqual(["attach", "decline"]);
  });

  it("a leg that breaks while it rings is tried again, and Answer is remembered", async () => {
    await ring();
    work.answer();
    newest("/leg").breaks();
    expect(work.seen().leg.sound).toBe("lost");
    await vi.advanceTimersByTimeAsync(1_000);
    expect(legs()).toHaveLength(2);
    newest("/leg").opens();
    nodeSays(ANSWER);
    await settle();
    expect(newest("/leg").kinds()).toEqual(["attach", "answer_call"]);
  });

  it("a node that refuses the leg is not asked again", async () => {
    await ring();
    nodeSays({ kind: "refused", code: "stale-token", words: "This ring is over." });
    newest("/leg").breaks(4403);
    await vi.advanceTimersByTimeAsync(15_000);
    expect(legs()).toHaveLength(1);
  });

  it("a leg that never comes about is not tried for ever", async () => {
    deskSays(presence("ringing"), RING);
    await settle();
    for (let tries = 0; tries < 30; tries++) {
      newest("/leg").breaks();
      await vi.advanceTimersByTimeAsync(11_000);
      newest("/api/live").says({ kind: "beat" });
    }
    expect(legs().length).toBeLessThan(12);
  });
});

describe("talking", () => {
  beforeEach(talk);

  it("mute is kept here and told to the node", () => {
    work.mute(true);
    expect(FakePeer.all.at(-1)?.sent?.enabled).toBe(false);
    expect(newest("/leg").sent.at(-1)).toEqual({ kind: "mute", on: true });
    expect(work.seen().leg.muted).toBe(true);
  });

  it("hold shows only once the node says so", () => {
    work.hold(true);
    expect(newest("/leg").sent.at(-1)).toEqual({ kind: "hold", on: true });
    expect(work.seen().leg.held).toBe(false);
    nodeSays({ kind: "held", on: true });
    expect(work.seen().leg.held).toBe(true);
  });

  it("a pause of the recording shows only once the node says so", () => {
    nodeSays({ kind: "recording", on: true, left_ms: null, is_forgotten: false, act: 1 });
    work.record(false);
    expect(newest("/leg").sent.at(-1)).toEqual({ kind: "record", on: false });
    expect(work.seen().leg.recording?.on).toBe(true);
    nodeSays({ kind: "recording", on: false, left_ms: 60_000, is_forgotten: false, act: 1 });
    expect(work.seen().leg.recording?.on).toBe(false);
  });

  it("a leg that comes back says what is shown of the recording, and a new talk's says nothing", async () => {
    nodeSays({ kind: "recording", on: false, left_ms: 60_000, is_forgotten: false, act: 3 });
    newest("/leg").breaks();
    server.answers.set("GET /api/talk", { ...TALK, ring: ELSEWHERE });
    await vi.advanceTimersByTimeAsync(1_000);
    newest("/leg").opens();
    const again = { recording: { on: false, left_ms: 59_000, act: 3 } };
    expect(newest("/leg").sent[0]).toMatchObject({ kind: "attach", ...again });
    deskSays(presence("ringing"), { ...RING, call: "c2", token: RING.token + 1 });
    await settle();
    newest("/leg").opens();
    expect(newest("/leg").sent[0]).toMatchObject({ kind: "attach", recording: null });
  });

  it("keys and the end go to the node", () => {
    work.pressKey("5");
    work.hangUp();
    expect(newest("/leg").sent.slice(-2)).toEqual([
      { kind: "key", key: "5" },
      { kind: "hang_up", call: TALK.call },
    ]);
  });

  it("the call stays up when the desk is lost", async () => {
    newest("/api/live").breaks();
    await settle();
    expect(work.seen().connection.at).toBe("waiting");
    expect(isUp(work.seen())).toBe(true);
    expect(newest("/leg").readyState).toBe(FakeSocket.OPEN);
  });

  it("a lost leg comes back with a fresh ticket from the desk, still muted", async () => {
    work.mute(true);
    newest("/leg").breaks();
    expect(isUp(work.seen())).toBe(false);
    server.answers.set("GET /api/talk", { ...TALK, ring: { ...RING, ticket: "ticket-2" } });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(work.seen().connection.at).toBe("live");
    newest("/leg").opens();
    expect(newest("/leg").sent[0]).toMatchObject({ kind: "attach", ticket: "ticket-2" });
    nodeSays(ANSWER);
    await settle();
    expect(newest("/leg").kinds()).toEqual(["attach", "mute"]);
    expect(FakePeer.all.at(-1)?.sent?.enabled).toBe(false);
    expect(isUp(work.seen())).toBe(true);
  });

  it("follows its caller to another node at once, muted as it was, and says so for a while", async () => {
    work.mute(true);
    deskSays({ ...TALK, ring: ELSEWHERE });
    await settle();
    expect(work.seen().leg).toMatchObject({ sound: "connecting", mending: "under_way" });
    const leg = newest("ws://other.example/leg");
    leg.opens();
    expect(leg.sent[0]).toMatchObject({ kind: "attach", ticket: "ticket-3" });
    leg.says(ANSWER);
    await settle();
    leg.says(BRIDGED);
    expect(leg.kinds()).toEqual(["attach", "mute"]);
    expect(work.seen().leg).toMatchObject({ sound: "bridged", mending: "done", muted: true });
    expect(FakePeer.all.filter((peer) => !peer.closed)).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(SETTLED_MS / 2);
    leg.says({ kind: "beat" });
    await vi.advanceTimersByTimeAsync(SETTLED_MS / 2);
    expect(work.seen().leg.mending).toBe("none");
  });

  it("does so also where it had given up on the node before", async () => {
    newest("/leg").breaks();
    deskSays({ ...TALK, ring: ELSEWHERE });
    await settle();
    expect(newest("/leg").url).toBe(ELSEWHERE.node_url);
    await vi.advanceTimersByTimeAsync(4_000);
    expect(FakeSocket.all.filter((socket) => socket.url === ELSEWHERE.node_url)).toHaveLength(1);
  });

  it("is tried at its node for as long as the desk has it, also where that refuses", async () => {
    newest("/leg").breaks();
    for (let tries = 0; tries < 15; tries++) {
      await vi.advanceTimersByTimeAsync(5_000);
      newest("/api/live").says({ kind: "beat" });
      newest("/leg").opens();
      nodeSays({ kind: "refused", code: "unknown-name", words: "No such call." });
      newest("/leg").breaks(4403);
    }
    expect(legs().length).toBeGreaterThan(12);
    expect(work.seen().desk.work.at).toBe("talking");
  });

  it("the same way told twice opens nothing twice", async () => {
    deskSays({ ...TALK, ring: { ...RING, ticket: "ticket-2" } });
    await settle();
    expect(legs()).toHaveLength(1);
    expect(work.seen().leg).toMatchObject({ sound: "bridged", mending: "none" });
  });

  it("ends at the desk where there is no way to the node", async () => {
    server.answers.set(`POST /api/calls/${RING.call}/end`, presence("wrap_up"));
    newest("/leg").breaks();
    work.hangUp();
    await settle();
    deskSays(WRAP_UP);
    expect(server.asked.map((one) => one.what)).toContain(`POST /api/calls/${RING.call}/end`);
    expect(work.seen().desk.work.at).toBe("wrap_up");
    await vi.advanceTimersByTimeAsync(10_000);
    expect(legs()).toHaveLength(1);
  });

  it("ends at the desk when the node that was asked to end it hangs", async () => {
    server.answers.set(`POST /api/calls/${RING.call}/end`, presence("wrap_up"));
    work.hangUp();
    expect(newest("/leg").sent.at(-1)).toEqual({ kind: "hang_up", call: TALK.call });
    newest("/leg").breaks();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(server.asked.map((one) => one.what)).toContain(`POST /api/calls/${RING.call}/end`);
    expect(legs()).toHaveLength(1);
  });

  it("goes on when the computer is back on its network, without waiting", async () => {
    newest("/leg").breaks();
    newest("/api/live").breaks();
    await settle();
    server.answers.set("GET /api/talk", { ...TALK, ring: { ...RING, ticket: "ticket-2" } });
    dispatchEvent(new Event("online"));
    await settle();
    expect(work.seen().connection.at).toBe("connecting");
    expect(legs()).toHaveLength(2);
  });

  it("the end of the talk lets the leg go and leaves the words open", async () => {
    nodeSays({ kind: "over", ending: "handled", lapse: null, words: "" });
    deskSays(presence("wrap_up"), WRAP_UP);
    expect(FakePeer.all.at(-1)?.closed).toBe(true);
    expect(work.seen().draft?.call).toBe(RING.call);
  });

  it("a page that another has replaced lets everything go, and takes it back when asked", async () => {
    deskSays({ kind: "replaced" });
    expect(work.seen().desk.replaced).toBe(true);
    expect(work.seen().connection.at).toBe("closed");
    expect(FakePeer.all.at(-1)?.closed).toBe(true);
    work.useHere();
    deskSays(presence("talking"), { ...TALK, ring: RING });
    await settle();
    expect(work.seen().desk.replaced).toBe(false);
    expect(legs()).toHaveLength(2);
  });
});

it("a page that is loaded in mid-call finds its sound again", async () => {
  deskSays(presence("talking"), { ...TALK, talked_ms: 60_000, ring: RING });
  await settle();
  newest("/leg").opens();
  nodeSays(ANSWER);
  await settle();
  expect(isUp(work.seen())).toBe(true);
});

describe("the microphone", () => {
  it("is asked for before the adviser is ready, and never at a ring", async () => {
    work.stop();
    const asked = giveMicrophone("prompt");
    await begin();
    deskSays(presence("ringing"), RING);
    await settle();
    expect(asked).not.toHaveBeenCalled();
    deskSays(RING_ENDED, presence("away", "no_answer"));
    await work.beReady();
    expect(asked).toHaveBeenCalledOnce();
    expect(server.asked.at(-1)).toEqual({
      what: "POST /api/presence",
      body: { state: "ready", reason: null },
    });
  });

  it("whoever has none is not made ready, and is told why", async () => {
    work.stop();
    giveMicrophone("denied");
    await begin();
    await work.beReady();
    expect(server.asked.map((one) => one.what)).not.toContain("POST /api/presence");
    expect(work.seen().microphone.trouble).toBe("refused");
  });
});

describe("the adviser's words", () => {
  beforeEach(talk);

  it("are sent when the adviser pauses, once", async () => {
    work.write("O");
    work.write("Ow");
    await vi.advanceTimersByTimeAsync(IDLE_MS - 1);
    expect(server.outcomes).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(server.outcomes).toEqual([{ outcome: null, notes: "Ow", version: 2 }]);
    expect(work.seen().draft).toMatchObject({ savedVersion: 2, savedAtMs: 1_000 });
  });

  it("are sent at once when an outcome is chosen", async () => {
    work.choose("plan");
    await settle();
    expect(server.outcomes).toEqual([{ outcome: "plan", notes: "", version: 1 }]);
  });

  it("stay on this computer while the records are away, and are sent later", async () => {
    const path = `PUT /api/calls/${RING.call}/outcome`;
    server.answers.set(path, { status: 503, code: "ledger-unavailable", detail: "Later." });
    work.write("Owes 110");
    work.pause();
    await settle();
    expect(work.seen().draft?.kept).toBe(true);
    expect(kept(draftKey(ME.adviser, RING.call))).toMatchObject({ notes: "Owes 110" });
    server.answers.delete(path);
    await vi.advanceTimersByTimeAsync(RETRY_MS);
    expect(server.outcomes).toEqual([{ outcome: null, notes: "Owes 110", version: 1 }]);
    expect(work.seen().draft?.kept).toBe(false);
  });

  it("survive a reload of the page", async () => {
    server.answers.set(`PUT /api/calls/${RING.call}/outcome`, "unreachable");
    work.write("Owes 110");
    work.stop();
    await begin();
    deskSays(presence("talking"), { ...TALK, ring: RING });
    expect(work.seen().draft?.notes).toBe("Owes 110");
  });

  it("survive it also when they are saved already", async () => {
    work.choose("plan");
    await settle();
    work.stop();
    await begin(presence("talking"), QUEUES, { ...TALK, ring: RING });
    await settle();
    expect(work.seen().draft?.outcome).toBe("plan");
  });

  it("of an earlier call are sent as soon as the desk is back, and then forgotten", async () => {
    const path = `PUT /api/calls/${RING.call}/outcome`;
    server.answers.set(path, "unreachable");
    work.write("Owes 110");
    deskSays(presence("wrap_up"), WRAP_UP, presence("ready"));
    await settle();
    work.stop();
    server.answers.delete(path);
    await begin();
    await settle();
    expect(server.outcomes).toEqual([{ outcome: null, notes: "Owes 110", version: 1 }]);
    expect(kept(draftKey(ME.adviser, RING.call))).toBeNull();
  });

  it("from before a reload are taken from the server where it has the later ones", () => {
    deskSays(presence("wrap_up"), { ...WRAP_UP, notes: "from before", version: 3 });
    expect(work.seen().draft).toMatchObject({ notes: "from before", savedVersion: 3 });
  });
});

describe("finishing", () => {
  beforeEach(async () => {
    await talk();
    deskSays(presence("wrap_up"), WRAP_UP);
  });

  it("the words go first, then the adviser is ready", async () => {
    work.write("Owes 110");
    await work.finish(null);
    expect(server.asked.slice(-2)).toEqual([
      {
        what: `PUT /api/calls/${RING.call}/outcome`,
        body: { outcome: null, notes: "Owes 110", version: 1 },
      },
      {
        what: "POST /api/wrap-up/finish",
        body: { call: RING.call, then: "ready", reason: null },
      },
    ]);
    expect(work.seen().desk.work.at).toBe("nothing");
    expect(work.seen().draft).toBeNull();
  });

  it("or away for a reason", async () => {
    await work.finish("lunch");
    expect(server.asked.at(-1)?.body).toEqual({ call: RING.call, then: "away", reason: "lunch" });
  });

  it("a desk that cannot be reached is said calmly, and nothing is lost", async () => {
    server.answers.set("POST /api/wrap-up/finish", "unreachable");
    await work.finish(null);
    expect(work.seen().trouble).toEqual({ what: "finish", detail: null });
    expect(work.seen().desk.work.at).toBe("wrap_up");
  });

  it("another minute comes from the server", async () => {
    server.answers.set("POST /api/wrap-up/more-time", { ...WRAP_UP, left_ms: 150_000 });
    await work.moreTime();
    expect(work.seen().desk.work).toMatchObject({ givenMs: 150_000 });
  });
});

it("a ring that overtakes the answer to Ready is not taken away again", async () => {
  deskSays(presence("away", "break"));
  let arrives = () => {};
  server.slow = new Promise((resolve) => {
    arrives = resolve;
  });
  const pressed = work.beReady();
  await settle();
  deskSays(presence("ringing"), RING);
  arrives();
  await pressed;
  await settle();
  expect(work.seen().desk.work.at).toBe("ringing");
});

it("Ready is shown also while the live socket is on its way", async () => {
  deskSays(presence("away", "break"));
  newest("/api/live").breaks();
  await work.beReady();
  expect(work.seen().desk.standing?.state).toBe("ready");
});

describe("the session", () => {
  it("a page whose session has ended goes to the sign-in page", async () => {
    server.me = null;
    newest("/api/live").breaks();
    await settle();
    expect(ended).toEqual([true]);
  });

  it("a refusal is shown in the server's words", async () => {
    server.answers.set("POST /api/presence", {
      status: 409,
      code: "out-of-order",
      detail: "That can't be done now: you are on a call.",
    });
    await work.beAway("break");
    expect(work.seen().trouble?.detail).toContain("you are on a call");
    work.forgetTrouble();
    expect(work.seen().trouble).toBeNull();
  });

  it("whoever signs out is not told that the session has ended", async () => {
    await work.signOut();
    expect(ended).toEqual([false]);
  });
});
