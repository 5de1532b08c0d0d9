import { Mic, MicOff, Pause, PhoneForwarded, PhoneOff, Play } from "lucide-react";
import type { ReactNode } from "react";
import { KeyHint } from "../../parts/key_hint";
import { askedBy } from "../../state/desk";
import { useWords } from "../../words";
import type { AtWork, Seen } from "./at_work";
import { ConsultBar } from "./consult_bar";
import { Keypad } from "./keypad";
import { TransferDialog } from "./transfer";

/** What can be done during a talk; a sentence where nothing can. */
export function Controls({ work, seen }: { work: AtWork; seen: Seen }) {
  const words = useWords();
  const { leg } = seen;
  switch (leg.sound) {
    case "none":
      return (
        <Waiting work={work}>
          <strong>{words.call.notConnectedTitle}</strong> {words.call.notConnected}
        </Waiting>
      );
    case "lost":
      return <Waiting work={work}>{words.call.mayEnd}</Waiting>;
    case "over":
      return (
        <div className="in-place" data-tone="warn">
          <p>
            <strong>{words.call.overTitle}</strong> {words.call.over}
          </p>
        </div>
      );
    case "connecting":
      return (
        <Waiting work={work}>
          {leg.mending === "none" ? words.call.lineIsConnecting : words.call.mayEnd}
        </Waiting>
      );
    case "attached":
    case "bridged":
      return askedBy(seen.desk.work) === null ? (
        <>
          <Buttons work={work} seen={seen} />
          <ConsultBar work={work} seen={seen} />
        </>
      ) : (
        <AskedButtons work={work} seen={seen} />
      );
  }
}

/** There is no sound now; the call may be ended all the same. */
function Waiting({ work, children }: { work: AtWork; children: ReactNode }) {
  const words = useWords();
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms
    <div className="controls" role="group" aria-label={words.call.controls}>
      <div className="in-place" data-tone="info">
        <p>{children}</p>
      </div>
      <End work={work} />
    </div>
  );
}

function End({ work, label }: { work: AtWork; label?: string }) {
  const words = useWords();
  return (
    <button
      type="button"
      className="control"
      data-look="end"
      aria-keyshortcuts="Shift+F9"
      onClick={() => work.hangUp()}
    >
      <PhoneOff size={20} aria-hidden="true" />
      {label ?? words.call.end}
      <KeyHint>Shift F9</KeyHint>
    </button>
  );
}

/** Of somebody else's call: who is asked may be silent, and may leave. */
function AskedButtons({ work, seen }: { work: AtWork; seen: Seen }) {
  const words = useWords();
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms
    <div className="controls" role="group" aria-label={words.call.controls}>
      <Mute work={work} muted={seen.leg.muted} />
      <End work={work} label={words.consult.leave} />
    </div>
  );
}

function Mute({ work, muted }: { work: AtWork; muted: boolean }) {
  const words = useWords();
  return (
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
  );
}

function Buttons({ work, seen }: { work: AtWork; seen: Seen }) {
  const words = useWords();
  const { muted, held } = seen.leg;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms
    <div className="controls" role="group" aria-label={words.call.controls}>
      <Mute work={work} muted={muted} />
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
        aria-haspopup="dialog"
        aria-keyshortcuts="F8"
        onClick={() => work.openTransfer(true)}
      >
        <PhoneForwarded size={20} aria-hidden="true" />
        {words.transfer.button}
        <KeyHint>F8</KeyHint>
      </button>
      <TransferDialog work={work} seen={seen} />
      <End work={work} />
    </div>
  );
}
