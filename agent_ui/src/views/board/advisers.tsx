import type { Board, Presence } from "../../wire/made";
import { useWords } from "../../words";

const SHOWN: readonly Presence[] = ["ready", "reserved", "ringing", "talking", "wrap_up", "away"];

/** How the advisers stand. */
export function Advisers({ advisers }: { advisers: Board["advisers"] }) {
  const words = useWords();
  const counted = SHOWN.map((state) => ({ state, count: advisers[state] ?? 0 }));
  const signedIn = counted.reduce((sum, { count }) => sum + count, 0);
  return (
    <section className="panel" aria-labelledby="advisers-title">
      <h2 id="advisers-title">
        {words.board.advisers}
        <small>{words.board.signedIn(signedIn)}</small>
      </h2>
      {signedIn === 0 && <p className="muted">{words.board.noAdvisers}</p>}
      <ul className="states">
        {counted.map(({ state, count }) => (
          <li key={state} data-state={state}>
            <i aria-hidden="true" />
            <b>{count}</b> <span className="muted">{words.presence.states[state]}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
