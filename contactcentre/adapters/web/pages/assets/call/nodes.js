/** Which node to try next, and how long to wait before. No DOM. */

const BACKOFF_FIRST_MS = 250;
const BACKOFF_MAX_MS = 10_000;

/** The nodes that are known, in the order in which they will be tried. */
export class Nodes {
  #urls = [];
  #random;

  constructor(random) {
    this.#random = random;
  }

  get count() {
    return this.#urls.length;
  }

  has(url) {
    return this.#urls.includes(url);
  }

  /** Take a new list: what is still in it keeps its turn, what is new comes in at random. */
  put(urls) {
    const kept = this.#urls.filter((url) => urls.includes(url));
    for (const url of new Set(urls)) {
      if (kept.includes(url)) continue;
      kept.splice(Math.floor(this.#random() * (kept.length + 1)), 0, url);
    }
    this.#urls = kept;
  }

  /** Return whose turn it is, and put it behind all others; null if none is known. */
  next() {
    const url = this.#urls.shift();
    if (url === undefined) return null;
    this.#urls.push(url);
    return url;
  }

  /** Let one that is known be next: the node of a call that has only lost its socket. */
  prefer(url) {
    if (!this.#urls.includes(url)) return;
    this.#urls = [url, ...this.#urls.filter((other) => other !== url)];
  }
}

/**
 * Return how long to wait after so many failures in a row. Every node has its turn before the wait
 * grows; the wait is anything from nothing up, so that callers who were lost together spread out.
 */
export function pauseMs(failures, nodes, random) {
  const rounds = Math.floor(failures / Math.max(1, nodes));
  return Math.floor(random() * Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** rounds));
}
