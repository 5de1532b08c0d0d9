import { Check, Phone, PhoneMissed, PhoneOff, PhoneOutgoing, X } from "lucide-react";
import { useState } from "react";
import { KeyHint } from "../../parts/key_hint";
import { isCall, type WrappingUp } from "../../state/desk";
import type { Rung } from "../../state/leg";
import type { Attempt, CallbackNow, Me } from "../../wire/made";
import { useWords } from "../../words";
import { spelled } from "../../words/spans";
import type { AtWork, Seen } from "./at_work";
import { mayCall } from "./callback_keeper";
import { rungFailure } from "./phone_failure";
import { DeclineControl } from "./ring_controls";
import { isRinging, rungNow } from "./seen";

/** Take a callback, or give it back. Neither takes the focus. */
export function CallbackRingControls({ work }: { work: AtWork }) {
  const words = useWords();
  return (
    <div className="ring-controls">
      <button
        type="button"
        className="control"
        data-look="answer"
        aria-keyshortcuts="F2"
        onClick={() => work.answer()}
      >
        <Phone size={20} aria-hidden="true" />
        {words.callback.take}
      </button>
      <DeclineControl work={work} />
    </div>
  );
}

const ENDS = [
  { word: "reached", icon: Check },
  { word: "no_answer", icon: PhoneMissed },
  { word: "wrong_number", icon: X },
  { word: "given_up", icon: PhoneOff },
] as const;

interface Props {
  me: Me;
  work: AtWork;
  seen: Seen;
  callback: CallbackNow;
}

/** The number, what rings it, and how that ended. */
export function CallbackControls({ me, work, seen, callback }: Props) {
  const rung = rungNow(seen);
  if (isRinging(seen)) return <Ringing work={work} seen={seen} callback={callback} />;
  const isCallable = mayCall(me, seen);
  const likely = rung.found ?? (isCallable || rung.state === "failed" ? null : "reached");
  return (
    <>
      {rung.state === "failed" && <Failed rung={rung} isCallable={isCallable} />}
      {isCallable ? (
        <Call work={work} isAgain={rung.state === "failed"} callback={callback} />
      ) : (
        rung.found === null && <ByHand callback={callback} />
      )}
      <Ends likely={likely} onEnd={(word) => work.callback.end(word)} />
    </>
  );
}

/** Have the number rung from here. */
function Call({
  work,
  isAgain,
  callback,
}: {
  work: AtWork;
  isAgain: boolean;
  callback: CallbackNow;
}) {
  const words = useWords();
  const number = spelled(callback.number);
  return (
    <div className="callback-call">
      <button
        type="button"
        className="control"
        data-look="answer"
        aria-keyshortcuts="F2"
        onClick={() => void work.callback.haveRung()}
      >
        <PhoneOutgoing size={20} aria-hidden="true" />
        <span className="num callback-number">
          {isAgain ? words.callback.callAgain(number) : words.callback.call(number)}
        </span>
        <KeyHint>F2</KeyHint>
      </button>
    </div>
  );
}

/** It rings: how far it has come, and the way out of it. */
function Ringing({ work, seen, callback }: Omit<Props, "me">) {
  const words = useWords();
  const number = spelled(callback.number);
  const { phone, rung } = seen.leg;
  const sentence = rung.state === "ringing" ? words.callback.rings : words.callback.dialling;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms
    <div className="controls" role="group" aria-label={words.call.controls}>
      <div className="in-place" data-tone="info">
        <p>{phone === "ringing" ? words.phone.pickUp : sentence(number)}</p>
      </div>
      <button
        type="button"
        className="control"
        data-look="end"
        aria-keyshortcuts="Shift+F9"
        onClick={() => work.hangUp()}
      >
        <PhoneOff size={20} aria-hidden="true" />
        {words.callback.stop}
        <KeyHint>Shift F9</KeyHint>
      </button>
    </div>
  );
}

function Failed({ rung, isCallable }: { rung: Rung; isCallable: boolean }) {
  const words = useWords();
  return (
    <div className="in-place" data-tone="warn">
      <p>
        {rungFailure(rung.why, words)} {!isCallable && rung.found !== null && words.callback.saySo}
      </p>
    </div>
  );
}

function ByHand({ callback }: { callback: CallbackNow }) {
  const words = useWords();
  return (
    <div className="in-place" data-tone="info">
      <p>
        {words.callback.ringNow}{" "}
        <strong className="num callback-number">{spelled(callback.number)}</strong>.{" "}
        {words.callback.thenSay}
      </p>
    </div>
  );
}

/** Say how it ended: in one press; `likely` stands out, and `chosen` is what was said. */
function Ends({
  likely,
  chosen,
  onEnd,
}: {
  likely: Attempt | null;
  chosen?: Attempt;
  onEnd: (word: Attempt) => void;
}) {
  const words = useWords();
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms
    <div className="controls callback-ends" role="group" aria-label={words.callback.ends}>
      {ENDS.map(({ word, icon: Icon }) => (
        <button
          key={word}
          type="button"
          className="control"
          data-look={word === likely ? "answer" : undefined}
          aria-pressed={chosen === undefined ? undefined : word === chosen}
          onClick={() => onEnd(word)}
        >
          <Icon size={20} aria-hidden="true" />
          {words.callback.endings[word]}
        </button>
      ))}
    </div>
  );
}

/** After a talk: it counts as reached, unless the adviser knows better (a mailbox, for one). */
export function CallbackAfterwards({ work, wrapUp }: { work: AtWork; wrapUp: WrappingUp }) {
  const words = useWords();
  const [chosen, choose] = useState<Attempt>("reached");
  if (wrapUp.ring === null || wrapUp.ring.callback === null || !isCall(wrapUp.ring)) return null;
  return (
    <>
      <p className="muted small callback-after" role="status">
        {chosen === "reached"
          ? words.callback.afterwards
          : words.callback.noted(words.callback.endings[chosen])}
      </p>
      <Ends
        likely={chosen}
        chosen={chosen}
        onEnd={(word) => {
          choose(word);
          work.callback.end(word);
        }}
      />
    </>
  );
}
