import { CirclePause, CirclePlay } from "lucide-react";
import { Until } from "../../parts/clock";
import { KeyHint } from "../../parts/key_hint";
import { useWords } from "../../words";
import { type AtWork, isUp, type Seen } from "./at_work";

/** Whether the talk is recorded now, in words, and the way to pause that. */
export function RecordingRow({ work, seen }: { work: AtWork; seen: Seen }) {
  const words = useWords();
  const { recording } = seen.leg;
  if (recording === null || !isUp(seen)) return null;
  const { on, ends } = recording;
  return (
    <div className="recording" data-on={on}>
      <p>
        <b>{on ? words.recording.on : words.recording.paused}</b>{" "}
        {on && recording.forgotten && words.recording.forgotten}
        {!on && ends !== null && <Until until={ends} inWords={words.recording.goesOn} />}
      </p>
      <button
        type="button"
        className="btn"
        aria-keyshortcuts="Shift+F8"
        onClick={() => work.record(!on)}
      >
        {on ? (
          <CirclePause size={18} aria-hidden="true" />
        ) : (
          <CirclePlay size={18} aria-hidden="true" />
        )}
        {on ? words.recording.pause : words.recording.resume}
        <KeyHint>Shift F8</KeyHint>
      </button>
    </div>
  );
}
