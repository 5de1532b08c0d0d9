import assert from "node:assert/strict";
import { test } from "node:test";
import { Letters } from "../../../../contactcentre/adapters/web/pages/assets/chat/letters.js";

/** Return a chat's letters, and a node that has heard what was said to it. */
function page(own = []) {
  const seen = { said: [], kept: own, later: [] };
  const letters = new Letters({
    own,
    say: (said) => seen.said.push(said),
    keep: (kept) => {
      seen.kept = kept;
    },
    later: (act) => seen.later.push(act),
  });
  return { letters, seen };
}

const written = (text, order, by = "caller") => ({
  kind: "written",
  by,
  text,
  order,
  words: `words of ${text}`,
  at_ms: 1,
});
const ids = (seen) => seen.said.map(({ text }) => text);
const shown = (letters) => letters.shown.map(({ id, state }) => [id, state]);

test("a text waits for the one before, so that both arrive in order", () => {
  const { letters, seen } = page();
  letters.soFar();
  letters.write("one", "One");
  letters.write("two", "Two");
  assert.deepEqual(ids(seen), ["one"]);
  letters.hear(written("one", 4));
  assert.deepEqual(ids(seen), ["one", "two"]);
});

test("nothing is shown as sent before the node has said so", () => {
  const { letters } = page();
  letters.soFar();
  letters.write("one", "One");
  assert.deepEqual(shown(letters), [["one", "sending"]]);
  letters.hear(written("one", 4));
  assert.deepEqual(shown(letters), [["one", "sent"]]);
});

test("a node that knows nothing is told everything again, with the order that it had", () => {
  const { letters, seen } = page();
  letters.soFar();
  letters.write("one", "One");
  letters.hear(written("one", 4));
  letters.write("two", "Two");
  letters.opened();
  seen.said.length = 0;
  letters.soFar();
  letters.hear(written("one", 4));
  assert.deepEqual(seen.said, [
    { kind: "write", text: "one", words: "One", order: 4 },
    { kind: "write", text: "two", words: "Two", order: null },
  ]);
});

test("a page that is loaded again goes on with what it had kept", () => {
  const before = page();
  before.letters.write("one", "One");
  const { letters, seen } = page(before.seen.kept);
  letters.soFar();
  assert.deepEqual(ids(seen), ["one"]);
});

test("what comes twice is shown once, in the order that the nodes gave", () => {
  const { letters } = page();
  letters.hear(written("late", 9, "adviser"));
  letters.hear(written("early", 3, "adviser"));
  letters.hear(written("late", 9, "adviser"));
  assert.deepEqual(shown(letters), [["early", "sent"], ["late", "sent"]]);
});

test("a text that is too fast is said again a moment later, before any other", () => {
  const { letters, seen } = page();
  letters.soFar();
  letters.write("one", "One");
  letters.write("two", "Two");
  letters.refuse({ text: "one", code: "too-many" });
  assert.deepEqual(ids(seen), ["one"]);
  seen.later[0]();
  assert.deepEqual(ids(seen), ["one", "one"]);
});

test("a text that can never be written is said to be so, and holds up no other", () => {
  const { letters, seen } = page();
  letters.soFar();
  letters.write("one", "One");
  letters.write("two", "Two");
  letters.refuse({ text: "one", code: "out-of-order" });
  assert.deepEqual(ids(seen), ["one", "two"]);
  assert.deepEqual(shown(letters), [["one", "failed"], ["two", "sending"]]);
});
