/**
 * The adviser's words on one call, and how far they have got.
 *
 * Every change raises the version; what is durable has `savedVersion`. The higher version stands,
 * here and at the server, so that a late answer never takes back what was typed since.
 */

import type { OutcomeWritten, WrapUpNow, WriteOutcome } from "../wire/made";

export interface Draft {
  call: string;
  outcome: string | null;
  notes: string;
  version: number;
  savedVersion: number;
  savedAtMs: number | null;
  /** The server could not be reached the last time: the words are kept here. */
  kept: boolean;
}

/** Return an empty draft. */
export function newDraft(call: string): Draft {
  return {
    call,
    outcome: null,
    notes: "",
    version: 0,
    savedVersion: 0,
    savedAtMs: null,
    kept: false,
  };
}

/** Say whether there is something that the server does not have yet. */
export function isUnsaved(draft: Draft): boolean {
  return draft.version > draft.savedVersion;
}

/** Return the draft with other words in it. */
export function write(draft: Draft, change: Partial<Pick<Draft, "outcome" | "notes">>): Draft {
  const next = { ...draft, ...change };
  if (next.outcome === draft.outcome && next.notes === draft.notes) return draft;
  return { ...next, version: draft.version + 1 };
}

/** Return what is to be sent. */
export function asWritten(draft: Draft): WriteOutcome {
  return { outcome: draft.outcome, notes: draft.notes, version: draft.version };
}

/** Return the draft once the server has answered to the version that was sent. */
export function saved(draft: Draft, sentVersion: number, written: OutcomeWritten): Draft {
  if (written.version > sentVersion) {
    // Another page has written a later version: these words must go above it.
    return { ...draft, version: Math.max(draft.version, written.version) + 1 };
  }
  const savedVersion = Math.max(draft.savedVersion, sentVersion);
  return { ...draft, savedVersion, savedAtMs: written.at_ms, kept: false };
}

/** Return the draft once it could not be sent. */
export function notSaved(draft: Draft): Draft {
  return { ...draft, kept: true };
}

/** Return the draft with what the server has, if the server has the later words. */
export function compare(draft: Draft, server: WrapUpNow): Draft {
  if (server.version <= draft.version) return draft;
  return {
    ...draft,
    outcome: server.outcome,
    notes: server.notes,
    version: server.version,
    savedVersion: server.version,
  };
}
