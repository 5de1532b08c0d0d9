// Made from contactcentre/wire by `npm run types`. Not to be edited.

/** Bounds that the servers keep too. */
export const LIMITS = {
  "SOCKET_BEAT_EVERY_MS": 2000,
  "SOCKET_LOST_AFTER_MS": 5000,
  "RING_MS": 20000,
  "TICKET_LIFE_S": 60,
  "NOTES_MAX_CHARS": 8000,
  "WHY_MAX_CHARS": 200,
  "TEXT_MAX_CHARS": 1000
} as const;

/** Why a socket was closed. */
export const CLOSINGS = {
  "DONE": 1000,
  "STOPPING": 1001,
  "TOO_LONG": 1009,
  "BROKEN": 1011,
  "MALFORMED": 4400,
  "NOT_SIGNED_IN": 4401,
  "REFUSED": 4403,
  "LOST": 4408,
  "REPLACED": 4409,
  "ELSEWHERE": 4410,
  "TOO_SLOW": 4429
} as const;

export type AdviserSays =
  | Attach
  | AnswerCall
  | Decline
  | HandBack
  | Hold
  | Mute
  | Record
  | PressKey
  | Transfer
  | Ask
  | AskOutside
  | Merge
  | HandOver
  | DropConsult
  | Write
  | Typing
  | HangUp
  | Beat;
/**
 * How it ended that an adviser rang the number.
 */
export type Attempt = "reached" | "no_answer" | "wrong_number" | "given_up";
/**
 * Why an adviser is away.
 */
export type AwayReason =
  | "signed_in"
  | "break"
  | "lunch"
  | "meeting"
  | "training"
  | "other_work"
  | "no_answer"
  | "declined"
  | "desk_unreachable"
  | "lost_connection";
/**
 * Where a call is on its way.
 */
export type CallState = "in_menu" | "waiting" | "ringing" | "talking" | "on_hold" | "ended";
/**
 * What an adviser is doing, as advisers and supervisors say it.
 */
export type Presence = "ready" | "reserved" | "ringing" | "talking" | "wrap_up" | "away" | "offline";
/**
 * A language tag as in BCP 47; the first in `Language` is what a line falls back to.
 */
export type Language = "en-GB" | "cy";
/**
 * Why a reservation went back without a talk.
 */
export type LapseReason = "declined" | "no_answer" | "desk_unreachable" | "caller_left" | "not_taken_up" | "node_lost";
/**
 * Why a consultation is over, where whoever has asked for it has not ended it.
 */
export type ConsultEnd = "nobody" | "left" | "unreachable" | "busy" | "no_answer" | "not_reached" | "no_line";
/**
 * How far a consultation has come, for whoever has asked for it.
 */
export type ConsultState = "none" | "waiting" | "ringing" | "talking" | "merged";
export type DeskSays =
  PresenceNow | RingNow | RingEnded | TalkNow | WrapUpNow | QueuesNow | ChatNow | Replaced | HealthNow | Beat;
/**
 * What an adviser does at whose desk a callback rings.
 */
export type TakeUp = "take" | "decline";
/**
 * How a call ended; each call has one (the conservation law counts them).
 */
export type Ending = "handled" | "abandoned" | "left_in_menu" | "deflected" | "callback" | "closed" | "system_lost";
/**
 * As what somebody sits in a room.
 */
export type Role = "caller" | "adviser" | "consulted" | "outside" | "supervisor";
export type NodeSays =
  | Answer
  | ClaimChanged
  | Stage
  | PlaceNow
  | Quality
  | LegsNow
  | Bridged
  | Held
  | NotDone
  | Consulted
  | Supervising
  | Supervised
  | RecordingNow
  | CallerHeard
  | PhoneNow
  | CallerRung
  | Written
  | NotWritten
  | SoFar
  | Typing
  | Over
  | Refused
  | Beat;
/**
 * How a supervisor is in a talk.
 */
export type SupervisorMode = "listen" | "whisper" | "join";
/**
 * Who writes in a chat.
 */
