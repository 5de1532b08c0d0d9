/** Which node to try next, and how long to wait before. No DOM. */

const BACKOFF_FIRST_MS = 250;
const BACKOFF_MAX_MS = 10_000;
/** So many that have left the list are remembered: whoever made it may have been mistaken. */
const UNLISTED_MAX = 20;

/** The nodes that are known, in the order in which they will be tried. */
export class Nodes {
  #listed = [];
  #unlisted = [];
  #preferred = null;
  #tried = new Set();
  #random;

  constructor(random) {
    this.#random = random;
  }

  get count() {
    return this.#listed.length;
  }

  get listed() {
    return [...this.#listed];
  }

  has(url) {
    return this.#listed.includes(url);
  }

  /** Take a new list: what is still in it keeps its turn, what is new comes in at random. */
  put(urls) {
    const kept = this.#listed.filter((url) => urls.includes(url));
    const left = this.#listed.filter((url) => !urls.includes(url));
    for (const url of new Set(urls)) {
      if (kept.includes(url)) continue;
      kept.splice(Math.floor(this.#random() * (kept.length + 1)), 0, url);
    }
    const before = this.#unlisted.filter((url) => !urls.includes(url));
    this.#listed = kept;
    this.#unlisted = [...left, ...before].slice(0, UNLISTED_MAX);
  }

  /**
   * Return whose turn it is, and put it behind all others; null if none is known. Once every node of
   * the list has had its turn, one that has left the list has one as well.
   */
  next() {
    const ofList = this.has(this.#preferred)
      ? this.#preferred
      : this.#listed.find((url) => !this.#tried.has(url));
    this.#preferred = null;
    if (ofList === undefined) this.#tried.clear();
    const url = ofList ?? this.#unlisted[0] ?? this.#listed[0] ?? null;
    if (this.has(url)) this.#tried.add(url);
    const behind = (urls) =>
      urls.includes(url) ? [...urls.filter((other) => other !== url), url] : urls;
    this.#listed = behind(this.#listed);
    this.#unlisted = behind(this.#unlisted);
    return url;
  }

  /** Let one be next, if it is known then: the node of a call that has only lost its socket. */
  prefer(url) {
    this.#tried.clear();
    this.#preferred = url;
  }

  /** Let one be the last: the node that a call was lost with. */
  avoid(url) {
    this.#tried.clear();
    this.#preferred = null;
    if (this.has(url)) this.#listed = [...this.#listed.filter((other) => other !== url), url];
  }
}

/**
 * Return how long to wait after so many failures in a row. Every node has its turn before the wait
 * grows; the wait is anything from nothing up, so that callers who were lost together spread out.
 */
export function pauseMs(failures, nodes, random) {
  const rounds = Math.floor(Math.max(0, failures - 1) / Math.max(1, nodes));
  return Math.floor(random() * Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** rounds));
}
