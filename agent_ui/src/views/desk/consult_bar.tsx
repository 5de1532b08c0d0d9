import { ArrowLeftRight, LogOut, UserMinus, Users } from "lucide-react";
import type { ConsultEnd } from "../../wire/made";
import { titleIn, useSpoken, useWords, type Words } from "../../words";
import type { AtWork, Seen } from "./at_work";

/** Whoever is asked about the caller: how far it has come, and what can be done. */
export function ConsultBar({ work, seen }: { work: AtWork; seen: Seen }) {
  const words = useWords();
  const { language } = useSpoken();
  const { consult, held, transfer } = seen.leg;
  if (consult.state === "none") {
    if (transfer.refused !== null && !seen.transferring) {
      return <p role="alert">{words.consult.refused}</p>;
    }
    return consult.why === null ? null : (
      <p className="in-place" data-tone="info" role="status">
        {ended(consult.why, words)}
      </p>
    );
  }
  const isThere = consult.state === "talking" || consult.state === "merged";
  const { outside } = consult;
  const called = outside === null ? null : titleIn(outside, language);
  const who = consult.adviser ?? called ?? words.consult.somebody;
  return (
    <section
      className="in-place consult"
      data-tone="info"
      aria-label={outside === null ? words.consult.bar : words.consult.outsideBar}
    >
      <p role="status">{sentence(seen, who, words)}</p>
      {transfer.refused !== null && <p role="alert">{words.consult.refused}</p>}
      <div className="row">
        {isThere && (
          <>
            <button type="button" className="btn" onClick={() => work.hold(!held)}>
              <ArrowLeftRight size={18} aria-hidden="true" />
              {held ? words.consult.toCaller : words.consult.toOther(who)}
            </button>
            {(consult.state !== "merged" || held) && (
              <button type="button" className="btn" onClick={() => work.consult("merge")}>
                <Users size={18} aria-hidden="true" />
                {words.consult.merge}
              </button>
            )}
            <button
              type="button"
              className="btn"
              data-look="primary"
              onClick={() => work.consult("hand_over")}
            >
              <LogOut size={18} aria-hidden="true" />
              {words.consult.handOver(who)}
            </button>
          </>
        )}
        <button type="button" className="btn" onClick={() => work.consult("drop_consult")}>
          <UserMinus size={18} aria-hidden="true" />
          {isThere ? words.consult.drop(who) : words.consult.stop}
        </button>
      </div>
    </section>
  );
}

/** Say how far it has come, and who hears whom. */
function sentence(seen: Seen, who: string, words: Words): string {
  const { consult, held } = seen.leg;
  switch (consult.state) {
    case "waiting":
      return words.consult.waiting;
    case "ringing":
      return words.consult.ringing(who);
    case "merged":
      return held ? words.consult.private(who) : words.consult.merged(who);
    default:
      return held ? words.consult.private(who) : words.consult.beside(who);
  }
}

function ended(why: ConsultEnd, words: Words): string {
  return words.consult.ends[why];
}
