/**
 * The adviser's own leg to the node that holds the caller, as the node and the browser tell it.
 */

import type {
  CallerRung,
  Consulted,
  LegNow,
  NodeSays,
  RecordingSeen,
  SupervisorMode,
} from "../wire/made";

export type Sound =
  /** There is no call. */
  | "none"
  /** The leg is on its way to the node. */
  | "connecting"
  /** The node has the leg; Answer takes the call at once. */
  | "attached"
  /** Adviser and caller hear each other. */
  | "bridged"
  /** The way to the node is broken. */
  | "lost"
  /** The call, or the ring, is over. */
  | "over";

/** What has become of a line that broke: nothing broke, it is being mended, it has just been. */
export type Mending = "none" | "under_way" | "done";

/** What becomes of the phone on which the adviser takes the sound. */
export type PhoneState = "none" | "ringing" | "answered" | "failed";

/** What becomes of the number of a callback that a node rings. */
export interface Rung extends Omit<CallerRung, "kind" | "state"> {
  state: "none" | CallerRung["state"];
  /** The reservation under which the adviser has taken the callback. */
  token: number | null;
}

export const NOT_RUNG: Rung = {
  state: "none",
  token: null,
  is_heard: false,
  why: null,
  found: null,
  may_again: false,
};

/** How the talk's recording stands. */
export interface Recording {
  on: boolean;
  /** When a pause ends by itself. */
  ends: number | null;
  /** A pause was forgotten, and has ended by itself. */
  forgotten: boolean;
  /** Which beginning or end of a pause it was. */
  act: number;
}

export interface Leg {
  call: string | null;
  sound: Sound;
  mending: Mending;
  answering: boolean;
  phone: PhoneState;
  /** Why the phone failed: a word of the node. */
  phoneWhy: string | null;
  muted: boolean;
  held: boolean;
  heldSince: number | null;
  callerHeard: boolean;
  /** Null where the talk is not recorded. */
  recording: Recording | null;
  /** The node's last word that people should read: a refusal. */
  refusal: string | null;
  /** The queue that the caller is being handed to, or why that could not be, by its code. */
  transfer: { asked: string | null; refused: string | null };
  /** In which ways supervisors are in the talk. */
  supervised: readonly SupervisorMode[];
  /** Whoever is asked about the caller: another adviser, or somebody on an outside number. */
  consult: Omit<Consulted, "kind">;
  /** How everybody in the room comes in, as the node hears it. */
  legs: readonly LegNow[];
  rung: Rung;
}

/** Why nothing was ended: the caller was left to whoever has just left a consultation. */
export const CALLER_IS_YOURS = "caller-is-yours";

export const NO_LEG: Leg = {
  call: null,
  sound: "none",
  mending: "none",
  answering: false,
  phone: "none",
  phoneWhy: null,
  muted: false,
  held: false,
  heldSince: null,
  callerHeard: true,
  recording: null,
  refusal: null,
  transfer: { asked: null, refused: null },
  supervised: [],
  consult: { state: "none", adviser: null, outside: null, why: null },
  legs: [],
  rung: NOT_RUNG,
};

export type LegEvent =
  | { kind: "opening"; call: string }
  | { kind: "dialling"; call: string; token: number }
  | { kind: "answering" }
  | { kind: "muting"; on: boolean }
  | { kind: "transferring"; queue: string }
  | { kind: "broken" }
  | { kind: "settled" }
  | { kind: "gone" }
  | { kind: "read" }
  | { kind: "said"; said: NodeSays };

