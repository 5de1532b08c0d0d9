import assert from "node:assert/strict";
import { test } from "node:test";
import {
  announcement,
  begin,
  choices,
  closingWords,
  follow,
  isLive,
  isPlaced,
  keptWords,
  lostWords,
  mayCancelCallback,
  stateWords,
} from "../../../../contactcentre/adapters/web/pages/assets/call/state.js";

const after = (...events) => events.reduce(follow, begin("en-GB"));
const keeping = (...events) => events.reduce(follow, begin("en-GB", { keepsPlaces: true }));
const START = [{ kind: "pressed_start" }, { kind: "microphone_given" }];
const UP = [...START, { kind: "connected", atMs: 1_000 }];
const stage = (state, more = {}) => ({
  kind: "node_said",
  said: { kind: "stage", state, language: "en-GB", words: [], keys: {}, ...more },
});
const place = (number, wait_ms = null) => ({
  kind: "node_said",
  said: { kind: "place", place: number, wait_ms, words: "" },
});

test("a call goes from the button over the microphone to the node", () => {
  assert.equal(after().phase, "ready");
  assert.equal(after(START[0]).phase, "asking");
  assert.equal(after(...START).phase, "connecting");
  assert.equal(after(...UP).phase, "up");
});

test("a refused microphone brings the caller back to the start, with a reason", () => {
  const state = after(START[0], { kind: "microphone_refused", why: "denied" });
  assert.equal(state.phase, "ready");
  assert.deepEqual(state.problem, ["microphone", "denied"]);
  assert.equal(after(START[0], { kind: "microphone_refused", why: "denied" }, START[0]).problem, null);
});

test("each stage of the call has its own words", () => {
  for (const name of ["in_menu", "waiting", "ringing", "talking", "on_hold", "ended"]) {
    assert.equal(stateWords(after(...UP, stage(name))), `state.${name}`);
  }
});

test("a call that has never been up connects, one that was up reconnects", () => {
  assert.equal(after(...START, { kind: "lost" }).phase, "connecting");
  assert.equal(after(...UP, { kind: "lost" }).phase, "reconnecting");
});

test("a call that comes back keeps its time", () => {
  const state = after(...UP, { kind: "lost" }, { kind: "connected", atMs: 9_000 });
  assert.equal(state.phase, "up");
  assert.equal(state.startedMs, 1_000);
});

test("why it takes so long is said only until the call is up", () => {
  const slow = { kind: "delayed", why: "slow" };
  assert.equal(stateWords(after(...START, slow)), "state.slow");
  assert.equal(after(...START, slow, UP.at(-1)).waitingForUs, null);
  assert.equal(stateWords(after(...UP, stage("waiting"), slow)), "state.waiting");
  assert.equal(stateWords(after(...UP, { kind: "lost" }, slow)), "state.reconnecting");
});

test("the place is shown while the caller waits or is rung for, and not in the talk", () => {
  const waiting = [...UP, stage("waiting"), place(3, 60_000)];
  assert.equal(after(...waiting).place.place, 3);
  assert.equal(after(...waiting, stage("ringing")).place.place, 3);
  assert.equal(after(...waiting, stage("talking")).place, null);
});

test("the page follows the call's language when the call changes it", () => {
  assert.equal(after(...UP, stage("in_menu", { language: "cy" })).language, "cy");
});

test("a caller who reads the page in another language keeps it while the call goes on", () => {
  const state = after(...UP, stage("in_menu"), { kind: "language", language: "cy" }, stage("waiting"));
  assert.equal(state.language, "cy");
});

test("how a call ends that its caller ends depends on where it was", () => {
  const ended = (name) => after(...UP, stage(name), { kind: "ended_here" }).closing;
  assert.deepEqual(ended("waiting"), ["over", "abandoned"]);
  assert.deepEqual(ended("ringing"), ["over", "abandoned"]);
  assert.deepEqual(ended("talking"), ["over", "handled"]);
  assert.deepEqual(ended("on_hold"), ["over", "handled"]);
  assert.deepEqual(ended("in_menu"), ["over", "left_in_menu"]);
  assert.deepEqual(after(...START, { kind: "ended_here" }).closing, ["over", "ended"]);
  assert.deepEqual(after({ kind: "found_call" }, { kind: "ended_here" }).closing, ["over", "left"]);
});

test("a call that the node ends closes with its own ending", () => {
  assert.deepEqual(after(...UP, { kind: "over", ending: "handled" }).closing, ["over", "handled"]);
  assert.deepEqual(after(...UP, { kind: "over", ending: null }).closing, ["over", "ended"]);
});

test("a refusal ends the call with its reason, and the page can call again", () => {
  const refused = after(...UP, { kind: "refused", code: "call-closed" });
  assert.equal(refused.phase, "over");
  assert.deepEqual(refused.closing, ["refused", "call-closed"]);
  assert.equal(follow(refused, { kind: "again" }).phase, "ready");
});

