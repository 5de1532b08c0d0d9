import { useEffect, useState } from "react";
import type { Me } from "../../wire/made";
import { useSpoken } from "../../words";
import { useSession } from "../sign_in/session";
import { SignIn } from "../sign_in/sign_in";
import { AtWork } from "./at_work";
import { Desk } from "./desk";

/** The desk's page: sign in first, then work. */
export function DeskPage() {
  const { words, suggest } = useSpoken();
  const { session, signedIn, signedOut } = useSession();
  const language = session.at === "somebody" ? session.me.language : null;
  // biome-ignore lint/correctness/useExhaustiveDependencies: only a new person suggests a language
  useEffect(() => {
    if (language !== null) suggest(language);
  }, [language]);
  if (session.at !== "somebody") {
    return <SignIn title={words.signIn.title} session={session} signedIn={signedIn} />;
  }
  return <SignedIn key={session.me.adviser} me={session.me} signedOut={signedOut} />;
}

interface Props {
  me: Me;
  signedOut: (ended: boolean) => void;
}

function SignedIn({ me, signedOut }: Props) {
  const [work, setWork] = useState<AtWork | null>(null);
  useEffect(() => {
    const begun = new AtWork(me, signedOut);
    begun.start();
    setWork(begun);
    return () => begun.stop();
  }, [me, signedOut]);
  return work && <Desk me={me} work={work} />;
}
