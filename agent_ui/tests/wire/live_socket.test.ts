import { beforeEach, describe, expect, it, vi } from "vitest";
import {
  BACKOFF_MAX_MS,
  BACKOFF_MIN_MS,
  backoffMs,
  type Connection,
} from "../../src/wire/connection";
import { LiveSocket } from "../../src/wire/live_socket";
import { CLOSINGS, type DeskSays } from "../../src/wire/made";
import { FakeSocket, fakeSockets, newest } from "./fake_socket";

let states: Connection[];
let heard: DeskSays[];
let signedOut: number;
let socket: LiveSocket;

beforeEach(() => {
  vi.useFakeTimers();
  fakeSockets();
  states = [];
  heard = [];
  signedOut = 0;
  socket = new LiveSocket(
    "ws://desk.example/api/live",
    {
      heard: (said) => heard.push(said),
      changed: (state) => states.push(state),
      signedOut: () => {
        signedOut += 1;
      },
    },
    () => 1,
  );
  socket.open();
});

const now = () => states.at(-1);

it("it is live from the first word on, not before", () => {
  newest().opens();
  expect(now()).toEqual({ at: "connecting", attempt: 0 });
  newest().says({ kind: "beat" });
  expect(now()).toEqual({ at: "live" });
});

it("it comes back after a loss, and the attempts are counted until it is live", () => {
  newest().opens();
  newest().says({ kind: "beat" });
  newest().breaks();
  expect(now()).toMatchObject({ at: "waiting", attempt: 1 });
  vi.advanceTimersByTime(backoffMs(1, 1));
  expect(now()).toEqual({ at: "connecting", attempt: 1 });
  newest().breaks();
  expect(now()).toMatchObject({ at: "waiting", attempt: 2 });
  vi.advanceTimersByTime(backoffMs(2, 1));
  newest().opens();
  newest().says({ kind: "beat" });
  expect(now()).toEqual({ at: "live" });
});

it("whoever does not want to wait opens it at once, and only one is open", () => {
  newest().breaks();
  socket.open();
  expect(FakeSocket.all).toHaveLength(2);
  vi.advanceTimersByTime(1_000);
  expect(FakeSocket.all).toHaveLength(2);
});

it("a closed one does not come back", () => {
  newest().breaks();
  socket.close();
  vi.advanceTimersByTime(60_000);
  expect(FakeSocket.all).toHaveLength(1);
  expect(now()).toEqual({ at: "closed" });
});

it("a page whose place another has taken is told so, also by the code alone", () => {
  newest().opens();
  newest().breaks(CLOSINGS.REPLACED);
  expect(heard).toEqual([{ kind: "replaced" }]);
  vi.advanceTimersByTime(60_000);
  expect(FakeSocket.all).toHaveLength(1);
});

it("a page whose session has ended does not knock again", () => {
  newest().opens();
  newest().breaks(CLOSINGS.NOT_SIGNED_IN);
  expect(signedOut).toBe(1);
  vi.advanceTimersByTime(60_000);
  expect(FakeSocket.all).toHaveLength(1);
});

describe("the wait before the next attempt", () => {
  it("is jittered over the whole span", () => {
    expect(backoffMs(3, 0)).toBe(BACKOFF_MIN_MS);
    expect(backoffMs(3, 1)).toBe(BACKOFF_MIN_MS * 8);
    expect(backoffMs(3, 0.5)).toBe((BACKOFF_MIN_MS * 9) / 2);
  });

  it("never leaves its bounds", () => {
    for (let attempt = 1; attempt < 60; attempt++) {
      expect(backoffMs(attempt, 1)).toBeLessThanOrEqual(BACKOFF_MAX_MS);
      expect(backoffMs(attempt, 0)).toBe(BACKOFF_MIN_MS);
    }
  });
});
