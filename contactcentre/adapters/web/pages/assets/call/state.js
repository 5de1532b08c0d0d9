/** What the page knows of its call, and how each thing that happens changes it. No DOM, no clock. */

/** @typedef {"ready" | "found" | "asking" | "connecting" | "up" | "reconnecting" | "over"} Phase */

/**
 * The state of a page that has not called yet.
 *
 * kept: "kept" while a place in a queue is the caller's, in this call or left with one before;
 * "gone" if that cannot be had back; "served" once the caller has talked and will need none.
 */
export function begin(language, { keepsPlaces = false, kept = null } = {}) {
  return Object.freeze({
    phase: "ready",
    language,
    stage: null,
    place: null,
    grade: "unknown",
    waitingForUs: null,
    muted: false,
    silent: false,
    soundBlocked: false,
    startedMs: null,
    stillLost: false,
    closing: null,
    problem: null,
    keepsPlaces,
    kept,
    keyed: "",
  });
}

/** Return the state of a page that begins again, with the place that it may have left. */
function afresh({ language, keepsPlaces, kept }) {
  return begin(language, { keepsPlaces, kept: kept === "kept" ? kept : null });
}

/** Whoever hears one of these has been served, or goes on elsewhere. */
const KEEPS_NO_PLACE = new Set([
  "handled",
  "deflected",
  "callback",
  "bad-claim",
  "expired",
  "stale-epoch",
  "words",
]);
const WAITS = new Set(["waiting", "ringing"]);
const TALKS = new Set(["talking", "on_hold"]);
const LIVE = new Set(["asking", "connecting", "up", "reconnecting"]);

/** Say whether there is a call that would be lost with the page. */
export function isLive(state) {
  return LIVE.has(state.phase);
}

/** Return the state after an event. What may not follow now is let pass. */
export function follow(state, event) {
  switch (event.kind) {
    case "found_call":
      return { ...state, phase: "found", kept: event.placeKept ? "kept" : state.kept };
    case "found_place":
      return { ...state, kept: "kept" };
    case "place_gone":
      return { ...state, kept: isLive(state) ? "gone" : null };
    case "pressed_start":
      return { ...afresh(state), phase: "asking" };
    case "microphone_refused":
      return { ...afresh(state), problem: ["microphone", event.why] };
    case "microphone_given":
      return { ...state, phase: "connecting" };
    case "language":
      return { ...state, language: event.language };
    case "ended_here":
      return ended(state, ["over", isLive(state) ? endingByCaller(state) : "left"]);
    case "callback_cancelled":
      return state.phase === "over" ? { ...state, closing: ["over", "callback_cancelled"] } : state;
    case "callback_not_cancelled":
      return state.phase === "over" ? { ...state, closing: ["over", "callback_stays"] } : state;
    case "again":
      return afresh(state);
    default:
      return isLive(state) ? followLive(state, event) : state;
  }
}

function followLive(state, event) {
  switch (event.kind) {
    case "delayed":
      return state.phase === "connecting" ? { ...state, waitingForUs: event.why } : state;
    case "claimed":
      return { ...state, kept: keptByClaim(state, event.placeKept) };
    case "connected":
      return {
        ...state,
        phase: "up",
        waitingForUs: null,
        stillLost: false,
        startedMs: state.startedMs ?? event.atMs,
      };
    case "lost":
      return {
        ...state,
        phase: state.startedMs === null ? "connecting" : "reconnecting",
        grade: "unknown",
        soundBlocked: false,
      };
    case "still_lost":
      return state.phase === "reconnecting" ? { ...state, stillLost: true } : state;
    case "node_said":
      return heard(state, event.said);
    case "line":
      return state.grade === event.grade ? state : { ...state, grade: event.grade };
    case "keyed":
      return isKeyingNumber(state) && /^[0-9]$/.test(event.key)
        ? { ...state, keyed: state.keyed + event.key }
        : state;
    case "muted":
      return { ...state, muted: event.on };
    case "silent":
      return state.silent === event.on ? state : { ...state, silent: event.on };
    case "sound_blocked":
      return { ...state, soundBlocked: event.on };
    case "refused":
      return ended(state, ["refused", event.code]);
    case "over":
      return ended(state, ["over", event.ending ?? "ended"]);
    case "elsewhere":
      return ended(state, ["elsewhere", "words"]);
    default:
      return state;
  }
}

/** Return the state after something the node said that is for people to see. */
function heard(state, said) {
  switch (said.kind) {
    case "stage":
      return {
        ...state,
        stage: said,
        // the page follows the call when the call changes, and the reader at all other times
        language: said.language === state.stage?.language ? state.language : said.language,
        place: WAITS.has(said.state) ? state.place : null,
        kept: keptInStage(state, said.state),
        keyed: "",
      };
    case "place":
      return { ...state, place: said };
    default:
      return state;
  }
}

/** Return what becomes of the place that was left as a new call begins. */
function keptByClaim(state, placeKept) {
  if (placeKept) return "kept";
  return state.kept === "kept" ? "gone" : state.kept;
}

