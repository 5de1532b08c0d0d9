/**
 * What the desk knows of its adviser: presence, the one piece of work, the queues.
 *
 * The desk server's word is the truth; nothing here reads a clock, so `at` comes in with each
 * message, in milliseconds of this page's own monotonic clock.
 */

import type {
  AwayReason,
  DeskSays,
  HealthNow,
  LapseReason,
  Presence,
  PresenceNow,
  QueueNow,
  RingNow,
  TalkNow,
  WrapUpNow,
} from "../wire/made";

export interface Standing {
  state: Presence;
  reason: AwayReason | null;
  since: number;
}

export interface Ringing {
  at: "ringing";
  ring: RingNow;
  began: number;
  ends: number;
}

export interface Talking {
  at: "talking";
  call: string;
  token: number;
  began: number;
  /** What rang, with a ticket to the same leg; null when the desk itself does not know. */
  ring: RingNow | null;
}

export interface WrappingUp {
  at: "wrap_up";
  call: string;
  /** Null where neither the desk nor this page knows it any longer. */
  queue: string | null;
  ends: number;
  givenMs: number;
  talkedMs: number | null;
  ring: RingNow | null;
}

export type Work = { at: "nothing"; lapse: LapseReason | null } | Ringing | Talking | WrappingUp;

export interface Desk {
  standing: Standing | null;
  work: Work;
  queues: readonly QueueNow[];
  queuesAt: number;
  health: Omit<HealthNow, "kind"> | null;
  replaced: boolean;
}

export const NEW_DESK: Desk = {
  standing: null,
  work: { at: "nothing", lapse: null },
  queues: [],
  queuesAt: 0,
  health: null,
  replaced: false,
};

const AT_WORK: ReadonlySet<Presence> = new Set(["ringing", "talking", "wrap_up"]);

/** Return the desk as it stands once the server has said something. */
export function hear(desk: Desk, said: DeskSays, at: number): Desk {
  switch (said.kind) {
    case "presence":
      return stand(desk, said, at);
    case "ring":
      return {
        ...desk,
        work: { at: "ringing", ring: said, began: at, ends: at + said.ring_ms },
      };
    case "ring_ended":
      return desk.work.at === "ringing" && desk.work.ring.token === said.token
        ? { ...desk, work: { at: "nothing", lapse: said.lapse } }
        : desk;
    case "talk":
      return { ...desk, work: talk(desk.work, said, at) };
    case "wrap_up":
      return { ...desk, work: wrapUp(desk.work, said, at) };
    case "queues":
      return { ...desk, queues: said.queues, queuesAt: at };
    case "health": {
      const { kind: _, ...health } = said;
      return { ...desk, health };
    }
    case "replaced":
      return { ...desk, replaced: true };
    case "chat":
    case "beat":
      return desk;
    default:
      return said satisfies never;
  }
}

function stand(desk: Desk, said: PresenceNow, at: number): Desk {
  const standing = { state: said.state, reason: said.reason, since: at - said.since_ms };
  if (AT_WORK.has(said.state) || desk.work.at === "nothing") {
    const work: Work =
      desk.work.at === "nothing" && said.state === "ready" ? NEW_DESK.work : desk.work;
    return { ...desk, standing, work };
  }
  return { ...desk, standing, work: { at: "nothing", lapse: null } };
}

function talk(work: Work, said: TalkNow, at: number): Talking {
  if (work.at === "talking" && work.token === said.token) {
    // Whoever was asked about a call has it now: the same reservation, and another call.
    return { ...work, call: said.call, ring: said.ring ?? work.ring };
  }
  const rang = work.at === "ringing" && work.ring.token === said.token ? work.ring : null;
  return {
    at: "talking",
    call: said.call,
    token: said.token,
    began: at - said.talked_ms,
    ring: said.ring ?? rang,
  };
}

function wrapUp(work: Work, said: WrapUpNow, at: number): WrappingUp {
  const ends = at + said.left_ms;
  const known = callOf(work) === said.call ? queueOf(work) : null;
  const same = { at: "wrap_up", call: said.call, queue: said.queue ?? known, ends } as const;
  if (work.at === "wrap_up" && work.call === said.call) {
    const more = Math.max(0, ends - work.ends);
    return { ...work, ...same, givenMs: work.givenMs + more };
  }
  const talked = work.at === "talking" && work.call === said.call ? work : null;
  return {
    ...same,
    givenMs: said.left_ms,
    talkedMs: talked && at - talked.began,
    ring: talked?.ring ?? null,
  };
}

/** Return the call that the adviser's words belong to now. */
export function callOf(work: Work): string | null {
  if (work.at === "nothing") return null;
  return work.at === "ringing" ? work.ring.call : work.call;
}

/** Return the queue the work came from, where it is known. */
export function queueOf(work: Work): string | null {
  if (work.at === "nothing") return null;
  return work.at === "wrap_up" ? work.queue : (work.ring?.queue ?? null);
}

/** Return the part of a call's id that people read to one another. */
export function referenceOf(call: string): string {
  return call.slice(-6).toUpperCase();
}

/** Say whether the desk has told both how the adviser stands and what there is to do. */
export function isToldWhole({ standing, work }: Desk): boolean {
  const hasWork = standing?.state === "talking" || standing?.state === "wrap_up";
  return standing !== null && (!hasWork || work.at !== "nothing");
}

/** Say whether a node has it, and a leg can be opened there: no callback before it is answered. */
export function isCall(ring: RingNow): boolean {
  return ring.callback === null || ring.node_url !== "";
}

/** Return what a leg can be opened with. */
export function rangFor(work: Work): RingNow | null {
  return work.at === "ringing" || work.at === "talking" ? work.ring : null;
}

/** Return the reservation of what rings or is talked with. */
export function tokenOf(work: Work): number | null {
  if (work.at === "ringing") return work.ring.token;
  return work.at === "talking" ? work.token : null;
}

/** Return who asks this adviser about a caller; null in a call of one's own. */
export function askedBy(work: Work): string | null {
  return rangFor(work)?.consulted_by ?? null;
}
