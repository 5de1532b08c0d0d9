import { beforeEach, expect, it, vi } from "vitest";
import { BeatingSocket } from "../../src/wire/beating_socket";
import { type Beat, type DeskSays, LIMITS } from "../../src/wire/made";
import { fakeSockets, newest } from "./fake_socket";

let heard: DeskSays[];
let ended: (number | null)[];

function open() {
  return new BeatingSocket<DeskSays, Beat>("ws://desk.example/api/live", {
    heard: (said) => heard.push(said),
    ended: (code) => ended.push(code),
  });
}

beforeEach(() => {
  vi.useFakeTimers();
  fakeSockets();
  heard = [];
  ended = [];
});

it("it beats as long as it is open", () => {
  open();
  newest().opens();
  for (let beats = 0; beats < 3; beats++) {
    vi.advanceTimersByTime(LIMITS.SOCKET_BEAT_EVERY_MS);
    newest().says({ kind: "beat" });
  }
  expect(newest().kinds()).toEqual(["beat", "beat", "beat"]);
});

it("a peer that says nothing for too long is gone", () => {
  open();
  newest().opens();
  vi.advanceTimersByTime(LIMITS.SOCKET_LOST_AFTER_MS - 1);
  expect(ended).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(ended).toEqual([null]);
});

it("a socket that never opens is gone after the same time", () => {
  open();
  vi.advanceTimersByTime(LIMITS.SOCKET_LOST_AFTER_MS);
  expect(ended).toEqual([null]);
});

it("every word winds the watch again", () => {
  open();
  newest().opens();
  for (let words = 0; words < 5; words++) {
    vi.advanceTimersByTime(LIMITS.SOCKET_LOST_AFTER_MS - 1);
    newest().says({ kind: "beat" });
  }
  expect(ended).toEqual([]);
});

it("the end is told once, with the code of the peer", () => {
  open();
  newest().opens();
  newest().breaks(1001);
  newest().breaks(1006);
  vi.advanceTimersByTime(60_000);
  expect(ended).toEqual([1001]);
});

it("whoever closes it is not told", () => {
  const socket = open();
  newest().opens();
  socket.close();
  newest().breaks();
  newest().says({ kind: "beat" });
  vi.advanceTimersByTime(60_000);
  expect(ended).toEqual([]);
  expect(heard).toEqual([]);
  expect(newest().sent).toEqual([]);
});

it("what is no message is passed over", () => {
  open();
  newest().opens();
  for (const nonsense of ["{", "null", "7", "{}", '"ring"']) newest().says(nonsense);
  newest().says({ kind: "replaced" });
  expect(heard).toEqual([{ kind: "replaced" }]);
});

it("it says whether anybody was there to hear", () => {
  const socket = open();
  expect(socket.say({ kind: "beat" })).toBe(false);
  newest().opens();
  expect(socket.say({ kind: "beat" })).toBe(true);
  newest().breaks();
  expect(socket.say({ kind: "beat" })).toBe(false);
});
