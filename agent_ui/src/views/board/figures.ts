/** The board's figures, asked for every second, and how old they are. */

import { useEffect, useRef, useState } from "react";
import { desk, Refusal } from "../../wire/http";
import type { Board } from "../../wire/made";

const EVERY_MS = 1_000;
const DEADLINE_MS = 3_000;

export interface Figures {
  board: Board | null;
  /** How old, by this page's own monotonic clock. */
  ageMs: number;
  /** When they came, by the clock on the wall. */
  atMs: number;
}

/** Ask again and again, never twice at a time; a question that is not answered in time is dropped. */
export function useFigures(signedOut: () => void): Figures {
  const [board, setBoard] = useState<Board | null>(null);
  const [now, setNow] = useState(() => performance.now());
  const came = useRef({ at: performance.now(), atMs: Date.now() });
  const leave = useRef(signedOut);
  leave.current = signedOut;
  useEffect(() => {
    let isOver = false;
    let again: ReturnType<typeof setTimeout> | undefined;
    const ask = async () => {
      try {
        const answer = await desk.board(DEADLINE_MS);
        if (isOver) return;
        came.current = { at: performance.now(), atMs: Date.now() };
        setBoard(answer);
      } catch (error) {
        if (!isOver && error instanceof Refusal && error.isNotSignedIn) leave.current();
      }
      if (!isOver) again = setTimeout(() => void ask(), EVERY_MS);
    };
    const ageing = setInterval(() => setNow(performance.now()), EVERY_MS / 2);
    void ask();
    return () => {
      isOver = true;
      clearTimeout(again);
      clearInterval(ageing);
    };
  }, []);
  return { board, ageMs: Math.max(0, now - came.current.at), atMs: came.current.atMs };
}
