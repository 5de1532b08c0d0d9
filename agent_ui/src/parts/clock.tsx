/** Times that run. None is a live region: a number that changes every second is never read out. */

import { useEffect, useState } from "react";
import { clock, countdown } from "../words/spans";

const EVERY_MS = 250;

/** Return this page's own time, again and again. */
export function useNow(everyMs = EVERY_MS): number {
  const [now, setNow] = useState(() => performance.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(performance.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}

/** How long something has lasted. */
export function Since({ since }: { since: number }) {
  return <time>{clock(useNow() - since)}</time>;
}

interface Left {
  until: number;
  inWords?: (time: string) => string;
}

/** How much is left. */
export function Until({ until, inWords = (time) => time }: Left) {
  return <time>{inWords(countdown(until - useNow()))}</time>;
}
