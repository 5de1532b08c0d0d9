import { useState } from "react";
import { Logo } from "../../parts/logo";
import { desk } from "../../wire/http";
import { useWords } from "../../words";

/** What an adviser sees at the board's address. */
export function NotAllowed({ signedOut }: { signedOut: () => void }) {
  const words = useWords();
  const [hasFailed, setFailed] = useState(false);
  const signOut = async () => {
    try {
      await desk.signOut();
      signedOut();
    } catch {
      setFailed(true);
    }
  };
  return (
    <div className="whole-page">
      <header>
        <Logo size={26} />
      </header>
      <main className="card">
        <h1>{words.board.notAllowedTitle}</h1>
        <p>{words.board.notAllowed}</p>
        {hasFailed && <p role="alert">{words.account.signOutFailed}</p>}
        <p className="row">
          <a className="btn" data-look="primary" href="/">
            {words.board.desk}
          </a>
          <button type="button" className="btn" onClick={() => void signOut()}>
            {words.account.signOut}
          </button>
        </p>
      </main>
    </div>
  );
}
