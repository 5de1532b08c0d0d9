import { CircleAlert } from "lucide-react";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { LanguageSwitch } from "../../parts/language_switch";
import { Logo } from "../../parts/logo";
import { Notice } from "../../parts/notice";
import { desk, Refusal } from "../../wire/http";
import type { Me } from "../../wire/made";
import { useWords, type Words } from "../../words";
import type { Session } from "./session";

interface Props {
  title: string;
  session: Exclude<Session, { at: "somebody" }>;
  signedIn: (me: Me) => void;
}

/** The page on which a local account signs in. */
export function SignIn({ title, session, signedIn }: Props) {
  const words = useWords();
  useEffect(() => {
    document.title = `${words.signIn.page} – ${words.product}`;
  }, [words]);
  return (
    <div className="sign-in">
      <header>
        <Logo size={26} />
        <LanguageSwitch />
      </header>
      <main className="card">
        <h1>{title}</h1>
        {session.at === "nobody" && session.ended && (
          <Notice tone="info">{words.signIn.ended}</Notice>
        )}
        {session.at === "asking" ? (
          <p role="status" className="muted">
            {session.unreachable ? words.signIn.unreachable : words.presence.connecting}
          </p>
        ) : (
          <Form signedIn={signedIn} />
        )}
      </main>
    </div>
  );
}

function Form({ signedIn }: { signedIn: (me: Me) => void }) {
  const words = useWords();
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [isShown, setShown] = useState(false);
  const [isWorking, setWorking] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const alert = useRef<HTMLDivElement>(null);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (isWorking) return;
    if (name.trim() === "" || password === "") {
      setProblem(words.signIn.missing);
      return;
    }
    setWorking(true);
    setProblem(null);
    try {
      signedIn(await desk.signIn({ name: name.trim(), password }));
    } catch (error) {
      setProblem(sentenceFor(error, words));
      setWorking(false);
    }
  };

  return (
    <form onSubmit={(event) => void submit(event)} noValidate>
      {problem !== null && (
        <div role="alert" className="problem" id="sign-in-problem" ref={alert}>
          <CircleAlert size={18} aria-hidden="true" />
          <p>{problem}</p>
        </div>
      )}
      <label htmlFor="name">{words.signIn.name}</label>
      <input
        id="name"
        className="field"
        value={name}
        maxLength={64}
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        aria-describedby={problem === null ? undefined : "sign-in-problem"}
        onChange={(event) => setName(event.target.value)}
      />
      <label htmlFor="password">{words.signIn.password}</label>
      <input
        id="password"
        className="field"
        type={isShown ? "text" : "password"}
        value={password}
        maxLength={256}
        autoComplete="current-password"
        aria-describedby={problem === null ? undefined : "sign-in-problem"}
        onChange={(event) => setPassword(event.target.value)}
      />
      <label className="check">
        <input
          type="checkbox"
          checked={isShown}
          onChange={(event) => setShown(event.target.checked)}
        />
        {words.signIn.show}
      </label>
      <button type="submit" className="btn" data-look="primary" aria-disabled={isWorking}>
        {isWorking ? words.signIn.working : words.signIn.button}
      </button>
    </form>
  );
}

/** Return what to say of a sign-in that did not work. */
function sentenceFor(error: unknown, words: Words): string {
  if (!(error instanceof Refusal) || error.isOutage) return words.signIn.unreachable;
  if (error.code === "too-many" || error.status === 429) return words.signIn.tooMany;
  return words.signIn.wrong;
}
