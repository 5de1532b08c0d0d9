import { expect, it } from "vitest";
import {
  asWritten,
  compare,
  isUnsaved,
  newDraft,
  notSaved,
  saved,
  write,
} from "../../src/state/notes";
import { WRAP_UP } from "../messages";

const typed = write(newDraft("c1"), { notes: "Owes 110" });

it("every change raises the version, and the same words again do not", () => {
  expect(typed.version).toBe(1);
  expect(write(typed, { notes: "Owes 110" })).toBe(typed);
  expect(write(typed, { outcome: "plan" }).version).toBe(2);
});

it("what was typed while words were on their way is still unsaved", () => {
  const more = write(typed, { notes: "Owes 1,100" });
  const after = saved(more, 1, { version: 1, at_ms: 5 });
  expect(after).toMatchObject({ savedVersion: 1, savedAtMs: 5 });
  expect(isUnsaved(after)).toBe(true);
  expect(isUnsaved(saved(after, 2, { version: 2, at_ms: 6 }))).toBe(false);
});

it("words that came second to another page's are put above them", () => {
  const after = saved(typed, 1, { version: 4, at_ms: 5 });
  expect(asWritten(after)).toEqual({ outcome: null, notes: "Owes 110", version: 5 });
  expect(isUnsaved(after)).toBe(true);
});

it("words that could not be sent are kept until they are", () => {
  const kept = notSaved(typed);
  expect(kept.kept).toBe(true);
  expect(saved(kept, 1, { version: 1, at_ms: 5 }).kept).toBe(false);
});

it("the server's words are taken only where they are later", () => {
  const server = { ...WRAP_UP, notes: "from before", outcome: "plan", version: 3 };
  expect(compare(newDraft("c1"), server)).toMatchObject({
    notes: "from before",
    version: 3,
    savedVersion: 3,
  });
  const later = { ...typed, version: 4 };
  expect(compare(later, server)).toBe(later);
});
