/** The call page: brings state, node and browser together. */

import { keepTheCall } from "./keep.js";
import { LeftCall } from "./left.js";
import { leaveTheCall, sayLeave } from "./leave.js";
import { openLeg } from "./leg.js";
import { LineWatch } from "./line.js";
import { Meter } from "./meter.js";
import { impossible, whyRefused } from "./microphone.js";
import { Nodes, openWithinMs } from "./nodes.js";
import { digest, newSecret } from "./secret.js";
import { Sound } from "./sound.js";
import { begin, follow, isLive } from "./state.js";
import { leftStore, store } from "./store.js";
import { View } from "./view.js";
import words from "./words.js";

const root = document.getElementById("call");
const number = (name) => Number(root.dataset[name]);
const limits = {
  beatMs: number("beatMs"),
  checkMs: number("checkMs"),
  lostAfterMs: number("lostAfterMs"),
  silentAfterMs: number("silentAfterMs"),
  soundLostMs: number("soundLostMs"),
  soonMs: number("soonMs"),
  openMs: number("openMs"),
  connectMs: number("connectMs"),
};
const ATTEMPTS_MAX = 1_000;
const GATHER_MS = 500;
const SLOW_AFTER_MS = 8_000;
const STILL_LOST_AFTER_MS = 12_000;
const ASK_WITHIN_MS = 5_000;
const LEVEL_EVERY_MS = 100;
/** A call that is left is told of within this, or else later than the next one is begun. */
const LEFT_WITHIN_MS = 3_000;
const MINUTE_MS = 60_000;

const clock = {
  // never goes back while the page is open, and still makes sense after it is loaded again
  nowMs: () => performance.timeOrigin + performance.now(),
  every(spanMs, act) {
    const timer = setInterval(act, spanMs);
    return () => clearInterval(timer);
  },
};

let state = begin(document.documentElement.lang, { keepsPlaces: number("keepMinutes") > 0 });
let live = null;
/** A promise of whether the end of the call that was left has been taken. */
let leaving = Promise.resolve(true);
/** The call that another page has taken over from this one. */
let elsewhere = null;
/** The call that has ended with a callback, as it was kept. */
let booked = null;

const view = new View({
  page: document,
  words,
  waitSteps: root.dataset.waitMinutes.split(" ").map(Number),
  organisation: root.dataset.organisation,
  keepMinutes: number("keepMinutes"),
  press,
});

const left = new LeftCall({
  keepMs: number("keepMinutes") * MINUTE_MS,
  store: leftStore,
  nowMs: clock.nowMs,
  gone: () => happen({ kind: "place_gone" }),
});

function happen(event) {
  const before = state;
  state = follow(state, event);
  if (state !== before) view.show(before, state);
}

function press(key) {
  live?.leg?.press(key);
  happen({ kind: "keyed", key });
}

async function ask(path, options = {}) {
  try {
    return await fetch(path, { ...options, signal: AbortSignal.timeout(ASK_WITHIN_MS) });
  } catch {
    return null; // not reached; whoever asked tries again
  }
}

let finding = null;

/** Return the nodes of now, null if nobody can be reached; asked for once at a time. */
function findNodes() {
  finding ??= ask(root.dataset.nodesUrl)
    .then((answer) => (answer?.ok ? answer.json() : null))
    .finally(() => {
      finding = null;
    });
  return finding;
}

/** Put the nodes of now in a list; nothing changes if nobody can be reached. */
async function refresh(nodes) {
  const found = await findNodes();
  if (found !== null && found.nodes.length > 0) nodes.put(found.nodes, found.sites);
}

async function newClaim(page) {
  const before = left.held;
  // a call that is not known to have ended yet would keep its place to itself
  if (before !== null) await Promise.race([leaving, wait(LEFT_WITHIN_MS)]);
  const answer = await ask(root.dataset.claimsUrl, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({
      line: root.dataset.line,
      language: state.language,
      page,
      left: before && { claim: before.text, secret: before.secret },
    }),
  });
  if (answer === null || answer.status >= 500) return null;
  if (answer.status === 429) return { refused: "too-many" };
  left.forget();
  // whatever is wrong with the call that was left is no reason to refuse another
  if (!answer.ok) return before === null ? { refused: "other" } : null;
  const given = await answer.json();
  happen({ kind: "claimed", placeKept: given.place_kept });
  return { claim: given.claim, lifeMs: given.life_ms, nodes: given.nodes, sites: given.sites };
}

function wait(spanMs) {
  return new Promise((resolve) => {
    setTimeout(resolve, spanMs);
  });
}

/** Wait before the next try; return whether the device has come online meanwhile, which ends it. */
function waitForNextTry(spanMs, signal) {
  return new Promise((resolve) => {
    const done = new AbortController();
    const go = (isOnline) => {
      done.abort();
      clearTimeout(timer);
      resolve(isOnline);
    };
    const timer = setTimeout(() => go(false), spanMs);
    signal.addEventListener("abort", () => go(false), { signal: done.signal });
    window.addEventListener("online", () => go(true), { signal: done.signal });
  });
}

