import { useEffect } from "react";
import { useSpoken } from "../../words";
import { useSession } from "../sign_in/session";
import { SignIn } from "../sign_in/sign_in";
import { LiveBoard } from "./board";
import { NotAllowed } from "./not_allowed";

/** The board's page: for supervisors who are signed in. */
export function BoardPage() {
  const { words, suggest } = useSpoken();
  const { session, signedIn, signedOut } = useSession();
  const language = session.at === "somebody" ? session.me.language : null;
  // biome-ignore lint/correctness/useExhaustiveDependencies: only a new person suggests a language
  useEffect(() => {
    if (language !== null) suggest(language);
  }, [language]);
  useEffect(() => {
    if (session.at === "somebody") document.title = `${words.board.page} – ${words.product}`;
  }, [session.at, words]);
  if (session.at !== "somebody") {
    return <SignIn title={words.signIn.titleBoard} session={session} signedIn={signedIn} />;
  }
  if (session.me.role !== "supervisor") return <NotAllowed signedOut={() => signedOut(false)} />;
  return <LiveBoard iceServers={session.me.ice_servers} signedOut={() => signedOut(true)} />;
}
