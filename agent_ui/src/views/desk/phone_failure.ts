/**
 * Why an adviser's phone could not be had, in a sentence that says what to look at.
 */

import type { Words } from "../../words";

/** Return the sentence for a word of the node. */
export function phoneFailure(why: string | null, words: Words): string {
  const { failed } = words.phone;
  switch (why) {
    case "busy":
      return failed.busy;
    case "lines-busy":
    case "node-full":
    case "media-unavailable":
      return failed.noLine;
    case "no_answer":
    case "declined":
    case null:
      return failed.notPickedUp;
    default:
      return failed.notReached;
  }
}
