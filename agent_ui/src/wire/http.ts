/**
 * What the desk asks of its server over HTTP. Every question has a deadline.
 */

import type {
  Board,
  CallbackHeard,
  CallbackWay,
  DoCallback,
  FinishWrapUp,
  Me,
  OutcomeWritten,
  PhoneTried,
  PresenceNow,
  Problem,
  SetPresence,
  SignIn,
  SwitchesNow,
  TalkNow,
  Talks,
  TransferTargets,
  TryPhone,
  TurnSwitch,
  WayToTalk,
  WrapUpNow,
  WriteOutcome,
} from "./made";

const DEADLINE_MS = 5_000;

/** The server said no, and why. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(problem: Pick<Problem, "status" | "code" | "detail">) {
    super(problem.detail);
    this.status = problem.status;
    this.code = problem.code;
  }

  /** Whether nobody is signed in any longer. */
  get isNotSignedIn(): boolean {
    return this.status === 401;
  }

  /** Whether asking again later may help. */
  get isOutage(): boolean {
    return this.status >= 500;
  }
}

/** The server could not be asked, or did not answer in time. */
export class Unreachable extends Error {}

/** Ask, and return the answer. Throws Refusal or Unreachable. */
async function ask<Answer>(
  method: "GET" | "POST" | "PUT",
  path: string,
  body?: object,
  deadlineMs = DEADLINE_MS,
): Promise<Answer> {
  const request: RequestInit = {
    method,
    credentials: "same-origin",
    cache: "no-store",
    signal: AbortSignal.timeout(deadlineMs),
  };
  if (method !== "GET") {
    request.headers = { "Content-Type": "application/json" };
    request.body = JSON.stringify(body ?? {});
  }
  try {
    const response = await fetch(path, request);
    const text = await response.text();
    if (!response.ok) throw new Refusal(problemIn(text, response.status));
    return (text === "" ? undefined : JSON.parse(text)) as Answer;
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Unreachable(path, { cause: error });
  }
}

/** Return the problem a body tells of; anything between us and the desk may answer otherwise. */
function problemIn(text: string, status: number): Pick<Problem, "status" | "code" | "detail"> {
  try {
    const said = JSON.parse(text) as Partial<Problem>;
    if (typeof said.detail === "string") {
      return { status, code: said.code ?? "", detail: said.detail };
    }
  } catch {
    // Not JSON: a proxy's own page.
  }
  return { status, code: "", detail: "" };
}

export const desk = {
  me: () => ask<Me>("GET", "/api/me"),
  signIn: (account: SignIn) => ask<Me>("POST", "/api/sign-in", account),
  signOut: () => ask<void>("POST", "/api/sign-out"),
  setPresence: (wish: SetPresence) => ask<PresenceNow>("POST", "/api/presence", wish),
  tryPhone: (tried: TryPhone) => ask<PhoneTried>("POST", "/api/phone", tried),
  finishWrapUp: (finish: FinishWrapUp) => ask<PresenceNow>("POST", "/api/wrap-up/finish", finish),
  moreTime: () => ask<WrapUpNow>("POST", "/api/wrap-up/more-time"),
  writeOutcome: (call: string, words: WriteOutcome) =>
    ask<OutcomeWritten>("PUT", `/api/calls/${encodeURIComponent(call)}/outcome`, words),
  talk: (call?: string) =>
    ask<TalkNow>(
      "GET",
      call === undefined ? "/api/talk" : `/api/talk?call=${encodeURIComponent(call)}`,
    ),
  endTalk: (call: string) => ask<PresenceNow>("POST", `/api/calls/${encodeURIComponent(call)}/end`),
  doCallback: (call: string, said: DoCallback) =>
    ask<CallbackHeard>("POST", `/api/callbacks/${encodeURIComponent(call)}`, said),
  wayBack: (call: string) =>
    ask<CallbackWay>("POST", `/api/callbacks/${encodeURIComponent(call)}/way`),
  transfers: () => ask<TransferTargets>("GET", "/api/transfers"),
  talks: (adviser: string) =>
    ask<Talks>("GET", `/api/talks?adviser=${encodeURIComponent(adviser)}`),
  wayToTalk: (call: string) => ask<WayToTalk>("POST", `/api/talks/${encodeURIComponent(call)}/way`),
  turnSwitch: (turn: TurnSwitch) => ask<SwitchesNow>("POST", "/api/switches", turn),
  board: (deadlineMs: number) => ask<Board>("GET", "/api/board", undefined, deadlineMs),
};

/** Return the address of the live socket of the page's own server. */
export function liveUrl(page: Pick<Location, "protocol" | "host">): string {
  return `${page.protocol === "https:" ? "wss" : "ws"}://${page.host}/api/live`;
}
