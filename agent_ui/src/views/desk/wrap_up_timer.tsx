import { Until, useNow } from "../../parts/clock";
import type { WrappingUp } from "../../state/desk";
import { useWords } from "../../words";
import type { AtWork } from "./at_work";

/** The time left for notes and outcome; it runs on the server, and more can be had. */
export function WrapUpTimer({ work, wrapUp }: { work: AtWork; wrapUp: WrappingUp }) {
  const words = useWords();
  const left = Math.max(0, wrapUp.ends - useNow());
  return (
    <div className="wrap-up">
      <b className="num">
        <Until until={wrapUp.ends} />
      </b>
      <div>
        <strong>{words.wrapUp.left}</strong>
        <progress
          aria-label={words.wrapUp.progress}
          max={wrapUp.givenMs}
          value={Math.min(left, wrapUp.givenMs)}
        />
      </div>
      <button type="button" className="btn" onClick={() => void work.moreTime()}>
        {words.wrapUp.more}
      </button>
    </div>
  );
}