export type Writer = "caller" | "adviser";
export type SupervisorSays = Supervise | SuperviseAs | HangUp | Beat;
/**
 * Which switch it is.
 */
export type SwitchKind = "notice" | "shut" | "divert" | "divert_all";

/**
 * An adviser's browser offers sound for the call that rings at its desk.
 */
export interface Attach {
  kind: "attach";
  ticket: string;
  sdp: string;
  phone: string | null;
  recording: RecordingSeen | null;
}
/**
 * What an adviser's page shows of the recording of the talk to which it comes back.
 */
export interface RecordingSeen {
  on: boolean;
  left_ms: number | null;
  act: number;
}
/**
 * The adviser takes the call that rings.
 */
export interface AnswerCall {
  kind: "answer_call";
}
/**
 * The adviser can't take the call; the caller keeps the place.
 */
export interface Decline {
  kind: "decline";
}
/**
 * The adviser has to go; the caller goes back to the place, for another adviser.
 */
export interface HandBack {
  kind: "hand_back";
}
/**
 * The adviser puts the caller on hold, or comes back.
 */
export interface Hold {
  kind: "hold";
  on: boolean;
}
/**
 * The adviser's sound is kept from the caller by the node as well.
 */
export interface Mute {
  kind: "mute";
  on: boolean;
}
/**
 * The adviser lets the talk be recorded again, or pauses that.
 */
export interface Record {
  kind: "record";
  on: boolean;
}
/**
 * A key of the keypad: the caller's choice, or a tone an adviser sends to the caller.
 */
export interface PressKey {
  kind: "key";
  key: string;
}
/**
 * The adviser hands the caller to a queue, of this line or of another one.
 */
export interface Transfer {
  kind: "transfer";
  queue: string;
}
/**
 * The adviser asks another one about the caller: one of a queue, or one by name.
 */
export interface Ask {
  kind: "ask";
  queue: string | null;
  adviser: string | null;
}
/**
 * The adviser asks somebody on an outside number about the caller, by the number's name.
 */
export interface AskOutside {
  kind: "ask_outside";
  outside: string;
  hands_over: boolean;
}
/**
 * Caller, adviser and the one who was asked are to talk together.
 */
export interface Merge {
  kind: "merge";
}
/**
 * The adviser leaves the caller to the one who was asked.
 */
export interface HandOver {
  kind: "hand_over";
}
/**
 * The adviser lets the one who was asked go, or asks for nobody any longer.
 */
export interface DropConsult {
  kind: "drop_consult";
}
/**
 * A text for the other side of a chat.
 *
 * Said again with the same id for as long as the node has not said that it was written.
 */
export interface Write {
  kind: "write";
  text: string;
  words: string;
  order: number | null;
}
/**
 * The writer is typing, or no longer; to either side of a chat, from the other.
 */
export interface Typing {
  kind: "typing";
  on: boolean;
}
/**
 * The person ends the call, or the consultation that is named.
 */
export interface HangUp {
  kind: "hang_up";
  call: string | null;
}
/**
 * The sender lives.
 */
export interface Beat {
  kind: "beat";
}
/**
 * The node's answer to an offer or attach.
 */
export interface Answer {
  kind: "answer";
  call: string;
  sdp: string;
}
/**
 * What a supervisor's board shows; each figure is measured, or absent.
 */
export interface Board {
  queues: BoardQueue[];
  advisers: {
    [k: string]: number;
  };
  nodes: BoardNode[];
  coming_back_count: number;
  is_storm: boolean;
  today: Today | null;
  lines: BoardLine[];
}
/**
 * A queue on the board.
 */
export interface BoardQueue {
  queue: string;
  title: string;
  waiting_count: number;
  longest_ms: number | null;
  ready_count: number;
  overflows_to: string | null;
  callbacks_count: number | null;
}
/**
 * A media node on the board.
 */
export interface BoardNode {
  node: string;
  site: string;
  state: "serving" | "strained" | "draining" | "stopped";
  legs_count: number;
  legs_max: number;
}
/**
 * Counts of calls that arrived since midnight, UK time, from the records.
 */
