/** Shows a call's state on the page. Nothing is decided here. */

import {
  announcement,
  choices,
  closingWords,
  headingAtEnd,
  isLive,
  isPlaced,
  keptWords,
  lostWords,
  mayCancelCallback,
  stateWords,
} from "./state.js";
import { clockWords, fill, find, has, inGroups, placeWords, waitWords } from "./wording.js";

/** Change an element's text only where it differs: a screen reader follows every change. */
function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export class View {
  #page;
  #words;
  #waitSteps;
  #organisation;
  #keepMinutes;
  #choicesShown = "";
  #press;

  constructor({ page, words, waitSteps, organisation, keepMinutes, press }) {
    this.#page = page;
    this.#words = words;
    this.#waitSteps = waitSteps;
    this.#organisation = organisation;
    this.#keepMinutes = keepMinutes;
    this.#press = press;
  }

  /** Return the element of that name. */
  at(name) {
    return this.#page.getElementById(name);
  }

  show(before, after) {
    if (before.language !== after.language) this.#translate(after.language);
    this.#showSections(after);
    this.#showHeading(after);
    this.#showStage(after);
    this.#showSound(after);
    this.#showEnd(after);
    this.#announce(before, after);
    this.#moveFocus(before, after);
  }

  showElapsed(state, nowMs) {
    put(this.at("elapsed"), clockWords(state.startedMs === null ? 0 : nowMs - state.startedMs));
  }

  showLevel(value) {
    this.at("level").value = value;
  }

  #text(state, key) {
    return find(this.#words, state.language, `call.${key}`);
  }

  #translate(language) {
    this.#page.documentElement.lang = language;
    for (const element of this.#page.querySelectorAll("[data-t]")) {
      put(element, find(this.#words, language, element.dataset.t));
    }
    for (const element of this.#page.querySelectorAll("[data-t-label]")) {
      element.setAttribute("aria-label", find(this.#words, language, element.dataset.tLabel));
    }
    for (const link of this.#page.querySelectorAll("[data-language]")) {
      if (link.dataset.language === language) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  }

  #showSections(state) {
    this.at("ready").hidden = state.phase !== "ready";
    this.at("ready-kept").hidden = state.kept !== "kept";
    this.at("found").hidden = state.phase !== "found";
    this.at("up").hidden = !isLive(state);
    this.at("over").hidden = state.phase !== "over";
    this.at("problem").hidden = state.problem === null;
    if (state.problem !== null) {
      put(this.at("problem-words"), this.#text(state, state.problem.join(".")));
    }
  }

  #showHeading(state) {
    const placed = isPlaced(state);
    const call = { [state.language]: this.#words[state.language].call };
    const parts = placed
      ? placeWords(call, state.language, state.place.place)
      : [this.#text(state, stateWords(state)), "", ""];
    for (const [index, name] of ["state-before", "state-number", "state-after"].entries()) {
      put(this.at(name), parts[index]);
    }
    const waitMs = placed ? state.place.wait_ms : null;
    const wait = waitWords(call, state.language, waitMs, this.#waitSteps);
    put(this.at("wait"), wait);
    this.at("wait").hidden = wait === "";
    const lost = lostWords(state);
    put(this.at("lost"), lost === null ? "" : this.#text(state, lost));
    this.at("lost").hidden = lost === null;
    this.at("up").dataset.state = state.phase === "up" ? (state.stage?.state ?? "") : state.phase;
    const title = isLive(state) ? parts.join("") : this.#text(state, "title");
    this.#page.title = fill("{title} – {organisation}", {
      title,
      organisation: this.#organisation,
    });
  }

  #showStage(state) {
    const said = state.phase === "up" ? (state.stage?.words ?? []) : [];
    this.at("said").hidden = said.length === 0;
    const isUp = state.phase === "up" || state.phase === "reconnecting";
    const kept = keptWords(state);
    put(this.at("place-kept"), kept === null ? "" : this.#text(state, kept));
    this.at("place-kept").hidden = kept === null;
    this.at("keep-open").hidden = !(isUp && state.stage?.state === "waiting");
    const words = this.at("said-words");
    put(words, said.join(" "));
    words.lang = state.stage?.language ?? state.language;
    put(this.at("keyed"), fill(this.#text(state, "keyed"), { number: inGroups(state.keyed) }));
    this.at("keyed").hidden = state.keyed === "";
    this.#showChoices(state);
  }

  #showChoices(state) {
    const offered = choices(state);
    const shown = JSON.stringify([offered, state.stage?.language]);
    if (shown === this.#choicesShown) return;
    this.#choicesShown = shown;
    const focused = this.#page.activeElement?.dataset.choice;
    this.at("choices").hidden = offered.length === 0;
    this.at("choices-list").replaceChildren(
      ...offered.map(([key, label]) => this.#choice(key, label, state.stage.language)),
    );
    for (const button of this.#page.querySelectorAll("[data-key]")) {
      button.classList.toggle("useful", offered.some(([key]) => key === button.dataset.key));
    }
    if (focused === undefined) return;
    // the list was made anew under the caller's finger
    const again = this.#page.querySelector(`[data-choice="${CSS.escape(focused)}"]`);
    (again ?? this.at("state")).focus();
  }

  #choice(key, label, language) {
    const [item, button, badge, words] = ["li", "button", "b", "span"].map((name) =>
      this.#page.createElement(name),
    );
    button.type = "button";
    button.dataset.choice = key;
    badge.textContent = key;
    words.textContent = label;
    words.lang = language;
    button.append(badge, " ", words);
    button.addEventListener("click", () => this.#press(key));
    item.append(button);
    return item;
  }

  #showSound(state) {
    this.at("mute").setAttribute("aria-pressed", String(state.muted));
    this.at("muted").hidden = !state.muted;
    this.at("silent").hidden = !state.silent || state.muted;
    this.at("sound-blocked").hidden = !state.soundBlocked;
    put(this.at("line"), this.#text(state, `line.${state.grade}`));
    this.at("line").dataset.grade = state.grade;
    const advice = state.grade === "unknown" ? "" : this.#text(state, `advice.${state.grade}`);
    put(this.at("advice"), advice);
    this.at("advice").hidden = advice === "";
  }

  #showEnd(state) {
    if (state.closing === null) return;
    put(this.at("over-heading"), this.#text(state, headingAtEnd(state)));
    put(this.at("over-words"), this.#closing(state));
    const elsewhere = state.closing[0] === "elsewhere";
    this.at("bring").hidden = !elsewhere;
    this.at("again").hidden = elsewhere;
    this.at("cancel-callback").hidden = !mayCancelCallback(state);
    this.at("again").classList.toggle("plain", mayCancelCallback(state));
  }

  #closing(state) {
    const known = { [state.language]: this.#words[state.language].call };
    const other = state.closing[0] === "refused" ? "refused.other" : "over.ended";
    return closingWords(state)
      .map((key) => this.#text(state, has(known, state.language, key) ? key : other))
      .map((text) => fill(text, { minutes: this.#keepMinutes }))
      .join(" ");
  }

  #announce(before, after) {
    const { polite, assertive } = announcement(before, after);
    const kept = keptWords(after) === keptWords(before) ? null : keptWords(after);
    const told = [polite, kept].filter((key) => key !== null).map((key) => this.#text(after, key));
    if (told.length > 0) put(this.at("polite"), told.join(". "));
    if (assertive === null) return;
    const closing = after.closing === null ? "" : ` ${this.#closing(after)}`;
    put(this.at("assertive"), this.#text(after, assertive) + closing);
  }

  /** The button that was pressed has gone: what came in its place is where the caller goes on. */
  #moveFocus(before, after) {
    if (before.phase === after.phase) return;
    if (after.phase === "asking") this.at("state").focus();
    if (after.phase === "over") this.at("over-heading").focus();
    if (after.phase === "ready") this.at(after.problem === null ? "start" : "problem").focus();
  }
}
