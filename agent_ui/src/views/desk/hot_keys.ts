/**
 * The keys of the desk. They are function keys, so that typing is never taken for a command; the
 * one sign (`?`) is left alone while somebody types, and all can be turned off.
 */

import { useEffect, useRef, useState } from "react";
import { askedBy } from "../../state/desk";
import { keep, kept } from "../../wire/kept";
import { type AtWork, isUp, type Seen } from "./at_work";
import { isRinging, unansweredOf } from "./seen";

const KEY = "contactcentre.keys";

export interface HotKeys {
  isOn: boolean;
  turn: (on: boolean) => void;
  isSheetOpen: boolean;
  openSheet: (open: boolean) => void;
}

export type Command = "answer" | "call" | "mute" | "hold" | "transfer" | "record" | "end" | "sheet";

/** Return what a key asks for in the state the call is in. */
export function commandFor(
  event: Pick<KeyboardEvent, "key" | "shiftKey" | "ctrlKey" | "altKey" | "metaKey">,
  seen: Seen,
  isTyping: boolean,
): Command | null {
  if (event.ctrlKey || event.altKey || event.metaKey) return null;
  const isTalking = isUp(seen);
  if (event.key === "F2" && !event.shiftKey) {
    if (seen.desk.work.at === "ringing") return "answer";
    if (unansweredOf(seen) !== null) return isRinging(seen) ? null : "call";
    return isTalking ? "mute" : null;
  }
  const isOwn = isTalking && askedBy(seen.desk.work) === null;
  if (event.key === "F4" && !event.shiftKey) return isOwn ? "hold" : null;
  if (event.key === "F8" && event.shiftKey) {
    return isTalking && seen.leg.recording !== null ? "record" : null;
  }
  if (event.key === "F8") return isOwn ? "transfer" : null;
  if (event.key === "F9" && event.shiftKey) {
    return seen.desk.work.at === "talking" ? "end" : null;
  }
  return event.key === "?" && !isTyping ? "sheet" : null;
}

/** Listen for the keys on the whole page. */
export function useHotKeys(work: AtWork, seen: Seen): HotKeys {
  const [isOn, setOn] = useState(() => kept<boolean>(KEY) ?? true);
  const [isSheetOpen, openSheet] = useState(false);
  const now = useRef(seen);
  now.current = seen;
  useEffect(() => {
    if (!isOn) return undefined;
    const pressed = (event: KeyboardEvent) => {
      const command = event.repeat ? null : commandFor(event, now.current, isTyping(event.target));
      if (command === null) return;
      event.preventDefault();
      if (command === "sheet") openSheet(true);
      else run(command, work, now.current);
    };
    document.addEventListener("keydown", pressed);
    return () => document.removeEventListener("keydown", pressed);
  }, [work, isOn]);
  const turn = (on: boolean) => {
    keep(KEY, on);
    setOn(on);
  };
  return { isOn, turn, isSheetOpen, openSheet };
}

function run(command: Exclude<Command, "sheet">, work: AtWork, seen: Seen): void {
  const does = {
    answer: () => work.answer(),
    call: () => void work.callback.haveRung(),
    mute: () => work.mute(!seen.leg.muted),
    hold: () => work.hold(!seen.leg.held),
    transfer: () => work.openTransfer(true),
    record: () => work.record(!(seen.leg.recording?.on ?? true)),
    end: () => work.hangUp(),
  };
  does[command]();
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest("input, textarea, select") !== null;
}
