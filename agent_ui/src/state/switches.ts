/** A supervisor's switches: which turns there are, and what is turned from what was planned. */

import type { BoardDivert, BoardLine, TurnSwitch } from "../wire/made";

/** A turn before its reason is written. */
export type Wish = Omit<TurnSwitch, "why">;

/** Return the turn that shuts a line, or opens it as planned. */
export function shutOrOpen(line: BoardLine): Wish {
  const value = line.is_shut ? null : "shut";
  return { line: line.line, kind: "shut", subject: null, value };
}

/** Return the turn that lets a notice be said; "" is none. */
export function sayNotice(line: BoardLine, name: string): Wish {
  return { line: line.line, kind: "notice", subject: null, value: name === "" ? null : name };
}

/** Return the turn that sends a queue's new callers elsewhere; "" is as planned. */
export function sendTo(line: BoardLine, divert: BoardDivert, to: string): Wish {
  return {
    line: line.line,
    kind: "divert",
    subject: divert.queue,
    value: to === "" ? null : to,
  };
}

/** Say whether anything of a line is not as planned. */
export function isTurned(line: BoardLine): boolean {
  return line.is_shut || line.notice !== null || line.diverts.some(({ to }) => to !== null);
}

/** Return the title of a queue of a line. */
export function queueTitle(line: BoardLine, queue: string): string {
  return line.diverts.find((divert) => divert.queue === queue)?.title ?? queue;
}
