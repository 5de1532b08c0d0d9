import { Phone, PhoneOff } from "lucide-react";
import { KeyHint } from "../../parts/key_hint";
import type { Me } from "../../wire/made";
import { useWords } from "../../words";
import type { AtWork, Seen } from "./at_work";

/** Answer, or give the call back. Neither takes the focus. */
export function RingControls({ me, work, seen }: { me: Me; work: AtWork; seen: Seen }) {
  const words = useWords();
  const answering = seen.phone.isOn ? words.phone.rings : words.call.connecting;
  if (seen.microphone.stream === null && !seen.phone.isOn) {
    return (
      <div className="in-place" data-tone="warn">
        <p>{words.microphone.neededToAnswer}</p>
        <button
          type="button"
          className="btn"
          data-look="primary"
          onClick={() => void work.setUpMicrophone()}
        >
          {words.microphone.setUp}
        </button>
        {me.may_use_phone && (
          <button type="button" className="btn" onClick={() => work.choosePhone(true)}>
            {words.phone.instead}
          </button>
        )}
      </div>
    );
  }
  return (
    <div className="ring-controls">
      <button
        type="button"
        className="control"
        data-look="answer"
        aria-keyshortcuts="F2"
        aria-disabled={seen.leg.answering}
        onClick={() => work.answer()}
      >
        <Phone size={20} aria-hidden="true" />
        {seen.leg.answering ? answering : words.call.answer}
        <KeyHint>F2</KeyHint>
      </button>
      <DeclineControl work={work} />
    </div>
  );
}

/** Give back what rings; whoever waits keeps the place. */
export function DeclineControl({ work }: { work: AtWork }) {
  const words = useWords();
  return (
    <button type="button" className="control" onClick={() => work.decline()}>
      <PhoneOff size={20} aria-hidden="true" />
      {words.call.decline}
      <span className="control-note">{words.call.declineSub}</span>
    </button>
  );
}
