import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { LeftCall } from "../../../../contactcentre/adapters/web/pages/assets/call/left.js";

const MINUTE_MS = 60_000;
const KEEP_MS = 10 * MINUTE_MS;
const CLAIM = { text: "claim", secret: "secret", atMs: 0 };

mock.timers.enable({ apis: ["setTimeout"] });

/** Return a tab: pages that are loaded in it one after the other, and a clock. */
function tab() {
  const seen = { now: 0, gone: 0, kept: null };
  seen.store = {
    read: (nowMs) => (seen.kept !== null && nowMs - seen.kept.atMs < seen.kept.lifeMs ? seen.kept : null),
    write: (kept) => {
      seen.kept = kept;
    },
    clear: () => {
      seen.kept = null;
    },
  };
  seen.page = (keepMs = KEEP_MS) =>
    new LeftCall({ keepMs, store: seen.store, nowMs: () => seen.now, gone: () => (seen.gone += 1) });
  seen.pass = (spanMs) => {
    seen.now += spanMs;
    mock.timers.tick(spanMs);
  };
  return seen;
}

test("a call that was left is known until its time is over, also to a page that is loaded again", () => {
  const seen = tab();
  seen.page().keep(CLAIM);
  seen.pass(KEEP_MS - 1);
  const again = seen.page();
  assert.equal(again.held.text, "claim");
  assert.equal(seen.gone, 0);
  seen.pass(1);
  assert.equal(again.held, null);
  assert.equal(seen.kept, null);
  assert.ok(seen.gone > 0);
});

test("the time counts from when the call was last heard of", () => {
  const seen = tab();
  seen.pass(5 * MINUTE_MS);
  const page = seen.page();
  assert.equal(page.mayKeep(CLAIM), true);
  page.keep(CLAIM);
  seen.pass(6 * MINUTE_MS);
  assert.equal(page.held, null);
  assert.equal(page.mayKeep(CLAIM), false);
});

test("a call that no node has admitted leaves the one before it as it was", () => {
  const page = tab().page();
  page.keep(CLAIM);
  page.keep({ nodes: [], secret: "another" });
  assert.equal(page.held.secret, "secret");
});

test("once it has been asked for it is gone, and nobody is told so later", () => {
  const seen = tab();
  const page = seen.page();
  page.keep(CLAIM);
  page.forget();
  assert.equal(page.held, null);
  assert.equal(seen.page().held, null);
  seen.pass(KEEP_MS);
  assert.equal(seen.gone, 0);
});

test("where no places are kept nothing is", () => {
  const seen = tab();
  const page = seen.page(0);
  page.keep(CLAIM);
  assert.equal(page.held, null);
  assert.equal(seen.kept, null);
});
