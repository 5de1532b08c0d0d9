/**
 * The texts of one chat as its page knows them. No DOM.
 *
 * One's own texts go to the node one after the other: the next one only once the node has said that
 * the one before is written. What a node does not know yet, because another one was lost, is said
 * again with the order that it had. So each arrives once, in order, and what is shown as sent is.
 */

const AGAIN_AFTER_MS = 1_500;
/** After these the same text may do a moment later. */
const IN_A_MOMENT = new Set(["too-many", "spool-full"]);

export class Letters {
  #own;
  #written = new Map();
  #told = new Set();
  #isOpen = false;
  #say;
  #keep;
  #later;

  /** own: what was kept of the page's own texts; say(said) and keep(own) must not throw. */
  constructor({ own = [], say, keep, later }) {
    this.#own = own;
    this.#say = say;
    this.#keep = keep;
    this.#later = later;
  }

  /** Write a text. */
  write(id, words) {
    this.#own = [...this.#own, { id, words, order: null, failed: false }];
    this.#keep(this.#own);
    if (this.#waiting().length === 1) this.#next();
  }

  /** Begin anew with a node that may know nothing. */
  opened() {
    this.#told = new Set();
    this.#isOpen = false;
  }

  /** The node has told all that it knows. */
  soFar() {
    this.#isOpen = true;
    this.#next();
  }

  /** A text is written, ours or the other side's. */
  hear({ by, text, order, words, at_ms }) {
    const key = `${by} ${text}`;
    if (!this.#written.has(key)) this.#written.set(key, { by, id: text, order, words, atMs: at_ms });
    if (by !== "caller") return;
    this.#told.add(text);
    this.#change(text, { order, failed: false });
    this.#next();
  }

  /** A text cannot be written now, or never. */
  refuse({ text, code }) {
    if (IN_A_MOMENT.has(code)) {
      this.#later(() => this.#next(), AGAIN_AFTER_MS);
      return;
    }
    this.#change(text, { failed: true });
    this.#next();
  }

  /** Return all texts in order, one's own that are not written yet behind them. */
  get shown() {
    const written = [...this.#written.values()].sort(
      (a, b) => a.order - b.order || (a.id < b.id ? -1 : 1),
    );
    const known = new Set(written.filter(({ by }) => by === "caller").map(({ id }) => id));
    const others = this.#own.filter(({ id }) => !known.has(id));
    return [
      ...written.map((text) => ({ ...text, state: "sent" })),
      ...others.map(({ id, words, order, failed }) => ({
        by: "caller",
        id,
        words,
        state: failed ? "failed" : order === null ? "sending" : "sent",
      })),
    ];
  }

  #waiting() {
    return this.#own.filter(({ id, failed }) => !failed && !this.#told.has(id));
  }

  #next() {
    const [text] = this.#waiting();
    if (!this.#isOpen || text === undefined) return;
    const { id, words, order } = text;
    this.#say({ kind: "write", text: id, words, order });
  }

  #change(id, change) {
    this.#own = this.#own.map((one) => (one.id === id ? { ...one, ...change } : one));
    this.#keep(this.#own);
  }
}