const openSocket = (address) => new WebSocket(address);

/** Tell any node that the caller has left, behind a page that has long said so. */
function leave({ claim, secret, nodes, heard = null }) {
  leaving = leaveTheCall({
    heard,
    refresh: () => refresh(nodes),
    nodes,
    tell: (url, withinMs) =>
      sayLeave({ url, claim: claim.text, secret, openSocket, pause: wait, withinMs }),
    pause: wait,
    nowMs: clock.nowMs,
    random: Math.random,
  });
}

/** Tell any node that the caller wants no callback any more, and say what came of it. */
async function cancelCallback() {
  const { text, secret } = booked;
  const nodes = nodesOf(booked);
  const done = await leaveTheCall({
    heard: null,
    refresh: () => refresh(nodes),
    nodes,
    tell: (url, withinMs) =>
      sayLeave({
        url,
        claim: text,
        secret,
        openSocket,
        pause: wait,
        withinMs,
        kind: "cancel_callback",
      }),
    pause: wait,
    nowMs: clock.nowMs,
    random: Math.random,
  });
  happen({ kind: done ? "callback_cancelled" : "callback_not_cancelled" });
}

/** Return the nodes that are known of a call that was kept, the one that has it as the next. */
function nodesOf(kept) {
  const nodes = new Nodes(Math.random);
  nodes.put([kept?.url, ...(kept?.nodes ?? [])].filter((url) => typeof url === "string"));
  nodes.prefer(kept?.url);
  return nodes;
}

async function askForMicrophone() {
  const why = impossible({
    secure: window.isSecureContext,
    canAsk: navigator.mediaDevices?.getUserMedia !== undefined,
    canConnect: window.RTCPeerConnection !== undefined,
  });
  if (why !== null) return { why };
  try {
    const audio = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
    return { microphone: await navigator.mediaDevices.getUserMedia({ audio }) };
  } catch (error) {
    return { why: whyRefused(error) };
  }
}

async function play(stream) {
  const audio = view.at("audio");
  if (stream !== null) audio.srcObject = stream;
  try {
    await audio.play();
    happen({ kind: "sound_blocked", on: false });
  } catch (error) {
    // a stream that is replaced while it starts is no refusal
    if (error.name === "NotAllowedError") happen({ kind: "sound_blocked", on: true });
  }
}

/** What belongs to one call of this page, from the microphone to its end. */
class LiveCall {
  leg = null;
  #microphone;
  #secret;
  #claim;
  #offered = { text: null, count: 0 };
  #nodes;
  #stillLost = null;
  #stopped = new AbortController();
  #undo = [];

  constructor(microphone, kept) {
    this.#microphone = microphone;
    this.#secret = kept?.secret ?? newSecret();
    this.#claim = kept;
    this.#nodes = nodesOf(kept);
  }

  get latest() {
    return this.#claim;
  }

  set latest(claim) {
    this.#claim = claim;
    store.write(this.kept);
  }

  /** What another page, or this one later, needs to go on with this call. */
  get kept() {
    return {
      ...this.#claim,
      nodes: this.#nodes.listed,
      secret: this.#secret,
      place: state.kept === "kept",
    };
  }