test("nothing that comes late changes a call that is over", () => {
  const over = after(...UP, { kind: "over", ending: "handled" });
  for (const late of [stage("waiting"), place(1), { kind: "lost" }, { kind: "muted", on: true }]) {
    assert.equal(follow(over, late), over);
  }
});

test("only a call that would be lost with the page is live", () => {
  assert.equal(isLive(after()), false);
  assert.equal(isLive(after({ kind: "found_call" })), false);
  assert.equal(isLive(after(...START)), true);
  assert.equal(isLive(after(...UP, { kind: "lost" })), true);
  assert.equal(isLive(after(...UP, { kind: "over", ending: null })), false);
});

test("the keys that do something stand in the order of a keypad, and only while the call is up", () => {
  const keys = { 9: "Cymraeg", 0: "extra support", "*": "again", 1: "paying" };
  const state = after(...UP, stage("in_menu", { keys }));
  assert.deepEqual(choices(state).map(([key]) => key), ["1", "9", "0", "*"]);
  assert.deepEqual(choices(follow(state, { kind: "lost" })), []);
});

test("a screen reader hears what changed, urgently only where it matters at once", () => {
  const waiting = after(...UP, stage("waiting"));
  const said = (before, event) => announcement(before, follow(before, event));
  assert.deepEqual(said(after(...UP, stage("in_menu")), stage("waiting")), {
    polite: "state.waiting",
    assertive: null,
  });
  assert.deepEqual(said(waiting, stage("talking")), { polite: null, assertive: "state.talking" });
});

test("a lost line is told calmly and once, for as long as it is the same loss", () => {
  const lost = { kind: "lost" };
  const told = (...events) =>
    announcement(after(...UP, ...events.slice(0, -1)), after(...UP, ...events));
  assert.deepEqual(told(stage("waiting"), lost), { polite: "lost.place", assertive: null });
  assert.deepEqual(told(stage("talking"), lost), { polite: "lost.talk", assertive: null });
  assert.deepEqual(told(stage("in_menu"), lost), { polite: "lost.menu", assertive: null });
  const nothing = { polite: null, assertive: null };
  assert.deepEqual(told(stage("waiting"), lost, lost), nothing);
  const still = { kind: "still_lost" };
  assert.deepEqual(told(stage("waiting"), lost, still), { polite: "lost.still", assertive: null });
  assert.deepEqual(told(stage("waiting"), lost, still, lost), nothing);
  assert.deepEqual(told(stage("waiting"), lost, UP.at(-1)), {
    polite: "state.waiting",
    assertive: null,
  });
});

test("while the line is lost the place, the mute and the clock stay as they are", () => {
  const muted = { kind: "muted", on: true };
  const waiting = [...UP, stage("waiting"), place(3, 60_000), muted, { kind: "lost" }];
  const state = after(...waiting);
  assert.equal(isPlaced(state), true);
  assert.equal(state.place.place, 3);
  assert.equal(state.muted, true);
  assert.equal(state.startedMs, 1_000);
  assert.equal(lostWords(state), "lost.place");
  const back = follow(state, { kind: "connected", atMs: 9_000 });
  assert.equal(back.muted, true);
  assert.equal(lostWords(back), null);
});

test("a line that was lost for long and came back is lost for a moment when it is lost again", () => {
  const lost = { kind: "lost" };
  const state = after(...UP, lost, { kind: "still_lost" }, UP.at(-1), lost);
  assert.equal(lostWords(state), "lost.menu");
  assert.equal(follow(after(...UP), { kind: "still_lost" }).stillLost, false);
});

test("a call that goes on in another tab is not told as one that has ended", () => {
  const talking = after(...UP, stage("talking"));
  const state = follow(talking, { kind: "elsewhere" });
  assert.equal(state.phase, "over");
  assert.deepEqual(state.closing, ["elsewhere", "words"]);
  assert.equal(announcement(talking, state).assertive, "elsewhere.heading");
});

test("a screen reader is not told of places, waits, qualities or what is being said", () => {
  const waiting = after(...UP, stage("waiting"));
  const silence = { polite: null, assertive: null };
  for (const event of [
    place(2),
    { kind: "line", grade: "fair" },
    { kind: "silent", on: true },
    stage("waiting", { words: ["You are next in the queue."] }),
  ]) {
    assert.deepEqual(announcement(waiting, follow(waiting, event)), silence);
  }
});

test("a screen reader hears that the microphone is muted, and the reason of a problem", () => {
  const up = after(...UP, stage("talking"));
  const muted = follow(up, { kind: "muted", on: true });
  assert.equal(announcement(up, muted).polite, "muted");
  assert.equal(announcement(muted, follow(muted, { kind: "muted", on: false })).polite, "unmuted");
  const asking = after(START[0]);
  const refused = follow(asking, { kind: "microphone_refused", why: "missing" });
  assert.equal(announcement(asking, refused).assertive, "microphone.missing");
});

const ENDED = { kind: "ended_here" };
const claimed = (placeKept) => ({ kind: "claimed", placeKept });

