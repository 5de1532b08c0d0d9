/** What this tab keeps of its calls, so that a page that is loaded again knows of them. */

/** A browser may forbid keeping anything; the call works without. */
function attempt(act) {
  try {
    return act();
  } catch {
    return null;
  }
}

function keptAs(name) {
  return {
    /** Return what was kept if its time, lifeMs from atMs on, is not over; else null. */
    read(nowMs) {
      const kept = attempt(() => JSON.parse(sessionStorage.getItem(name)));
      return kept !== null && nowMs - kept.atMs < kept.lifeMs ? kept : null;
    },
    write(kept) {
      attempt(() => sessionStorage.setItem(name, JSON.stringify(kept)));
    },
    clear() {
      attempt(() => sessionStorage.removeItem(name));
    },
  };
}

/** {text, lifeMs, atMs, url, nodes, secret, place} of a call that may still be there. */
export const store = keptAs("call");
/** {text, lifeMs, atMs, secret} of a call that was left and whose place is kept. */
export const leftStore = keptAs("left");
/** {text, lifeMs, atMs, url, nodes, secret, own} of a chat; own: the texts of this page. */
export const chatStore = keptAs("chat");
