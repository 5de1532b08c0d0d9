/** Which node to try next, and how long to wait before. No DOM. */

const BACKOFF_FIRST_MS = 250;
const BACKOFF_MAX_MS = 10_000;
/** So many that have left the list are remembered: whoever made it may have been mistaken. */
const UNLISTED_MAX = 20;
/** A network that is slow for everybody is given more time with each try, up to so many times. */
const PATIENCE_MAX = 4;

/** The nodes that are known, in the order in which they will be tried. */
export class Nodes {
  #listed = [];
  #unlisted = [];
  #preferred = null;
  #tried = new Set();
  /** The site of each node of which it is known. */
  #sites = {};
  #unreached = null;
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
  put(urls, sites = {}) {
    this.#sites = { ...this.#sites, ...sites };
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
   * the list has had its turn, one that has left the list has one as well. After a node that could
   * not be reached, those of another site come first: its whole site may be gone.
   */
  next() {
    const untried = this.#listed.filter((url) => !this.#tried.has(url));
    const ofList = this.has(this.#preferred)
      ? this.#preferred
      : (untried.find((url) => this.#isElsewhere(url)) ?? untried[0]);
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

  /** Return a node of another site than one's, the next of those; null if none is known. */
  elsewhere(url) {
    const site = this.#sites[url];
    const isAway = (other) => ![site, undefined].includes(this.#sites[other]);
    return site === undefined ? null : (this.#listed.find(isAway) ?? null);
  }

  /** Take note that one could not be reached, or has sent us to another site. */
  unreached(url) {
    this.#unreached = url;
  }

  /** Let one be next, if it is known then: the node of a call that has only lost its socket. */
  prefer(url) {
    this.#tried.clear();
    this.#unreached = null;
    this.#preferred = url;
  }

  /** Let one be the last: the node that a call was lost with. */
  avoid(url) {
    this.#tried.clear();
    this.#unreached = null;
    this.#preferred = null;
    if (this.has(url)) this.#listed = [...this.#listed.filter((other) => other !== url), url];
  }

  #isElsewhere(url) {
    const lost = this.#sites[this.#unreached];
    return lost === undefined || this.#sites[url] !== lost;
  }
}

/** Return how long a socket may take to open after so many failures in a row. */
export function openWithinMs(failures, firstMs) {
  return firstMs * Math.min(failures + 1, PATIENCE_MAX);
}

/**
 * Return how long to wait after so many failures in a row. Every node has its turn before the wait
 * grows; the wait is anything from nothing up, so that callers who were lost together spread out.
 */
export function pauseMs(failures, nodes, random) {
  const rounds = Math.floor(Math.max(0, failures - 1) / Math.max(1, nodes));
  return Math.floor(random() * Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** rounds));
}
