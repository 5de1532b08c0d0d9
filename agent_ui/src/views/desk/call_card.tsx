import { Languages, PhoneOff, PhoneOutgoing, UsersRound } from "lucide-react";
import { Since, Until, useNow } from "../../parts/clock";
import { Tag } from "../../parts/tag";
import { askedBy, callOf, queueOf, type Ringing, referenceOf } from "../../state/desk";
import type { CallbackNow, Me } from "../../wire/made";
import { useWords, type Words } from "../../words";
import { clock, spelled } from "../../words/spans";
import type { AtWork, Seen } from "./at_work";
import { AudioRow } from "./audio_row";
import { CallbackAfterwards, CallbackControls, CallbackRingControls } from "./callback_controls";
import { Controls } from "./controls";
import { RecordingRow } from "./recording_row";
import { RingControls } from "./ring_controls";
import { callbackOf, unansweredOf } from "./seen";
import { readable, useQueueTitle } from "./titles";
import { WrapUpTimer } from "./wrap_up_timer";

interface Props {
  me: Me;
  work: AtWork;
  seen: Seen;
}

/** The call: who it is for, how long, and what can be done with it. */
export function CallCard({ me, work, seen }: Props) {
  const words = useWords();
  const { work: now } = seen.desk;
  const callback = unansweredOf(seen);
  const rings = callback === null ? words.call.incoming : words.callback.incoming;
  const label = now.at === "ringing" ? rings : words.call.current;
  return (
    <section className="card call" aria-label={label} data-at={now.at}>
      <header>
        <Heading me={me} seen={seen} />
        <CallClock seen={seen} />
      </header>
      <Facts me={me} seen={seen} />
      {callback !== null && now.at === "ringing" && <CallbackRingControls work={work} />}
      {callback !== null && now.at === "talking" && (
        <CallbackControls me={me} work={work} seen={seen} callback={callback} />
      )}
      {callback === null && now.at === "ringing" && (
        <RingControls me={me} work={work} seen={seen} />
      )}
      {callback === null && now.at === "talking" && <Controls work={work} seen={seen} />}
      {callback === null && now.at === "talking" && <RecordingRow work={work} seen={seen} />}
      {now.at === "wrap_up" && <CallbackAfterwards key={now.call} work={work} wrapUp={now} />}
      {now.at === "wrap_up" && <WrapUpTimer work={work} wrapUp={now} />}
      {callback === null && (now.at === "ringing" || now.at === "talking") && (
        <AudioRow seen={seen} />
      )}
    </section>
  );
}

function Heading({ me, seen }: { me: Me; seen: Seen }) {
  const words = useWords();
  const titleOf = useQueueTitle(me);
  const { work } = seen.desk;
  const queue = queueOf(work);
  const call = callOf(work);
  const ring = work.at === "nothing" ? null : work.ring;
  const asked = askedBy(work);
  return (
    <div>
      <div className="call-title">
        <h1>{queue === null ? words.call.fallbackTitle : titleOf(queue)}</h1>
        {callbackOf(seen) !== null && (
          <Tag>
            <PhoneOutgoing size={14} aria-hidden="true" />
            {words.callback.tag}
          </Tag>
        )}
        {asked !== null && (
          <Tag>
            <UsersRound size={14} aria-hidden="true" />
            {words.consult.asks(asked)}
          </Tag>
        )}
        {ring?.language === "cy" && (
          <Tag>
            <Languages size={14} aria-hidden="true" />
            {words.call.prefersWelsh}
          </Tag>
        )}
        {work.at === "wrap_up" && (
          <Tag>
            <PhoneOff size={14} aria-hidden="true" />
            {words.call.ended}
          </Tag>
        )}
      </div>
      {call !== null && (
        <p className="muted num" data-testid="call-reference">
          {words.call.reference(referenceOf(call))}
        </p>
      )}
    </div>
  );
}

function CallClock({ seen }: { seen: Seen }) {
  const words = useWords();
  const { work } = seen.desk;
  const { heldSince } = seen.leg;
  if (work.at === "ringing") return <RingClock ringing={work} />;
  if (work.at === "talking") {
    return (
      <p className="call-clock">
        <b>
          <Since since={work.began} />
        </b>
        <span className="muted small">
          {heldSince === null ? talkWord(seen, words) : <HeldFor since={heldSince} />}
        </span>
      </p>
    );
  }
  if (work.at !== "wrap_up" || work.talkedMs === null) return null;
  return (
    <p className="call-clock">
      <b>
        <time>{clock(work.talkedMs)}</time>
      </b>
      <span className="muted small">{words.call.callLength}</span>
    </p>
  );
}

/** Return what goes on in a talk in which nobody is on hold. */
function talkWord(seen: Seen, words: Words): string {
  if (unansweredOf(seen) !== null) return words.callback.underWay;
  return seen.leg.mending === "under_way" ? words.health.reconnecting : words.call.talking;
}

function RingClock({ ringing }: { ringing: Ringing }) {
  const words = useWords();
  const left = Math.max(0, ringing.ends - useNow());
  return (
    <p className="call-clock">
      <b>
        <Until until={ringing.ends} />
      </b>
      <span className="muted small">{words.call.toAnswer(Math.ceil(left / 1000))}</span>
    </p>
  );
}

function HeldFor({ since }: { since: number }) {
  const words = useWords();
  return <span className="held-for">{words.call.onHold(clock(useNow() - since))}</span>;
}

function Facts({ me, seen }: { me: Me; seen: Seen }) {
  const words = useWords();
  const titleOf = useQueueTitle(me);
  const { work } = seen.desk;
  const ring = work.at === "nothing" ? null : work.ring;
  if (ring === null) return null;
  const facts: [string, string][] = [
    [words.call.queue, titleOf(ring.queue)],
    [words.call.waited, clock(ring.waited_ms)],
    [words.call.language, words.languages[ring.language] ?? ring.language],
    [words.call.line, readable(ring.line)],
    ...(ring.callback === null ? [] : callbackFacts(ring.callback, words)),
  ];
  return (
    <dl className="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function callbackFacts(callback: CallbackNow, words: Words): [string, string][] {
  return [
    [words.callback.number, spelled(callback.number)],
    [words.callback.booked, words.callback.ago(clock(callback.booked_ms))],
    [words.callback.tried, words.callback.times(callback.attempts_count)],
  ];
}
