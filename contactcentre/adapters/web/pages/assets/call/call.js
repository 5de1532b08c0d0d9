/** The call page: brings state, node and browser together. */

import { keepTheCall } from "./keep.js";
import { openLeg } from "./leg.js";
import { Direction, between, worse } from "./line.js";
import { Meter } from "./meter.js";
import { impossible, whyRefused } from "./microphone.js";
import { Nodes } from "./nodes.js";
import { Sound } from "./sound.js";
import { begin, follow, isLive } from "./state.js";
import { store } from "./store.js";
import { View } from "./view.js";
import words from "./words.js";

const root = document.getElementById("call");
const number = (name) => Number(root.dataset[name]);
const limits = {
  beatMs: number("beatMs"),
  lostAfterMs: number("lostAfterMs"),
  connectMs: number("connectMs"),
};
const GATHER_MS = 500;
const SLOW_AFTER_MS = 8_000;
const ASK_WITHIN_MS = 5_000;
const LEVEL_EVERY_MS = 100;
const LINE_EVERY_MS = 2_000;

const clock = {
  // never goes back while the page is open, and still makes sense after it is loaded again
  nowMs: () => performance.timeOrigin + performance.now(),
  every(spanMs, act) {
    const timer = setInterval(act, spanMs);
    return () => clearInterval(timer);
  },
};

let state = begin(document.documentElement.lang);
let live = null;

const view = new View({
  page: document,
  words,
  waitSteps: root.dataset.waitMinutes.split(" ").map(Number),
  organisation: root.dataset.organisation,
  press: (key) => live?.leg?.press(key),
});

function happen(event) {
  const before = state;
  state = follow(state, event);
  if (state !== before) view.show(before, state);
}

async function ask(path, options = {}) {
  try {
    return await fetch(path, { ...options, signal: AbortSignal.timeout(ASK_WITHIN_MS) });
  } catch {
    return null; // not reached; whoever asked tries again
  }
}

async function findNodes() {
  const answer = await ask(root.dataset.nodesUrl);
  return answer?.ok ? (await answer.json()).nodes : null;
}

async function newClaim(page) {
  const answer = await ask(root.dataset.claimsUrl, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ line: root.dataset.line, language: state.language, page }),
  });
  if (answer === null || answer.status >= 500) return null;
  if (answer.status === 429) return { refused: "too-many" };
  if (!answer.ok) return { refused: "other" };
  const given = await answer.json();
  return { claim: given.claim, lifeMs: given.life_ms, nodes: given.nodes };
}

function newSecret() {
  return hex(crypto.getRandomValues(new Uint8Array(32)));
}

function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function digest(secret) {
  const bytes = new TextEncoder().encode(secret);
  return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}

function wait(spanMs, signal) {
  return new Promise((resolve) => {
    setTimeout(resolve, spanMs);
    signal.addEventListener("abort", resolve, { once: true });
  });
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
  #nodes = new Nodes(Math.random);
  #stopped = new AbortController();
  #undo = [];

  constructor(microphone, kept) {
    this.#microphone = microphone;
    this.#secret = kept?.secret ?? newSecret();
    this.#claim = kept;
  }

  get latest() {
    return this.#claim;
  }

  set latest(claim) {
    this.#claim = claim;
    store.write({ ...claim, secret: this.#secret });
  }

  async keep() {
    this.#watch();
    const page = await digest(this.#secret);
    return keepTheCall({
      start: () => newClaim(page),
      findNodes,
      claims: this,
      nodes: this.#nodes,
      open: (url) => this.#open(url),
      pause: wait,
      nowMs: clock.nowMs,
      random: Math.random,
      tell: happen,
      signal: this.#stopped.signal,
    });
  }

  close() {
    for (const undo of this.#undo) undo();
    for (const track of this.#microphone.getTracks()) track.stop();
    store.clear();
  }

  hangUp() {
    this.#stopped.abort();
    this.leg?.hangUp();
  }

  mute(on) {
    for (const track of this.#microphone.getTracks()) track.enabled = !on;
    happen({ kind: "muted", on });
  }

  #watch() {
    const slow = setTimeout(() => happen({ kind: "delayed", why: "slow" }), SLOW_AFTER_MS);
    const meter = new Meter(this.#microphone);
    const stop = clock.every(LEVEL_EVERY_MS, () => {
      const { value, silent } = meter.read(clock.nowMs());
      view.showLevel(state.muted ? 0 : value);
      happen({ kind: "silent", on: silent && !state.muted });
      view.showElapsed(state, clock.nowMs());
    });
    this.#undo.push(() => clearTimeout(slow), stop, () => meter.close());
  }

  async #open(url) {
    const sound = new Sound({
      microphone: this.#microphone,
      gatherMs: GATHER_MS,
      iceServers: root.dataset.iceServers.split(" ").filter(Boolean),
      play,
    });
    const line = new LineWatch(sound);
    this.leg = openLeg({
      url,
      claim: this.#claim.text,
      secret: this.#secret,
      sound,
      openSocket: (address) => new WebSocket(address),
      clock,
      limits,
      tell: (event) => this.#hear(event, line, url),
    });
    const how = await this.leg.ended;
    line.stop();
    this.leg = null;
    return how;
  }

  #hear(event, line, url) {
    switch (event.said?.kind) {
      case "claim":
        this.latest = { ...this.#claim, text: event.said.claim, atMs: clock.nowMs(), url };
        break;
      case "quality":
        line.heardThere(event.said);
        break;
      default:
        happen(event);
    }
  }
}

/** Grades both directions of a leg: what the browser counts, and what the node tells. */
class LineWatch {
  #here = new Direction();
  #there = new Direction();
  #before = null;
  #stop;

  constructor(sound) {
    this.#stop = clock.every(LINE_EVERY_MS, () => this.#read(sound));
  }

  stop() {
    this.#stop();
  }

  heardThere(quality) {
    const { loss_ratio: loss, jitter_ms: jitterMs, delay_ms: delayMs } = quality;
    this.#there.take({ loss, jitterMs, delayMs });
  }

  async #read(sound) {
    const now = await sound.reading();
    if (now === null) return;
    const sample = this.#before === null ? null : between(this.#before, now);
    this.#before = now;
    if (sample !== null) this.#here.take(sample);
    happen({ kind: "line", grade: worse(this.#here.grade, this.#there.grade) });
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
    happen(end.kind === "hung_up" ? { kind: "ended_here" } : end);
  } catch (mistake) {
    happen({ kind: "refused", code: "other" });
    throw mistake;
  } finally {
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
  on("leave", "click", () => {
    store.clear();
    happen({ kind: "ended_here" });
  });
  on("end", "click", () => live?.hangUp());
  on("again", "click", () => happen({ kind: "again" }));
  on("mute", "click", () => live?.mute(!state.muted));
  on("play", "click", () => play(null));
  on("volume", "input", ({ target }) => {
    view.at("audio").volume = target.valueAsNumber;
  });
  on("keypad", "click", ({ target }) => {
    const key = target.closest("[data-key]")?.dataset.key;
    if (key !== undefined) live?.leg?.press(key);
  });
  on("keypad", "keydown", ({ key, repeat, ctrlKey, altKey, metaKey }) => {
    if (repeat || ctrlKey || altKey || metaKey) return;
    if (/^[0-9*#]$/.test(key)) live?.leg?.press(key);
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
if (store.read(clock.nowMs()) !== null) happen({ kind: "found_call" });