function keptInStage(state, stage) {
  if (TALKS.has(stage)) return "served";
  const leavesOne = WAITS.has(stage) && state.keepsPlaces && state.kept !== "served";
  return leavesOne ? "kept" : state.kept;
}

function ended(state, closing) {
  const kept = KEEPS_NO_PLACE.has(closing[1]) ? null : state.kept;
  return { ...afresh({ ...state, kept }), phase: "over", closing };
}

/** Return how a call ends that its caller ends now. */
function endingByCaller(state) {
  if (state.stage?.is_booked) return "callback";
  switch (state.stage?.state) {
    case "waiting":
    case "ringing":
      return "abandoned";
    case "talking":
    case "on_hold":
      return "handled";
    case "in_menu":
      return "left_in_menu";
    default:
      return "ended";
  }
}

/** Return the key of the words that say where the caller is. */
export function stateWords(state) {
  switch (state.phase) {
    case "connecting":
    case "reconnecting":
      return `state.${state.waitingForUs ?? state.phase}`;
    case "up":
      if (state.stage === null) return "state.connecting";
      return isBooked(state.stage) ? "state.booked" : `state.${state.stage.state}`;
    case "asking":
      return "state.asking";
    case "over":
      return headingAtEnd(state);
    default:
      return "state.ready";
  }
}

/** Return the key of the words that stand over the end of a call's time on this page. */
export function headingAtEnd(state) {
  switch (state.closing[0]) {
    case "refused":
      return "refused.heading";
    case "elsewhere":
      return "elsewhere.heading";
    default:
      return mayCancelCallback(state) ? "state.booked" : "state.ended";
  }
}

/** Say whether a call has ended with word that its caller will be rung back. */
function isBooked(stage) {
  return stage.state === "ended" && stage.is_booked === true;
}

/** Say whether what the caller keys now is a number, which is ended with hash. */
export function isKeyingNumber(state) {
  return state.phase === "up" && state.stage?.keys?.["#"] !== undefined;
}

/** Return the keys of the words at the end of a call's time on this page. */
export function closingWords(state) {
  const [group, name] = state.closing;
  if (state.kept !== "kept") return [`${group}.${name}`];
  return [name === "abandoned" ? "over.left_queue" : `${group}.${name}`, "kept.left"];
}

/** Say whether the caller will be rung back, and may say that this is not wanted any more. */
export function mayCancelCallback(state) {
  return state.phase === "over" && ["callback", "callback_stays"].includes(state.closing[1]);
}

/** Return the key of the words about a place from before, for a caller in the menus; or null. */
export function keptWords(state) {
  const isInMenu = state.phase === "up" && state.stage?.state === "in_menu";
  return isInMenu && ["kept", "gone"].includes(state.kept) ? `kept.${state.kept}` : null;
}

/** Return the key of the words for a caller whose line is lost; null while it is not. */
export function lostWords(state) {
  if (state.phase !== "reconnecting") return null;
  if (state.stillLost) return "lost.still";
  switch (state.stage?.state) {
    case "waiting":
    case "ringing":
      return "lost.place";
    case "talking":
    case "on_hold":
      return "lost.talk";
    default:
      return "lost.menu";
  }
}

/** Say whether the caller's place is shown: it is kept, also while the line is lost. */
export function isPlaced(state) {
  return (state.phase === "up" || state.phase === "reconnecting") && state.place !== null;
}

const URGENT = new Set([
  "state.talking",
  "state.on_hold",
  "state.ended",
  "refused.heading",
  "elsewhere.heading",
]);

/**
 * Return what a screen reader should say after a change: {polite, assertive}, keys of words or null.
 * Places, waits, times and what is being said aloud are never announced.
 */
export function announcement(before, after) {
  if (after.problem !== null && after.problem !== before.problem) {
    return { polite: null, assertive: after.problem.join(".") };
  }
  if (before.phase === "over" && after.phase === "over" && before.closing !== after.closing) {
    return { polite: after.closing.join("."), assertive: null };
  }
  const lost = lostWords(after);
  if (lost !== null && lost !== lostWords(before)) return { polite: lost, assertive: null };
  const words = stateWords(after);
  if (words === "state.ready" || words === stateWords(before)) {
    return { polite: muteAnnouncement(before, after), assertive: null };
  }
  return URGENT.has(words)
    ? { polite: null, assertive: words }
    : { polite: words, assertive: null };
}

function muteAnnouncement(before, after) {
  if (before.muted === after.muted || !isLive(after)) return null;
  return after.muted ? "muted" : "unmuted";
}

const ORDER = "1234567890*#";

/** Return the keys that do something now, as [key, what it does], in the order of a keypad. */
export function choices(state) {
  if (state.phase !== "up" || state.stage === null) return [];
  return Object.entries(state.stage.keys).sort(
    ([one], [other]) => ORDER.indexOf(one) - ORDER.indexOf(other),
  );
}
