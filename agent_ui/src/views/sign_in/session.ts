/** Who is signed in at this page. */

import { useCallback, useEffect, useState } from "react";
import { desk, Refusal } from "../../wire/http";
import type { Me } from "../../wire/made";
import { forgetLanguage } from "../../words";

const AGAIN_MS = 3_000;

export type Session =
  | { at: "asking"; unreachable: boolean }
  | { at: "nobody"; ended: boolean }
  | { at: "somebody"; me: Me };

export interface SessionControl {
  session: Session;
  signedIn: (me: Me) => void;
  signedOut: (ended: boolean) => void;
}

/** Ask who is signed in, until the server has answered. */
export function useSession(): SessionControl {
  const [session, setSession] = useState<Session>({ at: "asking", unreachable: false });
  useEffect(() => {
    let isOver = false;
    let again: ReturnType<typeof setTimeout> | undefined;
    const ask = async () => {
      const answer = await who();
      if (isOver) return;
      setSession(answer);
      if (answer.at === "asking") again = setTimeout(() => void ask(), AGAIN_MS);
    };
    void ask();
    return () => {
      isOver = true;
      clearTimeout(again);
    };
  }, []);
  const signedIn = useCallback((me: Me) => setSession({ at: "somebody", me }), []);
  const signedOut = useCallback((ended: boolean) => {
    if (!ended) forgetLanguage();
    setSession({ at: "nobody", ended });
  }, []);
  return { session, signedIn, signedOut };
}

async function who(): Promise<Session> {
  try {
    return { at: "somebody", me: await desk.me() };
  } catch (error) {
    if (error instanceof Refusal && error.isNotSignedIn) return { at: "nobody", ended: false };
    return { at: "asking", unreachable: true };
  }
}
