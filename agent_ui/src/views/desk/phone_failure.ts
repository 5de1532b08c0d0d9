/**
 * Why a phone could not be had, the adviser's or a caller's, in a sentence that says what to do.
 */

import type { Words } from "../../words";

/** Return the sentence for why the adviser's own phone could not be had. */
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

/** Return the sentence for why the caller of a callback was not reached. */
export function rungFailure(why: string | null, words: Words): string {
  const { failed } = words.callback;
  switch (why) {
    case "busy":
      return failed.busy;
    case "no_answer":
    case "declined":
      return failed.noAnswer;
    case "no_such_number":
      return failed.noSuchNumber;
    case "given_up":
      return failed.stopped;
    case "no_adviser":
      return failed.noSound;
    case "lost":
      return failed.lost;
    case "out-of-order":
      return failed.notNow;
    case "too-many":
      return failed.stillRung;
    case "number-not-allowed":
      return failed.notAllowed;
    case "lines-busy":
    case "node-full":
    case "media-unavailable":
      return failed.noLine;
    default:
      return failed.notReached;
  }
}
