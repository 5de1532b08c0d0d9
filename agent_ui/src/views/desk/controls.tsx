import { Mic, MicOff, Pause, PhoneOff, Play } from "lucide-react";
import type { ReactNode } from "react";
import { KeyHint } from "../../parts/key_hint";
import { useWords } from "../../words";
import type { AtWork, Seen } from "./at_work";
import { Keypad } from "./keypad";

/** What can be done during a talk; a sentence where nothing can. */
export function Controls({ work, seen }: { work: AtWork; seen: Seen }) {
  const words = useWords();
  const { leg } = seen;
  switch (leg.sound) {
    case "none":
      return <Sentence title={words.call.notConnectedTitle}>{words.call.notConnected}</Sentence>;
    case "lost":
      return <Sentence title={words.call.notConnectedTitle}>{words.call.soundLost}</Sentence>;
    case "over":
      return <Sentence title={words.call.overTitle}>{words.call.over}</Sentence>;
    case "connecting":
      return (
        <div className="in-place" data-tone="info">
          <p>{words.call.lineIsConnecting}</p>
        </div>
      );
    case "attached":
    case "bridged":
      return <Buttons work={work} seen={seen} />;
  }
}

function Sentence({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className="in-place" data-tone="warn">
      <p>
        <strong>{title}</strong> {children}
      </p>
    </div>
  );
}

function Buttons({ work, seen }: { work: AtWork; seen: Seen }) {
  const words = useWords();
  const { muted, held } = seen.leg;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms
    <div className="controls" role="group" aria-label={words.call.controls}>
      <button
        type="button"
        className="control"
        aria-pressed={muted}
        aria-keyshortcuts="F2"
        onClick={() => work.mute(!muted)}
      >
        {muted ? <MicOff size={20} aria-hidden="true" /> : <Mic size={20} aria-hidden="true" />}
        {words.call.mute}
        <KeyHint>F2</KeyHint>
      </button>
      <button
        type="button"
        className="control"
        aria-pressed={held}
        aria-keyshortcuts="F4"
        onClick={() => work.hold(!held)}
      >
        {held ? <Play size={20} aria-hidden="true" /> : <Pause size={20} aria-hidden="true" />}
        {words.call.hold}
        <KeyHint>F4</KeyHint>
      </button>
      <Keypad pressed={(key) => work.pressKey(key)} />
      <button
        type="button"
        className="control"
        data-look="end"
        aria-keyshortcuts="Shift+F9"
        onClick={() => work.hangUp()}
      >
        <PhoneOff size={20} aria-hidden="true" />
        {words.call.end}
        <KeyHint>Shift F9</KeyHint>
      </button>
    </div>
  );
}
