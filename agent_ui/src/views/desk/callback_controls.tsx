import { Check, Phone, PhoneMissed, PhoneOff, X } from "lucide-react";
import type { CallbackNow } from "../../wire/made";
import { useWords } from "../../words";
import { spelled } from "../../words/spans";
import type { AtWork, Seen } from "./at_work";
import { DeclineControl } from "./ring_controls";

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

/** The number to ring, and how that ended. */
export function CallbackControls({ work, callback }: { work: AtWork; callback: CallbackNow }) {
  const words = useWords();
  return (
    <>
      <div className="in-place" data-tone="info">
        <p>
          {words.callback.ringNow}{" "}
          <strong className="num callback-number">{spelled(callback.number)}</strong>.{" "}
          {words.callback.thenSay}
        </p>
      </div>
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms */}
      <div className="controls callback-ends" role="group" aria-label={words.callback.ends}>
        {ENDS.map(({ word, icon: Icon }) => (
          <button
            key={word}
            type="button"
            className="control"
            data-look={word === "reached" ? "answer" : undefined}
            onClick={() => work.endCallback(word)}
          >
            <Icon size={20} aria-hidden="true" />
            {words.callback.endings[word]}
          </button>
        ))}
      </div>
    </>
  );
}

/** Return the callback that rings or is taken; null for a call. */
export function callbackOf(seen: Seen): CallbackNow | null {
  const { work } = seen.desk;
  return work.at === "ringing" || work.at === "talking" ? (work.ring?.callback ?? null) : null;
}
