/** The chat page: a call whose leg carries text; what keeps a call keeps a chat. */

import { keepTheCall } from "../call/keep.js";
import { leaveTheCall, sayLeave } from "../call/leave.js";
import { openLeg } from "../call/leg.js";
import { Nodes, openWithinMs } from "../call/nodes.js";
import { digest, newSecret } from "../call/secret.js";
import { chatStore } from "../call/store.js";
import { find, placeWords } from "../call/wording.js";
import words from "../call/words.js";
import { Letters } from "./letters.js";

const TEXT_OFFER = "text";
const ATTEMPTS_MAX = 1_000;
const ASK_WITHIN_MS = 5_000;
const SLOW_AFTER_MS = 8_000;
const TYPING_FOR_MS = 4_000;

const at = (id) => document.getElementById(id);
const root = at("chat");
const number = (name) => Number(root.dataset[name]);
const limits = Object.fromEntries(
  ["beatMs", "checkMs", "lostAfterMs", "silentAfterMs", "soundLostMs", "soonMs", "openMs", "connectMs"].map(
    (name) => [name, number(name)],
  ),
);
const { lang } = document.documentElement;
const say = (key) => find({ [lang]: words[lang].chat }, lang, key);
const clock = {
  nowMs: () => performance.timeOrigin + performance.now(),
  every(spanMs, act) {
    const timer = setInterval(act, spanMs);
    return () => clearInterval(timer);
  },
};
const pause = (spanMs) => new Promise((resolve) => setTimeout(resolve, spanMs));
const openSocket = (address) => new WebSocket(address);
const newId = () => crypto.randomUUID().replaceAll("-", "");

let live = null;

async function ask(path, options = {}) {
  try {
    return await fetch(path, { ...options, signal: AbortSignal.timeout(ASK_WITHIN_MS) });
  } catch {
    return null; // not reached; whoever asked tries again
  }
}

async function newClaim(page) {
  const answer = await ask(root.dataset.claimsUrl, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ line: root.dataset.line, language: lang, page, chat: true }),
  });
  if (answer === null || answer.status >= 500) return null;
  if (answer.status === 429) return { refused: "too-many" };
  const given = await answer.json();
  if (!answer.ok) return { refused: given.code ?? "other" };
  return { claim: given.claim, lifeMs: given.life_ms, nodes: given.nodes, sites: given.sites };
}

/** Text needs no sound: a leg is connected as soon as the node has taken it. */
class NoSound {
  onConnected = () => {};
  onLost = () => {};
  offer = () => Promise.resolve(TEXT_OFFER);
  answer = () => {
    this.onConnected();
    return Promise.resolve();
  };
  packets = () => Promise.resolve(null);
  close() {}
}

/** One chat of this page. */
class LiveChat {
  letters;
  #leg = null;
  #secret;
  #claim;
  #own;
  #nodes = new Nodes(Math.random);
  #offered = { text: null, count: 0 };
  #stopped = new AbortController();

  constructor(kept) {
    this.#secret = kept?.secret ?? newSecret();
    this.#own = kept?.own ?? [];
    this.#claim = kept;
    this.#nodes.put([kept?.url, ...(kept?.nodes ?? [])].filter((url) => typeof url === "string"));
    this.#nodes.prefer(kept?.url);
    this.letters = new Letters({
      own: this.#own,
      say: (said) => this.#leg?.say(said),
      keep: (own) => {
        this.#own = own;
        this.#keep();
      },
      later: (act, spanMs) => setTimeout(act, spanMs),
    });
  }

  get latest() {
    return this.#claim;
  }

  set latest(claim) {
    this.#claim = claim;
    this.#keep();
  }

