/** What this tab keeps of its call, so that a page that is loaded again can go back to it. */

const NAME = "call";

/** A browser may forbid keeping anything; the call works without. */
function attempt(act) {
  try {
    return act();
  } catch {
    return null;
  }
}

export const store = {
  /** Return {text, lifeMs, atMs, url, nodes, secret} of a call that may still be there; null if none may. */
  read(nowMs) {
    const kept = attempt(() => JSON.parse(sessionStorage.getItem(NAME)));
    return kept !== null && nowMs - kept.atMs < kept.lifeMs ? kept : null;
  },
  write(kept) {
    attempt(() => sessionStorage.setItem(NAME, JSON.stringify(kept)));
  },
  clear() {
    attempt(() => sessionStorage.removeItem(NAME));
  },
};
