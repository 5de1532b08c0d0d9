/**
 * How the adviser learns of what happens to the call without looking: the page's title, a quiet
 * ring, a notice outside the page, and one sentence for screen readers. Focus is never moved.
 */

import { useEffect, useRef } from "react";
import { notify } from "../../media/notices";
import { ring as ringTone } from "../../media/ring_tone";
import { announce } from "../../parts/announcer";
import { referenceOf } from "../../state/desk";
import type { Me } from "../../wire/made";
import { useWords } from "../../words";
import { clock } from "../../words/spans";
import type { Seen } from "./at_work";
import { openOf } from "./chat_keeper";
import { phoneFailure, rungFailure } from "./phone_failure";
import { useQueueTitle } from "./titles";

/** Give every sign of the call that is due. */
export function useCallSigns(me: Me, seen: Seen, keysAreOn: boolean): void {
  const words = useWords();
  const titleOf = useQueueTitle(me);
  const { work } = seen.desk;
  const ring = work.at === "ringing" ? work.ring : null;
  const token = ring?.token ?? null;
  const title = ring === null ? null : words.call.incomingTitle(titleOf(ring.queue));

  useEffect(() => {
    document.title = title ?? `${words.product}`;
  }, [title, words]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: once a ring, whatever else changes
  useEffect(() => {
    if (ring === null) return undefined;
    const waited = clock(ring.waited_ms);
    const its = ring.callback === null ? words.call : words.callback;
    const sentence = keysAreOn ? its.announce : its.announceNoKeys;
    const asked = ring.consulted_by;
    announce(
      asked === null ? sentence(titleOf(ring.queue), waited) : words.consult.announce(asked),
      "assertive",
    );
    const quiet = ringTone();
    const takeAway = notify(
      words.call.incomingTitle(titleOf(ring.queue)),
      words.call.reference(referenceOf(ring.call)),
      ring.call,
    );
    return () => {
      quiet();
      takeAway();
    };
  }, [token]);

  useSaid(work.at === "wrap_up", words.call.announceEnded);
  useSaid(useBegan(work.at), words.call.answered);
  const { rung } = seen.leg;
  useSaid(rung.state === "ringing", words.callback.ringing);
  useSaid(rung.state === "failed", rungFailure(rung.why, words));
  useRingback(rung.state === "ringing" && !rung.is_heard);
  useSaid(seen.leg.phone === "ringing", words.phone.pickUp);
  useSaid(seen.leg.phone === "failed", phoneFailure(seen.leg.phoneWhy, words));
  useTurned(seen.leg.muted, words.call.muted, words.call.unmuted, seen.leg.call);
  useTurned(seen.leg.held, words.call.heldSaid, words.call.takenOffHold, seen.leg.call);
  const { recording } = seen.leg;
  useTurned(
    recording !== null && !recording.on,
    words.recording.pausedSaid,
    words.recording.resumedSaid,
    seen.leg.call,
  );
  useSaid(recording?.on === true && recording.forgotten, words.recording.forgotten);
  useLeaveGuard(work.at === "talking" || openOf(seen.chats).length > 0);
}

/** Say whether the talk began at this page, and not before it was loaded. */
function useBegan(at: Seen["desk"]["work"]["at"]): boolean {
  const rang = useRef(false);
  if (at === "ringing") rang.current = true;
  else if (at !== "talking") rang.current = false;
  return rang.current && at === "talking";
}

/** Let the adviser hear that a caller is rung, where the network sends no tone of its own. */
function useRingback(isOn: boolean): void {
  useEffect(() => (isOn ? ringTone() : undefined), [isOn]);
}

/** Say a sentence once something has become so. */
function useSaid(isSo: boolean, sentence: string): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: a change of language is no event
  useEffect(() => {
    if (isSo) announce(sentence);
  }, [isSo]);
}

/** Say which way something was turned, within one call. */
function useTurned(isOn: boolean, on: string, off: string, call: string | null): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: only a turn is an event
  useEffect(() => {
    if (!isOn || call === null) return undefined;
    announce(on);
    return () => announce(off);
  }, [isOn]);
}

/** Let the browser ask before the page is closed under a call or a chat. */
function useLeaveGuard(isOn: boolean): void {
  useEffect(() => {
    if (!isOn) return undefined;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, [isOn]);
}
