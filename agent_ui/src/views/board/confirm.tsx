import { type FormEvent, useEffect, useRef, useState } from "react";
import type { Wish } from "../../state/switches";
import { desk, Refusal } from "../../wire/http";
import { type BoardLine, LIMITS } from "../../wire/made";
import { useWords, type Words } from "../../words";

interface Props {
  wish: Wish;
  /** What the turn will do. */
  says: string;
  done: (lines: readonly BoardLine[]) => void;
  close: () => void;
  signedOut: () => void;
}

/** Ask for the reason of a turn, and turn it. */
export function Confirm({ wish, says, done, close, signedOut }: Props) {
  const words = useWords();
  const reason = useRef<HTMLInputElement>(null);
  const [why, setWhy] = useState("");
  const [isForAll, setForAll] = useState(false);
  const mayMove = wish.kind === "divert" && wish.value !== null;
  const [isBusy, setBusy] = useState(false);
  const [wrong, setWrong] = useState<string | null>(null);
  useEffect(() => reason.current?.focus(), []);
  const turn = async (event: FormEvent) => {
    event.preventDefault();
    if (why.trim() === "") {
      setWrong(words.switches.whyFirst);
      reason.current?.focus();
      return;
    }
    setBusy(true);
    try {
      const kind = mayMove && isForAll ? "divert_all" : wish.kind;
      const now = await desk.turnSwitch({ ...wish, kind, why: why.trim() });
      done(now.lines);
      close();
    } catch (error) {
      if (error instanceof Refusal && error.isNotSignedIn) return signedOut();
      setWrong(wrongWith(error, words));
      setBusy(false);
    }
  };
  return (
    <form className="switch-confirm" onSubmit={(event) => void turn(event)}>
      <p>
        <b>{says}</b>
      </p>
      {mayMove && (
        <label className="check">
          <input
            type="checkbox"
            checked={isForAll}
            onChange={(event) => setForAll(event.target.checked)}
          />
          {words.switches.moveAsWell}
        </label>
      )}
      <label>
        {words.switches.why}
        <input
          ref={reason}
          className="field"
          value={why}
          maxLength={LIMITS.WHY_MAX_CHARS}
          autoComplete="off"
          onChange={(event) => setWhy(event.target.value)}
        />
      </label>
      {wrong !== null && <p role="alert">{wrong}</p>}
      <div className="row">
        <button type="submit" className="btn" data-look="primary" disabled={isBusy}>
          {words.switches.confirm}
        </button>
        <button type="button" className="btn" onClick={close}>
          {words.switches.cancel}
        </button>
      </div>
    </form>
  );
}

/** Return why a switch was not turned, and what to do. */
function wrongWith(error: unknown, words: Words): string {
  if (!(error instanceof Refusal)) return words.switches.unreachable;
  switch (error.code) {
    case "switch-not-turned":
      return words.switches.noRecords;
    case "out-of-order":
      return words.switches.inACircle;
    default:
      return words.switches.refused;
  }
}