export interface Today {
  offered_count: number;
  handled_count: number;
  abandoned_count: number;
  deflected_count: number;
  callback_count: number;
  left_in_menu_count: number;
  closed_count: number;
  system_lost_count: number;
  in_progress_count: number;
  answered_within_target_count: number;
  target_ms: number;
  callbacks_kept_count: number;
  callbacks_broken_count: number;
}
/**
 * A line and its switches.
 */
export interface BoardLine {
  line: string;
  title: string;
  is_open: boolean;
  may_be_shut: boolean;
  is_shut: boolean;
  notice: string | null;
  notices: BoardNotice[];
  diverts: BoardDivert[];
  last: BoardTurn | null;
}
/**
 * What a supervisor may let be said before the menu.
 */
export interface BoardNotice {
  name: string;
  words: string;
}
/**
 * One queue of a line, in whatever language, and where its new callers are sent.
 */
export interface BoardDivert {
  queue: string;
  title: string;
  to: string | null;
  is_emptied: boolean;
  is_fixed: boolean;
}
/**
 * The last turn of one of a line's switches.
 */
export interface BoardTurn {
  who: string;
  at_ms: number;
  why: string;
}
/**
 * A talk that goes on.
 */
export interface BoardTalk {
  call: string;
  adviser: string;
  queue: string | null;
  talked_ms: number;
}
/**
 * Adviser: you and the caller hear each other.
 */
export interface Bridged {
  kind: "bridged";
  token: number;
}
/**
 * What has become of the adviser's word.
 */
export interface CallbackHeard {
  written: boolean;
}
/**
 * A caller who is to be rung back.
 */
export interface CallbackNow {
  number: string;
  booked_ms: number;
  attempts_count: number;
}
/**
 * Where the page has the number of its callback rung: it attaches there, with this ticket.
 */
export interface CallbackWay {
  node_url: string;
  ticket: string;
}
/**
 * Adviser: the caller's sound has stopped, or has come back.
 */
export interface CallerHeard {
  kind: "caller_heard";
  on: boolean;
}
/**
 * Adviser: what becomes of the number of your callback; `bridged` follows on an answer.
 */
export interface CallerRung {
  kind: "caller_rung";
  state: "dialling" | "ringing" | "failed";
  is_heard: boolean;
  why: string | null;
  found: Attempt | null;
  may_again: boolean;
}
/**
 * What is new of one of the adviser's chats, as for a call.
 */
export interface ChatNow {
  kind: "chat";
  seat: string;
  said: PresenceNow | RingNow | RingEnded | TalkNow | WrapUpNow;
}
/**
 * How the adviser stands.
 */
export interface PresenceNow {
  kind: "presence";
  state: Presence;
  reason: AwayReason | null;
  since_ms: number;
}
/**
 * A call rings at this desk; or a callback, for which there is no leg to attach to.
 */
export interface RingNow {
  kind: "ring";
  call: string;
  token: number;
  node_url: string;
  ticket: string;
  line: string;
  queue: string;
  language: Language;
  waited_ms: number;
  ring_ms: number;
  journey: JourneyStep[];
  consulted_by: string | null;
  callback: CallbackNow | null;
}
/**
 * One thing the caller did on the way here, for the adviser to read.
 */
export interface JourneyStep {
  at_ms: number;
  words: {
    [k: string]: string;
  };
}
/**
 * The ring has ended without a talk.
 */
export interface RingEnded {
  kind: "ring_ended";
  call: string;
  token: number;
  lapse: LapseReason;
}
/**
 * The adviser talks (sent when it begins, after a reload, and when it goes on elsewhere).
 */
export interface TalkNow {
  kind: "talk";
  call: string;
  token: number;
  talked_ms: number;
  ring: RingNow | null;
}
/**
 * The talk has ended; the adviser has this long for notes and outcome.
 */
