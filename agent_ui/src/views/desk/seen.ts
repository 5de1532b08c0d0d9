/** What an adviser at work has before the eyes, in one picture. */

import { type Microphone, NO_MICROPHONE } from "../../media/microphone";
import { type Desk, isCall, NEW_DESK } from "../../state/desk";
import { type Leg, NO_LEG, NOT_RUNG, type Rung } from "../../state/leg";
import type { Draft } from "../../state/notes";
import { type Line, NO_LINE } from "../../state/quality";
import type { Connection } from "../../wire/connection";
import type { CallbackNow } from "../../wire/made";
import type { ChatSeen } from "./chat_keeper";
import { NO_PHONE, type Phone } from "./phone_keeper";

/** What was asked for and could not be done; `detail` is the server's reason, where it gave one. */
export interface Trouble {
  what:
    | "presence"
    | "callback"
    | "callback_kept"
    | "end"
    | "finish"
    | "more_time"
    | "notes"
    | "sign_out";
  detail: string | null;
}

export interface Seen {
  desk: Desk;
  connection: Connection;
  leg: Leg;
  line: Line;
  caller: MediaStream | null;
  microphone: Microphone;
  phone: Phone;
  /** The adviser is giving the number of a phone. */
  choosingPhone: boolean;
  /** The browser is asking the person for the microphone. */
  asking: boolean;
  draft: Draft | null;
  chats: readonly ChatSeen[];
  /** The adviser chooses where the caller is handed to. */
  transferring: boolean;
  trouble: Trouble | null;
}

export const AT_FIRST: Seen = {
  desk: NEW_DESK,
  connection: { at: "connecting", attempt: 0 },
  leg: NO_LEG,
  line: NO_LINE,
  caller: null,
  microphone: NO_MICROPHONE,
  phone: NO_PHONE,
  choosingPhone: false,
  asking: false,
  draft: null,
  chats: [],
  transferring: false,
  trouble: null,
};

/** Say whether a node rings the caller of a callback now. */
export function isRinging({ leg }: Seen): boolean {
  return leg.rung.state === "dialling" || leg.rung.state === "ringing";
}

/** Say whether caller and adviser can hear each other now. */
export function isUp(seen: Seen): boolean {
  const { work } = seen.desk;
  if (seen.leg.phone === "ringing" || isRinging(seen)) return false;
  return work.at === "talking" && (seen.leg.sound === "bridged" || seen.leg.sound === "attached");
}

/** Return what has become of the number under the present reservation. */
export function rungNow(seen: Seen): Rung {
  const { work } = seen.desk;
  const { rung } = seen.leg;
  return work.at === "talking" && rung.token === work.token ? rung : NOT_RUNG;
}

/** Return the callback that rings or is taken; null for a call. */
export function callbackOf(seen: Seen): CallbackNow | null {
  const { work } = seen.desk;
  return work.at === "ringing" || work.at === "talking" ? (work.ring?.callback ?? null) : null;
}

/** Return the callback that is no call yet: nobody has answered, or it is rung by hand. */
export function unansweredOf(seen: Seen): CallbackNow | null {
  const { work } = seen.desk;
  const isAnswered =
    work.at === "talking" &&
    (seen.leg.sound === "bridged" || (work.ring !== null && isCall(work.ring)));
  return isAnswered ? null : callbackOf(seen);
}
