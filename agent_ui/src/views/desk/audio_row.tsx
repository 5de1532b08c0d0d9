import { Check, Smartphone } from "lucide-react";
import { Legs } from "../../parts/legs";
import { useWords } from "../../words";
import { isUp, type Seen } from "./at_work";
import { StreamMeter } from "./stream_meter";

/** How both sides sound, and how good the line is. */
export function AudioRow({ seen }: { seen: Seen }) {
  const words = useWords();
  const { leg, caller, microphone } = seen;
  const isTalking = isUp(seen);
  if (seen.phone.isOn) return <PhoneRow seen={seen} />;
  return (
    <div className="audio">
      <span>
        {words.call.you}
        <StreamMeter stream={leg.muted ? null : microphone.stream} label={words.call.yourLevel} />
      </span>
      {isTalking && (
        <>
          <span>
            {words.call.caller}
            <StreamMeter stream={caller} label={words.call.callerLevel} />
          </span>
          <Quality seen={seen} />
          <Legs legs={seen.leg.legs.filter(({ role }) => role !== "adviser")} />
        </>
      )}
      {seen.desk.work.at === "ringing" && <LineSentence seen={seen} />}
    </div>
  );
}

/** The sound is on a phone: which one, and how the others come in. */
function PhoneRow({ seen }: { seen: Seen }) {
  const words = useWords();
  const { leg, phone } = seen;
  return (
    <div className="audio">
      <span>
        <Smartphone size={16} aria-hidden="true" />
        {words.phone.yours} <b className="num">{phone.number}</b>
      </span>
      {isUp(seen) && <Legs legs={leg.legs} />}
      {seen.desk.work.at === "ringing" && (
        <span>{leg.phone === "ringing" ? words.phone.pickUp : words.phone.ringsThen}</span>
      )}
    </div>
  );
}

function Quality({ seen }: { seen: Seen }) {
  const words = useWords();
  const { word, samples } = seen.line;
  const last = samples.at(-1);
  return (
    <>
      <span data-testid="quality">
        {words.call.quality}
        <b>{word === null ? words.call.measuring : words.health[word]}</b>
      </span>
      {last !== undefined && (
        <>
          <span>
            {words.call.loss} <b>{(last.lossRatio * 100).toFixed(1)}%</b>
          </span>
          <span>
            {words.call.jitter} <b>{Math.round(last.jitterMs)} ms</b>
          </span>
        </>
      )}
    </>
  );
}

function LineSentence({ seen }: { seen: Seen }) {
  const words = useWords();
  switch (seen.leg.sound) {
    case "attached":
      return (
        <span className="ok-text">
          <Check size={16} aria-hidden="true" />
          {words.call.lineIsReady}
        </span>
      );
    case "lost":
      return <span className="warn-text">{words.call.lineBroken}</span>;
    case "connecting":
      return <span>{words.call.lineIsConnecting}</span>;
    default:
      return null;
  }
}