  #keep() {
    if (this.#claim === null || live !== this) return;
    const { text, lifeMs, atMs, url } = this.#claim;
    const [secret, own, nodes] = [this.#secret, this.#own, this.#nodes.listed];
    chatStore.write({ text, lifeMs, atMs, url, nodes, secret, own });
  }

  async run() {
    const page = await digest(this.#secret);
    const refreshing = clock.every(number("nodesEveryMs"), () => void this.#refresh());
    try {
      return await keepTheCall({
        start: () => newClaim(page),
        refresh: () => this.#refresh(),
        claims: this,
        nodes: this.#nodes,
        open: (url, failures, rival) => this.#open(url, failures, rival),
        pause: async (spanMs) => {
          await pause(spanMs);
          return false;
        },
        nowMs: clock.nowMs,
        random: Math.random,
        tell: ({ kind }) => {
          if (kind === "lost") show(at("texts").childElementCount ? "reconnecting" : "connecting");
        },
        signal: this.#stopped.signal,
      });
    } finally {
      refreshing();
    }
  }

  typing(on) {
    this.#leg?.say({ kind: "typing", on });
  }

  leave() {
    const heard = this.#leg?.hangUp() ?? null;
    this.#stopped.abort();
    if (typeof this.#claim?.url !== "string") return;
    const [claim, secret] = [this.#claim.text, this.#secret];
    const tell = (url, withinMs) => sayLeave({ url, claim, secret, openSocket, pause, withinMs });
    leaveTheCall({
      heard,
      refresh: () => this.#refresh(),
      nodes: this.#nodes,
      tell,
      pause,
      nowMs: clock.nowMs,
      random: Math.random,
    });
  }

  async #refresh() {
    const answer = await ask(root.dataset.nodesUrl);
    const found = answer?.ok ? await answer.json() : null;
    if (found === null || found.nodes.length === 0) return;
    this.#nodes.put(found.nodes, found.sites);
    this.#keep();
  }

  async #open(url, failures, rival) {
    const { text } = this.#claim;
    this.#offered = { text, count: this.#offered.text === text ? this.#offered.count + 1 : 0 };
    this.letters.opened();
    const leg = openLeg({
      url,
      rival,
      claim: text,
      secret: this.#secret,
      attempt: Math.min(this.#offered.count, ATTEMPTS_MAX),
      sound: new NoSound(),
      openSocket,
      clock,
      limits: { ...limits, openMs: openWithinMs(failures, limits.openMs) },
      tell: ({ said }) => said !== undefined && this.#hear(said, leg.url),
    });
    this.#leg = leg;
    const how = await leg.ended;
    this.#leg = null;
    return how;
  }

  #hear(said, url) {
    switch (said.kind) {
      case "claim":
        this.latest = { ...this.#claim, text: said.claim, atMs: clock.nowMs(), url };
        break;
      case "stage":
        show(said.state);
        break;
      case "place":
        at("place").textContent = placeWords(
          { [lang]: words[lang].call },
          lang,
          said.place,
        ).join("");
        break;
      case "written":
        this.letters.hear(said);
        showTexts();
        break;
      case "not_written":
        this.letters.refuse(said);
        showTexts();
        break;
      case "so_far":
        this.letters.soFar();
        break;
      case "typing":
        showTyping(said.on);
        break;
      default:
    }
  }
}

function show(state) {
  const heading = at("state");
  const again = state === "waiting" && at("texts").querySelector('[data-by="adviser"]') !== null;
  const text = say(again ? "state.waiting_again" : `state.${state}`);
  if (heading.textContent !== text) heading.textContent = text;
  at("up").dataset.state = state;
  at("place").hidden = state !== "waiting";
  if (state !== "talking") showTyping(false);
}

let typingEnds = 0;

function showTyping(on) {
  clearTimeout(typingEnds);
  at("typing").textContent = on ? say("typing") : "";
  if (on) typingEnds = setTimeout(() => showTyping(false), TYPING_FOR_MS);
}

/** Show each text once: what is there already only changes its mark, so that none is read twice. */
function showTexts() {
  const list = at("texts");
  let before = null;
  for (const { by, id, words: written, state } of live.letters.shown) {
    const key = `text-${by}-${id}`;
    const item = at(key) ?? newText(key, by, written);
    const mark = by === "caller" ? say(`mark.${state}`) : "";
    const end = item.lastElementChild;
    if (end.textContent !== mark) end.textContent = mark;
    const next = before === null ? list.firstElementChild : before.nextElementSibling;
    if (item !== next) list.insertBefore(item, next);
    before = item;
  }
  const view = list.parentElement;
  view.scrollTop = view.scrollHeight;
}

function newText(key, by, written) {
  const item = document.createElement("li");
  item.id = key;
  item.dataset.by = by;
  const [who, text, mark] = ["b", "p", "small"].map((tag) => document.createElement(tag));
  who.textContent = say(`by.${by}`);
  text.textContent = written;
  item.append(who, text, mark);
  return item;
}

async function chat(kept) {
  at("ready").hidden = at("over").hidden = true;
  at("up").hidden = false;
  at("texts").replaceChildren();
  show("connecting");
  const slow = setTimeout(() => {
    if (at("up").dataset.state === "connecting") show("slow");
  }, SLOW_AFTER_MS);
  live = new LiveChat(kept);
  showTexts();
  at("words").focus();
  const end = await live.run();
  clearTimeout(slow);
  over(end);
}

function over(end) {
  const ended = live;
  live = null;
  if (end.kind === "elsewhere") at("again").hidden = true;
  else chatStore.clear();
  at("writing").hidden = true;
  at("typing").textContent = "";
  const heading = at("over-heading");
  const key = `refused.${end.code}`;
  const refusals = words[lang].chat.refused;
  if (end.kind === "refused") heading.textContent = say(end.code in refusals ? key : "refused.other");
  else heading.textContent = say(end.kind === "elsewhere" ? "state.elsewhere" : "state.ended");
  at("state").textContent = "";
  at("place").hidden = true;
  if (ended.letters.shown.length === 0) at("up").hidden = true;
  at("over").hidden = false;
  heading.focus();
}

function send() {
  const text = at("words").value.trim();
  if (text === "" || live === null) return;
  at("words").value = "";
  isTyping(false);
  live.letters.write(newId(), text);
  showTexts();
}

let typingSaid = false;
let typingStops = 0;

function isTyping(on) {
  clearTimeout(typingStops);
  if (on) typingStops = setTimeout(() => isTyping(false), TYPING_FOR_MS / 2);
  if (on === typingSaid) return;
  typingSaid = on;
  live?.typing(on);
}

at("start")?.addEventListener("click", () => void chat(null));
at("again").addEventListener("click", () => {
  at("over").hidden = at("up").hidden = true;
  at("writing").hidden = false;
  at("ready").hidden = false;
});
at("end").addEventListener("click", () => live?.leave());
at("writing").addEventListener("submit", (submit) => {
  submit.preventDefault();
  send();
});
at("words").addEventListener("input", () => isTyping(true));
at("words").addEventListener("keydown", (press) => {
  if (press.key !== "Enter" || press.shiftKey || press.isComposing) return;
  press.preventDefault();
  send();
});
at("with-script").hidden = false;
const found = chatStore.read(clock.nowMs());
if (found !== null) void chat(found);