test("whoever leaves the queue reads that the place is kept, and at its end that it is not", () => {
  const left = keeping(...UP, stage("waiting"), ENDED);
  assert.deepEqual(closingWords(left), ["over.left_queue", "kept.left"]);
  assert.deepEqual(closingWords(follow(left, { kind: "place_gone" })), ["over.abandoned"]);
  assert.deepEqual(closingWords(after(...UP, stage("waiting"), ENDED)), ["over.abandoned"]);
});

test("a call that was lost to us, or that ended while the page was away, leaves a place as well", () => {
  const over = { kind: "over", ending: "system_lost" };
  const waits = [...UP, stage("waiting")];
  assert.deepEqual(closingWords(keeping(...waits, over)), ["over.system_lost", "kept.left"]);
  const back = [{ kind: "found_call", placeKept: true }, ...START];
  const closed = keeping(...back, { kind: "refused", code: "call-closed" });
  assert.deepEqual(closingWords(closed), ["refused.call-closed", "kept.left"]);
  assert.equal(keeping({ kind: "found_call", placeKept: true }, ENDED).kept, "kept");
});

test("whoever was served, deflected or refused for good leaves no place", () => {
  const waits = [...UP, stage("waiting")];
  assert.equal(keeping(...waits, stage("talking"), ENDED).kept, null);
  assert.equal(keeping(...waits, stage("talking"), stage("waiting"), ENDED).kept, null);
  assert.equal(keeping(...waits, { kind: "over", ending: "handled" }).kept, null);
  assert.equal(keeping(...waits, { kind: "refused", code: "stale-epoch" }).kept, null);
  assert.equal(keeping(...waits, { kind: "elsewhere" }).kept, null);
  assert.equal(keeping(...UP, stage("in_menu"), ENDED).kept, null);
});

test("in the menus of the next call the caller reads whether the place is still there", () => {
  const again = [...UP, stage("waiting"), ENDED, START[0], START[1]];
  const menu = (placeKept) => keeping(...again, claimed(placeKept), UP.at(-1), stage("in_menu"));
  assert.equal(keptWords(menu(true)), "kept.kept");
  assert.equal(keptWords(menu(false)), "kept.gone");
  assert.equal(keptWords(follow(menu(true), stage("waiting"))), null);
  assert.equal(keptWords(keeping(...UP, claimed(false), stage("in_menu"))), null);
});

test("a place from before outlives a microphone that is refused and a call that ends in the menus", () => {
  const left = keeping(...UP, stage("waiting"), ENDED);
  const denied = [START[0], { kind: "microphone_refused", why: "denied" }].reduce(follow, left);
  assert.equal(denied.kept, "kept");
  const menus = [...START, claimed(true), UP.at(-1), stage("in_menu"), ENDED].reduce(follow, left);
  assert.deepEqual(closingWords(menus), ["over.left_in_menu", "kept.left"]);
  const gone = [...START, claimed(false), UP.at(-1), ENDED].reduce(follow, left);
  assert.equal(gone.kept, null);
});

test("whoever is to be rung back keeps no place by calling again, and may cancel", () => {
  const waits = [...UP, stage("waiting")];
  const booked = keeping(...waits, { kind: "over", ending: "callback" });
  assert.deepEqual(closingWords(booked), ["over.callback"]);
  assert.ok(mayCancelCallback(booked));
  const failed = follow(booked, { kind: "callback_not_cancelled" });
  assert.deepEqual(closingWords(failed), ["over.callback_stays"]);
  assert.ok(mayCancelCallback(failed));
  const cancelled = follow(failed, { kind: "callback_cancelled" });
  assert.deepEqual(closingWords(cancelled), ["over.callback_cancelled"]);
  assert.ok(!mayCancelCallback(cancelled));
  assert.deepEqual(announcement(booked, cancelled).polite, "over.callback_cancelled");
  assert.ok(!mayCancelCallback(keeping(...waits, { kind: "over", ending: "abandoned" })));
});

test("whoever ends the call as it is said that the callback is booked has not left the queue", () => {
  const told = keeping(...UP, stage("waiting"), stage("ended", { is_booked: true }), ENDED);
  assert.deepEqual(closingWords(told), ["over.callback"]);
});

test("the heading says that a callback is booked, until the caller takes it back", () => {
  const told = after(...UP, stage("waiting"), stage("ended", { is_booked: true }));
  assert.equal(stateWords(told), "state.booked");
  const over = follow(told, { kind: "over", ending: "callback" });
  assert.equal(stateWords(over), "state.booked");
  assert.equal(stateWords(follow(over, { kind: "callback_cancelled" })), "state.ended");
});

test("a number that is keyed is shown digit by digit, and is gone once it is read back", () => {
  const keyed = (...keys) => keys.map((key) => ({ kind: "keyed", key }));
  const asked = [...UP, stage("waiting"), ...keyed("1"), stage("waiting", { keys: { "*": "", "#": "" } })];
  const typed = [...asked, ...keyed("0", "1", "6", "#")];
  assert.equal(after(...typed).keyed, "016");
  assert.equal(after(...typed, stage("waiting", { keys: { 1: "", 2: "" } })).keyed, "");
});
