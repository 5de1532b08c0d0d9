/**
 * The texts of one chat as the adviser's page knows them.
 *
 * One's own texts go to the node one after the other, the next one only once the one before is
 * written. What a node does not know, because another one was lost, is said again with the order
 * that it had: so each arrives once and in order, and what is shown as sent is.
 */

import type { NotWritten, Written } from "../wire/made";

export interface OwnText {
  id: string;
  words: string;
  order: number | null;
  failed: boolean;
}

export interface Letters {
  own: readonly OwnText[];
  written: readonly Written[];
  /** Which of one's own the present node has. */
  told: readonly string[];
  /** The present node has said all that it knows. */
  isOpen: boolean;
}

export interface ShownText {
  id: string;
  by: Written["by"];
  words: string;
  state: "sent" | "sending" | "failed";
}

export const NO_LETTERS: Letters = { own: [], written: [], told: [], isOpen: false };

/** After these the same text may do a moment later. */
const IN_A_MOMENT: ReadonlySet<string> = new Set(["too-many", "spool-full"]);

/** Return the letters with one more of one's own. */
export function write(letters: Letters, id: string, words: string): Letters {
  return { ...letters, own: [...letters.own, { id, words, order: null, failed: false }] };
}

/** Return the letters before a node that may know nothing. */
export function opened(letters: Letters): Letters {
  return { ...letters, told: [], isOpen: false };
}

/** Return the letters once the node has told all that it knows. */
export function heardSoFar(letters: Letters): Letters {
  return { ...letters, isOpen: true };
}

/** Return the letters with one that is written, once. */
export function hear(letters: Letters, said: Written): Letters {
  const isKnown = letters.written.some((one) => one.by === said.by && one.text === said.text);
  const written = isKnown ? letters.written : [...letters.written, said].sort(byOrder);
  if (said.by !== "adviser") return { ...letters, written };
  const own = letters.own.map((one) =>
    one.id === said.text ? { ...one, order: said.order, failed: false } : one,
  );
  return { ...letters, own, written, told: [...letters.told, said.text] };
}

/** Say whether a text that could not be written may be a moment later. */
export function mayLater(said: NotWritten): boolean {
  return IN_A_MOMENT.has(said.code);
}

/** Return the letters once it is known that one can never be written. */
export function refuse(letters: Letters, said: NotWritten): Letters {
  const own = letters.own.map((one) => (one.id === said.text ? { ...one, failed: true } : one));
  return { ...letters, own };
}

/** Return what is to be said to the node next. */
export function nextOf(letters: Letters): OwnText | null {
  if (!letters.isOpen) return null;
  return letters.own.find((one) => !one.failed && !letters.told.includes(one.id)) ?? null;
}

/** Return all texts in order, those that are not written yet behind the others. */
export function shownOf(letters: Letters): ShownText[] {
  const known = new Set(
    letters.written.filter(({ by }) => by === "adviser").map(({ text }) => text),
  );
  return [
    ...letters.written.map(({ text, by, words }) => shown(text, by, words, "sent")),
    ...letters.own
      .filter(({ id }) => !known.has(id))
      .map(({ id, words, order, failed }) =>
        shown(id, "adviser", words, failed ? "failed" : order === null ? "sending" : "sent"),
      ),
  ];
}

function shown(id: string, by: Written["by"], words: string, state: ShownText["state"]): ShownText {
  return { id, by, words, state };
}

function byOrder(a: Written, b: Written): number {
  return a.order - b.order || (a.text < b.text ? -1 : 1);
}
