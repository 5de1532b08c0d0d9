/** How a supervisor is in a talk, as the node and the browser tell it. */

import type { BoardTalk, LegNow, NodeSays, SupervisorMode } from "../wire/made";

export interface Listening {
  at:
    | "nothing"
    /** On the way; nobody hears anything before it is written down. */
    | "opening"
    | "there"
    /** The way is broken, and is tried again. */
    | "lost"
    | "over";
  talk: BoardTalk | null;
  mode: SupervisorMode | null;
  /** What has been asked for and is being written down. */
  asked: SupervisorMode | null;
  /** Why something could not be done, by its code. */
  refused: string | null;
  /** How everybody in the room comes in. */
  legs: readonly LegNow[];
}

export const NOT_LISTENING: Listening = {
  at: "nothing",
  talk: null,
  mode: null,
  asked: null,
  refused: null,
  legs: [],
};

export type ListeningEvent =
  | { kind: "opening"; talk: BoardTalk }
  | { kind: "asking"; mode: SupervisorMode }
  | { kind: "refused"; code: string }
  | { kind: "broken" }
  | { kind: "left" }
  | { kind: "said"; said: NodeSays };

/** Return how it stands once something has happened. */
export function follow(now: Listening, event: ListeningEvent): Listening {
  switch (event.kind) {
    case "opening":
      return { ...NOT_LISTENING, at: "opening", talk: event.talk };
    case "asking":
      return { ...now, asked: event.mode, refused: null };
    case "refused":
      return {
        ...now,
        at: now.at === "there" ? "there" : "over",
        asked: null,
        refused: event.code,
      };
    case "broken":
      return now.at === "over" || now.at === "nothing"
        ? now
        : { ...now, at: "lost", mode: null, asked: null };
    case "left":
      return NOT_LISTENING;
    case "said":
      return hear(now, event.said);
    default:
      return event satisfies never;
  }
}

function hear(now: Listening, said: NodeSays): Listening {
  switch (said.kind) {
    case "supervising":
      return { ...now, at: "there", mode: said.mode, asked: null, refused: null };
    case "legs":
      return { ...now, legs: said.legs };
    case "not_done":
      return { ...now, asked: null, refused: said.code };
    case "refused":
      return { ...now, at: "over", mode: null, asked: null, refused: said.code };
    case "over":
      return { ...now, at: "over", mode: null, asked: null, legs: [] };
    default:
      return now;
  }
}
