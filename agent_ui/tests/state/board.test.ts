import { expect, it } from "vitest";
import { decidedInQueue, freshness, over, percent, worstFirst } from "../../src/state/board";
import type { Board, BoardQueue, Today } from "../../src/wire/made";

function queue(title: string, waiting: number, longest: number | null): BoardQueue {
  return {
    queue: title,
    title,
    waiting_count: waiting,
    longest_ms: longest,
    ready_count: 0,
    overflows_to: null,
    callbacks_count: 0,
  };
}

const QUEUES = [queue("Quiet", 0, null), queue("Busy", 9, 20_000), queue("Late", 1, 90_000)];
const BOARD: Board = {
  queues: QUEUES,
  advisers: {},
  nodes: [],
  coming_back_count: 0,
  is_storm: false,
  today: null,
  lines: [],
};
const TODAY: Today = {
  offered_count: 20,
  handled_count: 8,
  abandoned_count: 2,
  deflected_count: 1,
  callback_count: 0,
  left_in_menu_count: 1,
  closed_count: 0,
  system_lost_count: 0,
  in_progress_count: 8,
  answered_within_target_count: 6,
  target_ms: 300_000,
  callbacks_kept_count: 0,
  callbacks_broken_count: 0,
};

it("figures are believed for five seconds, and not at all after fifteen", () => {
  expect(freshness(5_000)).toBe("live");
  expect(freshness(5_001)).toBe("ageing");
  expect(freshness(15_000)).toBe("ageing");
  expect(freshness(15_001)).toBe("not_live");
});

it("the queue with the longest wait stands first, an empty one last", () => {
  expect(worstFirst(QUEUES).map((one) => one.title)).toEqual(["Late", "Busy", "Quiet"]);
});

it("the figures over all queues name the one with the longest wait", () => {
  expect(over(BOARD)).toEqual({ waiting: 10, longest: { ms: 90_000, title: "Late" } });
  expect(over({ ...BOARD, queues: [queue("Quiet", 0, null)] }).longest).toBeNull();
});

it("a share of nothing is no figure", () => {
  expect(percent(0, 0)).toBeNull();
  expect(percent(1, 3)).toBe(33);
});

it("no more calls were answered in time than were answered", () => {
  expect(decidedInQueue(TODAY)).toBe(10);
  expect(decidedInQueue({ ...TODAY, answered_within_target_count: 9 })).toBe(11);
});
