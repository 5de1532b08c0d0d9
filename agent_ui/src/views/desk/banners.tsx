import { Notice } from "../../parts/notice";
import { CALLER_IS_YOURS } from "../../state/leg";
import type { Me } from "../../wire/made";
import { useWords, type Words } from "../../words";
import { type AtWork, isUp, type Seen, type Trouble } from "./at_work";
import { phoneFailure } from "./phone_failure";

/** What is not as it should be, in sentences. Nothing here takes the adviser's focus. */
export function Banners({ me, work, seen }: { me: Me; work: AtWork; seen: Seen }) {
  return (
    <div className="banners">
      <PhoneFailed work={work} seen={seen} />
      <Said me={me} work={work} seen={seen} />
    </div>
  );
}

function Said({ me, work, seen }: { me: Me; work: AtWork; seen: Seen }) {
  return (
    <div role="status">
      <DeskAway work={work} seen={seen} />
      <StoresAway seen={seen} />
      <MicrophoneAway me={me} work={work} seen={seen} />
      <LineBroken seen={seen} />
      <CallerSilent seen={seen} />
      <Supervised seen={seen} />
      <NotDone work={work} seen={seen} />
    </div>
  );
}

function DeskAway({ work, seen }: { work: AtWork; seen: Seen }) {
  const words = useWords();
  const { connection } = seen;
  if (connection.at === "live" || connection.at === "closed") return null;
  if (connection.at === "connecting" && connection.attempt === 0) return null;
  const isTalking = isUp(seen);
  return (
    <Notice
      tone="reconnecting"
      title={words.banner.reconnecting(connection.attempt)}
      action={
        <button type="button" className="btn" onClick={() => work.tryNow()}>
          {words.banner.tryNow}
        </button>
      }
    >
      {isTalking ? words.banner.callStillUp : words.banner.noRings}{" "}
      {seen.draft !== null && words.banner.keptHere}
    </Notice>
  );
}

function StoresAway({ seen }: { seen: Seen }) {
  const words = useWords();
  const { health } = seen.desk;
  if (health === null || seen.connection.at !== "live") return null;
  return (
    <>
      {!health.queue_reachable && (
        <Notice tone="warn" title={words.banner.queueTitle}>
          {words.banner.queue}
        </Notice>
      )}
      {!health.records_reachable && (
        <Notice tone="warn" title={words.banner.recordsTitle}>
          {words.banner.records}
        </Notice>
      )}
    </>
  );
}

function MicrophoneAway({ me, work, seen }: { me: Me; work: AtWork; seen: Seen }) {
  const words = useWords();
  if (seen.phone.isOn) return <KeptOnPhone work={work} seen={seen} />;
  const instead = me.may_use_phone && (
    <button type="button" className="btn" onClick={() => work.choosePhone(true)}>
      {words.phone.instead}
    </button>
  );
  const { trouble, stream } = seen.microphone;
  if (seen.asking && stream === null) return <Notice tone="info">{words.microphone.asking}</Notice>;
  if (trouble === null && stream === null && seen.desk.standing?.state === "ready") {
    return (
      <Notice
        tone="warn"
        action={
          <>
            <button type="button" className="btn" onClick={() => void work.setUpMicrophone()}>
              {words.microphone.setUp}
            </button>
            {instead}
          </>
        }
      >
        {words.microphone.neededToAnswer}
      </Notice>
    );
  }
  if (trouble === null) return null;
  return (
    <Notice
      tone="warn"
      action={
        <>
          <button type="button" className="btn" onClick={() => void work.setUpMicrophone()}>
            {words.microphone.again}
          </button>
          {instead}
        </>
      }
    >
      {words.microphone.troubles[trouble]}
    </Notice>
  );
}

/** The adviser wanted the sound in this browser again, and has no microphone there. */
function KeptOnPhone({ work, seen }: { work: AtWork; seen: Seen }) {
  const words = useWords();
  const { trouble } = seen.microphone;
  if (!seen.phone.isKeptOn || trouble === null) return null;
  return (
    <Notice
      tone="warn"
      action={
        <>
          <button type="button" className="btn" onClick={() => void work.useBrowser(null)}>
            {words.microphone.again}
          </button>
          <button type="button" className="btn" onClick={work.stayOnPhone}>
            {words.phone.stay}
          </button>
        </>
      }
    >
      {words.microphone.troubles[trouble]} {words.phone.stays}
    </Notice>
  );
}

function LineBroken({ seen }: { seen: Seen }) {
  const words = useWords();
  if (seen.desk.work.at !== "talking") return null;
  if (seen.leg.phone === "ringing") {
    return <Notice tone="reconnecting">{words.phone.ringsAgain}</Notice>;
  }
  switch (seen.leg.mending) {
    case "none":
      return null;
    case "under_way":
      return <Notice tone="reconnecting">{words.banner.lineBroken}</Notice>;
    case "done":
      return <Notice tone="info">{words.banner.lineMended}</Notice>;
  }
}

/** Why the phone could not be had; the call's signs say it aloud. */
function PhoneFailed({ work, seen }: { work: AtWork; seen: Seen }) {
  const words = useWords();
  if (seen.leg.phone !== "failed") return null;
  return (
    <Notice tone="warn" action={<Hide act={() => work.forgetPhoneFailure()} />}>
      {phoneFailure(seen.leg.phoneWhy, words)}
    </Notice>
  );
}

function CallerSilent({ seen }: { seen: Seen }) {
  const words = useWords();
  if (!isUp(seen) || seen.leg.callerHeard) return null;
  return (
    <Notice tone="warn" title={words.banner.callerSilentTitle}>
      {words.banner.callerSilent}
    </Notice>
  );
}

function Supervised({ seen }: { seen: Seen }) {
  const words = useWords();
  // who has joined is heard by all: that says more than that somebody listens as well
  const mode = isUp(seen) ? seen.leg.supervised.at(-1) : undefined;
  return mode === undefined ? null : <Notice tone="info">{words.supervised[mode]}</Notice>;
}

function NotDone({ work, seen }: { work: AtWork; seen: Seen }) {
  const words = useWords();
  // What was refused on a way that is lost is said by the call itself.
  const said = seen.leg.refusal === CALLER_IS_YOURS ? words.consult.yours : seen.leg.refusal;
  const refusal = seen.leg.sound === "lost" ? null : said;
  const sentence = seen.trouble === null ? refusal : sentenceFor(seen.trouble, words);
  if (sentence === null) return null;
  return (
    <Notice tone="warn" action={seen.trouble !== null && <Hide act={work.forgetTrouble} />}>
      {sentence}
    </Notice>
  );
}

function Hide({ act }: { act: () => void }) {
  const words = useWords();
  return (
    <button type="button" className="btn" data-look="quiet" onClick={() => act()}>
      {words.hide}
    </button>
  );
}

/** Return the server's own reason, or ours where it gave none. */
function sentenceFor(trouble: Trouble, words: Words): string {
  if (trouble.detail !== null) return trouble.detail;
  switch (trouble.what) {
    case "presence":
      return words.presence.notChanged;
    case "callback":
      return words.callback.untold;
    case "callback_kept":
      return words.callback.kept;
    case "end":
      return words.call.endFailed;
    case "finish":
      return words.wrapUp.finishFailed;
    case "more_time":
      return words.wrapUp.moreFailed;
    case "notes":
      return words.notes.refused;
    case "sign_out":
      return words.account.signOutFailed;
  }
}