  async keep() {
    this.#watch();
    const page = await digest(this.#secret);
    return keepTheCall({
      start: () => newClaim(page),
      refresh: () => this.#refresh(),
      claims: this,
      nodes: this.#nodes,
      open: (url, failures, rival) => this.#open(url, failures, rival),
      pause: waitForNextTry,
      nowMs: clock.nowMs,
      random: Math.random,
      tell: (event) => this.#tell(event),
      signal: this.#stopped.signal,
    });
  }

  close() {
    for (const undo of this.#undo) undo();
    clearTimeout(this.#stillLost);
    for (const track of this.#microphone.getTracks()) track.stop();
    store.clear();
  }

  hangUp() {
    const heard = this.leg?.hangUp() ?? null;
    this.#stopped.abort();
    // a call that no node has admitted is nobody's to end
    if (typeof this.#claim?.url !== "string") return;
    leave({ claim: this.#claim, secret: this.#secret, nodes: this.#nodes, heard });
  }

  mute(on) {
    for (const track of this.#microphone.getTracks()) track.enabled = !on;
    happen({ kind: "muted", on });
  }

  #watch() {
    const slow = setTimeout(() => happen({ kind: "delayed", why: "slow" }), SLOW_AFTER_MS);
    const meter = new Meter(this.#microphone);
    const stops = [
      clock.every(LEVEL_EVERY_MS, () => {
        const { value, silent } = meter.read(clock.nowMs());
        view.showLevel(state.muted ? 0 : value);
        happen({ kind: "silent", on: silent && !state.muted });
        view.showElapsed(state, clock.nowMs());
      }),
      clock.every(number("nodesEveryMs"), () => void this.#refresh()),
    ];
    this.#undo.push(() => clearTimeout(slow), ...stops, () => meter.close());
  }

  /** Ask for the nodes of now; nothing changes if nobody can be reached. */
  async #refresh() {
    await refresh(this.#nodes);
    if (this.#claim !== null && live === this) store.write(this.kept);
  }

  #tell(event) {
    if (event.kind === "lost") {
      const late = () => happen({ kind: "still_lost" });
      this.#stillLost ??= setTimeout(late, STILL_LOST_AFTER_MS);
    }
    happen(event);
  }

  async #open(url, failures, rival) {
    const sound = new Sound({
      microphone: this.#microphone,
      gatherMs: GATHER_MS,
      iceServers: JSON.parse(root.dataset.iceServers),
      play,
    });
    const line = new LineWatch({ sound, clock, tell: happen });
    const leg = openLeg({
      url,
      rival,
      claim: this.#claim.text,
      secret: this.#secret,
      attempt: this.#attempt(),
      sound,
      openSocket,
      clock,
      limits: { ...limits, openMs: openWithinMs(failures, limits.openMs) },
      tell: (event) => this.#hear(event, line, leg.url),
    });
    this.leg = leg;
    const how = await leg.ended;
    line.stop();
    this.leg = null;
    return how;
  }

  /** Return how often the claim of now has been offered before. */
  #attempt() {
    const { text } = this.#claim;
    this.#offered = { text, count: this.#offered.text === text ? this.#offered.count + 1 : 0 };
    return Math.min(this.#offered.count, ATTEMPTS_MAX);
  }

  #hear(event, line, url) {
    switch (event.said?.kind ?? event.kind) {
      case "claim":
        this.latest = { ...this.#claim, text: event.said.claim, atMs: clock.nowMs(), url };
        break;
      case "quality":
        line.heardThere(event.said);
        break;
      case "connected":
        clearTimeout(this.#stillLost);
        this.#stillLost = null;
        happen(event);
        break;
      case "stage":
        happen(event);
        store.write(this.kept);
        break;
      default:
        happen(event);
    }
  }
}

async function call(kept) {
  happen({ kind: "pressed_start" });
  const { microphone, why } = await askForMicrophone();
  if (why !== undefined) {
    happen({ kind: "microphone_refused", why });
    return;
  }
  happen({ kind: "microphone_given" });
  live = new LiveCall(microphone, kept);
  try {
    const end = await live.keep();
    elsewhere = end.kind === "elsewhere" ? live.kept : null;
    booked = live.kept;
    happen(end.kind === "hung_up" ? { kind: "ended_here" } : end);
  } catch (mistake) {
    happen({ kind: "refused", code: "other" });
    throw mistake;
  } finally {
    if (state.kept === "kept") left.keep(live.kept);
    live.close();
    live = null;
  }
}

function on(name, kind, act) {
  view.at(name).addEventListener(kind, act);
}

function setUp() {
  on("start", "click", () => call(null));
  on("go-back", "click", () => call(store.read(clock.nowMs())));
  on("bring", "click", () => call(elsewhere));
  on("leave", "click", () => {
    const kept = store.read(clock.nowMs());
    if (kept !== null) leave({ claim: kept, secret: kept.secret, nodes: nodesOf(kept) });
    store.clear();
    happen({ kind: "ended_here" });
    if (kept !== null && state.kept === "kept") left.keep(kept);
  });
  on("end", "click", () => live?.hangUp());
  on("again", "click", () => (state.kept === "kept" ? call(null) : happen({ kind: "again" })));
  on("cancel-callback", "click", cancelCallback);
  on("mute", "click", () => live?.mute(!state.muted));
  on("play", "click", () => play(null));
  on("volume", "input", ({ target }) => {
    view.at("audio").volume = target.valueAsNumber;
  });
  on("keypad", "click", ({ target }) => {
    const key = target.closest("[data-key]")?.dataset.key;
    if (key !== undefined) press(key);
  });
  on("keypad", "keydown", ({ key, repeat, ctrlKey, altKey, metaKey }) => {
    if (repeat || ctrlKey || altKey || metaKey) return;
    if (/^[0-9*#]$/.test(key)) press(key);
  });
  for (const link of document.querySelectorAll("[data-language]")) {
    link.addEventListener("click", (click) => {
      if (!isLive(state)) return;
      click.preventDefault(); // a new page would end the call
      happen({ kind: "language", language: link.dataset.language });
    });
  }
  window.addEventListener("beforeunload", (leaving) => {
    if (state.startedMs !== null) leaving.preventDefault();
  });
  hideVolumeThatDoesNothing();
}

/** On some phones only their own keys change the volume. */
function hideVolumeThatDoesNothing() {
  const probe = new Audio();
  probe.volume = 0.5;
  view.at("volume-part").hidden = probe.volume !== 0.5;
}

setUp();
view.at("with-script").hidden = false;
if (left.held !== null) happen({ kind: "found_place" });
const found = store.read(clock.nowMs());
if (found !== null) happen({ kind: "found_call", placeKept: found.place && left.mayKeep(found) });
