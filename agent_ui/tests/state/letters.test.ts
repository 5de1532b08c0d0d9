import { expect, it } from "vitest";
import * as letters from "../../src/state/letters";
import type { Written } from "../../src/wire/made";

const written = (text: string, order: number, by: Written["by"] = "adviser"): Written => ({
  kind: "written",
  text,
  by,
  order,
  words: text,
  at_ms: 1,
});
const open = letters.heardSoFar(letters.NO_LETTERS);
const states = (of: letters.Letters) => letters.shownOf(of).map(({ id, state }) => [id, state]);

it("a text waits for the one before, so that both arrive in order", () => {
  const two = letters.write(letters.write(open, "one", "One"), "two", "Two");
  expect(letters.nextOf(two)?.id).toBe("one");
  expect(letters.nextOf(letters.hear(two, written("one", 4)))?.id).toBe("two");
});

it("nothing is sent to a node that has not told what it knows", () => {
  expect(letters.nextOf(letters.write(letters.NO_LETTERS, "one", "One"))).toBeNull();
});

it("nothing is shown as sent before the node has said so", () => {
  const one = letters.write(open, "one", "One");
  expect(states(one)).toEqual([["one", "sending"]]);
  expect(states(letters.hear(one, written("one", 4)))).toEqual([["one", "sent"]]);
});

it("a node that knows nothing is told everything again, with the order that it had", () => {
  const sent = letters.hear(letters.write(open, "one", "One"), written("one", 4));
  expect(letters.nextOf(sent)).toBeNull();
  const anew = letters.heardSoFar(letters.opened(sent));
  expect(letters.nextOf(anew)).toMatchObject({ id: "one", order: 4 });
});

it("what comes twice is shown once, in the order that the nodes gave", () => {
  const late = letters.hear(open, written("late", 9, "caller"));
  const both = letters.hear(
    letters.hear(late, written("early", 3, "caller")),
    written("late", 9, "caller"),
  );
  expect(states(both)).toEqual([
    ["early", "sent"],
    ["late", "sent"],
  ]);
});

it("a text that can never be written is said to be so, and holds up no other", () => {
  const two = letters.write(letters.write(open, "one", "One"), "two", "Two");
  const no = { kind: "not_written", text: "one", code: "out-of-order", words: "" } as const;
  expect(letters.mayLater(no)).toBe(false);
  expect(letters.mayLater({ ...no, code: "too-many" })).toBe(true);
  const after = letters.refuse(two, no);
  expect(letters.nextOf(after)?.id).toBe("two");
  expect(states(after)).toEqual([
    ["one", "failed"],
    ["two", "sending"],
  ]);
});