export interface WrapUpNow {
  kind: "wrap_up";
  call: string;
  queue: string | null;
  left_ms: number;
  outcome: string | null;
  notes: string;
  version: number;
}
/**
 * A fresh claim; the page keeps the last one.
 */
export interface ClaimChanged {
  kind: "claim";
  claim: string;
}
/**
 * Another adviser, who may be asked about a caller.
 */
export interface Colleague {
  adviser: string;
  state: Presence;
}
/**
 * Adviser: how far it has come with the one who was asked, and who that is.
 */
export interface Consulted {
  kind: "consulted";
  state: ConsultState;
  adviser: string | null;
  outside: {
    [k: string]: string;
  } | null;
  why: ConsultEnd | null;
}
/**
 * The adviser's queues, at most once a second.
 */
export interface QueuesNow {
  kind: "queues";
  queues: QueueNow[];
}
/**
 * One of the adviser's queues.
 */
export interface QueueNow {
  queue: string;
  waiting_count: number;
  longest_ms: number | null;
}
/**
 * Another tab of this adviser has taken the desk over.
 */
export interface Replaced {
  kind: "replaced";
}
/**
 * What the desk itself can reach; the call's own sound is told by its node.
 */
export interface HealthNow {
  kind: "health";
  queue_reachable: boolean;
  records_reachable: boolean;
}
/**
 * What the adviser does with a callback: takes it or not, and says how the attempt ended.
 */
export interface DoCallback {
  word: TakeUp | Attempt;
  ticket: string | null;
}
/**
 * The adviser has finished with a call.
 */
export interface FinishWrapUp {
  call: string;
  then: "ready" | "away";
  reason: AwayReason | null;
}
/**
 * Adviser: the caller is on hold, or no longer.
 */
export interface Held {
  kind: "held";
  on: boolean;
}
/**
 * One server: it tells a browser its address (stun:), or relays its sound (turn:).
 */
export interface IceServer {
  urls: string;
  username: string;
  credential: string;
}
/**
 * One leg of a room.
 */
export interface LegNow {
  role: Role;
  quality: Quality;
}
/**
 * What the node hears of this leg.
 */
export interface Quality {
  kind: "quality";
  loss_ratio: number;
  jitter_ms: number;
  delay_ms: number;
  level_dbov: number;
  round_trip_ms: number | null;
  mos: number;
}
/**
 * Adviser and supervisor: how everybody in the room comes in.
 */
export interface LegsNow {
  kind: "legs";
  legs: LegNow[];
}
/**
 * Who is signed in, and what the desk must know to draw itself.
 */
export interface Me {
  adviser: string;
  name: string;
  role: "adviser" | "supervisor";
  language: Language;
  queues: QueueTitle[];
  away_reasons: AwayReason[];
  ice_servers: IceServer[];
  chats_max: number;
  chats_beside_call_max: number;
  may_use_phone: boolean;
  may_have_rung: boolean;
}
/**
 * A queue's name for people.
 */
export interface QueueTitle {
  queue: string;
  titles: {
    [k: string]: string;
  };
  outcomes: OutcomeChoice[];
}
/**
 * One of the outcomes a line's advisers may choose.
 */
export interface OutcomeChoice {
  code: string;
  titles: {
    [k: string]: string;
  };
}
/**
 * Where the call is now, and what is being said to the caller in words (captions).
 */
export interface Stage {
  kind: "stage";
  state: CallState;
  language: Language;
  words: string[];
  keys: {
    [k: string]: string;
  };
  is_booked: boolean;
}
/**
 * The caller's place; also sent when it was not said aloud.
 */
export interface PlaceNow {
  kind: "place";
  place: number;
  wait_ms: number | null;
  words: string;
}
/**
 * Adviser: what was asked for last cannot be done, and the talk goes on; `code` as below.
 */
export interface NotDone {
  kind: "not_done";
  code: string;
  words: string;
}
/**
 * Supervisor: it is written down, and so you are there in that way from now on.
 */
export interface Supervising {
  kind: "supervising";
  mode: SupervisorMode;
}
/**
 * Adviser: in which ways supervisors are in your talk; in none if empty.
 */