/** Return the leg as it stands once something has happened to it. */
export function follow(leg: Leg, event: LegEvent, at: number): Leg {
  switch (event.kind) {
    case "opening":
      return event.call === leg.call && leg.sound === "lost"
        ? { ...leg, sound: "connecting" }
        : { ...NO_LEG, call: event.call, sound: "connecting" };
    case "dialling":
      return {
        ...NO_LEG,
        call: event.call,
        sound: "connecting",
        rung: { ...NOT_RUNG, state: "dialling", token: event.token },
      };
    case "answering":
      return { ...leg, answering: true, refusal: null, mending: "none" };
    case "muting":
      return { ...leg, muted: event.on };
    case "transferring":
      return { ...leg, transfer: { asked: event.queue, refused: null } };
    case "broken":
      return leg.sound === "over" || leg.sound === "none"
        ? leg
        : {
            ...leg,
            sound: "lost",
            mending: "under_way",
            phone: "none",
            phoneWhy: null,
            transfer: NO_LEG.transfer,
            supervised: [],
            legs: [],
          };
    case "settled":
      return leg.mending === "done" ? { ...leg, mending: "none" } : leg;
    case "gone":
      // why the phone could not be had, or the caller, is read once the ring is over
      return {
        ...NO_LEG,
        ...(leg.phone === "failed" ? { phone: leg.phone, phoneWhy: leg.phoneWhy } : {}),
        ...(leg.rung.state === "failed" ? { rung: leg.rung } : {}),
      };
    case "read":
      return leg.phone === "failed" ? { ...leg, phone: "none", phoneWhy: null } : leg;
    case "said":
      return hear(leg, event.said, at);
    default:
      return event satisfies never;
  }
}

/** Return what is said of the recording where the talk goes on, if anything was ever said of it here. */
export function seen(recording: Recording | null, at: number): RecordingSeen | null {
  if (recording === null) return null;
  const { on, ends, act } = recording;
  return { on, left_ms: ends === null ? null : Math.max(0, Math.round(ends - at)), act };
}

function mended(leg: Leg): Leg {
  return leg.mending === "under_way" ? { ...leg, mending: "done", refusal: null } : leg;
}

function hear(leg: Leg, said: NodeSays, at: number): Leg {
  switch (said.kind) {
    case "answer":
      // a phone is there once somebody has picked it up, which the node says by "bridged"
      if (leg.sound !== "connecting") return leg;
      return said.sdp === "phone"
        ? { ...leg, sound: "attached" }
        : mended({ ...leg, sound: "attached" });
    case "bridged":
      return mended({ ...leg, sound: "bridged", answering: false, rung: NOT_RUNG });
    case "phone":
      return said.state === "answered"
        ? mended({ ...leg, phone: said.state, phoneWhy: null })
        : {
            ...leg,
            phone: said.state,
            phoneWhy: said.why,
            answering: leg.answering && said.state !== "failed",
          };
    case "caller_rung": {
      const { kind: _, ...rung } = said;
      return { ...leg, rung: { ...rung, token: leg.rung.token } };
    }
    case "held":
      return {
        ...leg,
        held: said.on,
        heldSince: said.on ? (leg.heldSince ?? at) : null,
        // Why nobody came is read once the caller is taken off hold.
        consult: said.on ? leg.consult : { ...leg.consult, why: null },
      };
    case "recording":
      return {
        ...leg,
        recording: {
          on: said.on,
          ends: said.left_ms === null ? null : at + said.left_ms,
          forgotten: said.is_forgotten || (said.on && (leg.recording?.forgotten ?? false)),
          act: said.act,
        },
      };
    case "caller_heard":
      return { ...leg, callerHeard: said.on };
    case "over":
      return { ...leg, sound: "over", answering: false };
    case "not_done":
      if (said.code === CALLER_IS_YOURS) return { ...leg, refusal: said.code };
      return { ...leg, transfer: { asked: null, refused: said.code } };
    case "legs":
      return { ...leg, legs: said.legs };
    case "consulted": {
      const { kind: _, ...consult } = said;
      return { ...leg, consult, transfer: NO_LEG.transfer };
    }
    case "supervised":
      return { ...leg, supervised: said.modes };
    case "refused":
      return { ...leg, answering: false, refusal: said.words };
    case "supervising":
    case "claim":
    case "stage":
    case "place":
    case "quality":
    case "written":
    case "not_written":
    case "so_far":
    case "typing":
    case "beat":
      return leg;
    default:
      return said satisfies never;
  }
}