export interface Supervised {
  kind: "supervised";
  modes: SupervisorMode[];
}
/**
 * Adviser: the talk is recorded, or its recording is paused. Not said where none is.
 */
export interface RecordingNow {
  kind: "recording";
  on: boolean;
  left_ms: number | null;
  is_forgotten: boolean;
  act: number;
}
/**
 * Adviser: what becomes of the phone on which you take the sound.
 */
export interface PhoneNow {
  kind: "phone";
  state: "ringing" | "answered" | "failed";
  why: string | null;
}
/**
 * A text of a chat is written down, for ever: its writer may show it as sent.
 */
export interface Written {
  kind: "written";
  text: string;
  by: Writer;
  order: number;
  words: string;
  at_ms: number;
}
/**
 * A text cannot be written now; `code` as in domain/errors.py.
 */
export interface NotWritten {
  kind: "not_written";
  text: string;
  code: string;
  words: string;
}
/**
 * All texts that this node has were told: what is missing among one's own is to be said.
 */
export interface SoFar {
  kind: "so_far";
}
/**
 * The call, or this adviser's part in it, is over; the node closes the socket after it.
 */
export interface Over {
  kind: "over";
  ending: Ending | null;
  lapse: LapseReason | null;
  words: string;
}
/**
 * What was asked cannot be done; `code` as in domain/errors.py.
 */
export interface Refused {
  kind: "refused";
  code: string;
  words: string;
}
/**
 * The words are durable.
 */
export interface OutcomeWritten {
  version: number;
  at_ms: number;
}
/**
 * An outside number that a caller may be handed to, and that may be asked about one.
 */
export interface OutsideTarget {
  outside: string;
  titles: {
    [k: string]: string;
  };
}
/**
 * It may be rung, written so.
 */
export interface PhoneTried {
  number: string;
}
/**
 * An application/problem+json body.
 */
export interface Problem {
  type: string;
  title: string;
  status: number;
  code: string;
  detail: string;
}
/**
 * The adviser presses Ready, or goes away for a reason.
 */
export interface SetPresence {
  state: "ready" | "away";
  reason: AwayReason | null;
}
/**
 * A local account.
 */
export interface SignIn {
  name: string;
  password: string;
}
/**
 * A supervisor's browser offers sound for a talk; it only listens at first.
 */
export interface Supervise {
  kind: "supervise";
  ticket: string;
  sdp: string;
}
/**
 * The supervisor wants to be there in another way.
 */
export interface SuperviseAs {
  kind: "supervise_as";
  mode: SupervisorMode;
}
/**
 * How the switches stand after a turn.
 */
export interface SwitchesNow {
  lines: BoardLine[];
}
/**
 * The talks that go on, or those of them that were asked for.
 */
export interface Talks {
  count: number;
  talks: BoardTalk[];
}
/**
 * A queue that a caller may be handed to.
 */
export interface TransferTarget {
  queue: string;
  titles: {
    [k: string]: string;
  };
  line_titles: {
    [k: string]: string;
  };
  is_open: boolean;
  waiting_count: number | null;
  ready_count: number | null;
}
/**
 * Every queue that a caller may be handed to, those of a line together.
 */
export interface TransferTargets {
  targets: TransferTarget[];
  colleagues: Colleague[];
  outside: OutsideTarget[];
}
/**
 * A number on which an adviser would take the sound.
 */
export interface TryPhone {
  number: string;
}
/**
 * A supervisor turns a switch; see domain/ivr/switches for what `value` means.
 */
export interface TurnSwitch {
  line: string;
  kind: SwitchKind;
  subject: string | null;
  value: string | null;
  why: string;
}
/**
 * Where a supervisor's browser may listen, with a ticket.
 */
export interface WayToTalk {
  node_url: string;
  ticket: string;
}
/**
 * The adviser's words on a call, whole each time; the higher version stands.
 */
export interface WriteOutcome {
  outcome: string | null;
  notes: string;
  version: number;
}
