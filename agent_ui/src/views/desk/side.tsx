import { Check, ChevronDown } from "lucide-react";
import { Button, Menu, MenuItem, MenuTrigger, Popover } from "react-aria-components";
import { queueOf } from "../../state/desk";
import { type Draft, isUnsaved } from "../../state/notes";
import { type AwayReason, LIMITS, type Me, type OutcomeChoice } from "../../wire/made";
import { titleIn, useSpoken, useWords, type Words } from "../../words";
import { timeOfDay } from "../../words/spans";
import type { AtWork, Seen } from "./at_work";
import { useQueueTitle } from "./titles";

interface Props {
  me: Me;
  work: AtWork;
  seen: Seen;
}

/** The adviser's words on the call, its outcome, and the end of it. */
export function Side({ me, work, seen }: Props) {
  const words = useWords();
  const { draft } = seen;
  return (
    <aside className="side" aria-label={words.notes.region}>
      {draft === null ? (
        <p className="muted side-empty">{words.notes.noCall}</p>
      ) : (
        <>
          <Notes work={work} draft={draft} />
          <Outcomes me={me} work={work} seen={seen} draft={draft} />
          <Finish me={me} work={work} seen={seen} draft={draft} />
        </>
      )}
    </aside>
  );
}

function Notes({ work, draft }: { work: AtWork; draft: Draft }) {
  const words = useWords();
  return (
    <section>
      <h2>
        <label htmlFor="notes">{words.notes.title}</label>
        <small data-testid="notes-status">{stateOf(draft, words)}</small>
      </h2>
      <textarea
        id="notes"
        className="field"
        maxLength={LIMITS.NOTES_MAX_CHARS}
        value={draft.notes}
        onChange={(event) => work.write(event.target.value)}
        onBlur={() => work.pause()}
      />
    </section>
  );
}

/** Return how far the words have got. */
function stateOf(draft: Draft, words: Words): string {
  if (draft.version === 0) return "";
  if (isUnsaved(draft)) return draft.kept ? words.notes.kept : words.notes.unsaved;
  return draft.savedAtMs === null ? "" : words.notes.saved(timeOfDay(draft.savedAtMs));
}

function Outcomes({ me, work, seen, draft }: Props & { draft: Draft }) {
  const { language, words } = useSpoken();
  const titleOf = useQueueTitle(me);
  const queue = queueOf(seen.desk.work);
  const choices = choicesFor(me, queue, seen.desk.work.at === "wrap_up");
  return (
    <section>
      <h2 id="outcome-title">
        {words.notes.outcome}
        <small>{words.notes.choose}</small>
      </h2>
      {choices === null ? (
        <p className="muted small">{words.notes.outcomeLater}</p>
      ) : (
        // biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms
        <div
          className="outcomes"
          role="group"
          aria-label={
            queue === null ? words.notes.outcome : words.notes.outcomesFor(titleOf(queue))
          }
        >
          {choices.map(({ code, titles }) => (
            <button
              key={code}
              type="button"
              className="outcome"
              aria-pressed={draft.outcome === code}
              onClick={() => work.choose(code)}
            >
              {draft.outcome === code && <Check size={15} strokeWidth={2.6} aria-hidden="true" />}
              {titleIn(titles, language) ?? code}
            </button>
          ))}
        </div>
      )}
    </section>
  );
}

/** Return the outcomes to choose from: all there are, where nobody knows the queue any longer. */
function choicesFor(me: Me, queue: string | null, isOver: boolean): OutcomeChoice[] | null {
  if (queue !== null) return me.queues.find((one) => one.queue === queue)?.outcomes ?? null;
  if (!isOver) return null;
  const every = me.queues.flatMap((one) => one.outcomes);
  return [...new Map(every.map((one) => [one.code, one])).values()];
}

function Finish({ me, work, seen, draft }: Props & { draft: Draft }) {
  const words = useWords();
  const isOver = seen.desk.work.at === "wrap_up";
  const why = reasonNotToFinish(isOver, draft, words);
  if (why !== null) {
    return (
      <section className="finish">
        <button type="button" className="btn" disabled aria-describedby="finish-why">
          {isOver ? words.wrapUp.finish : words.wrapUp.finishLater}
        </button>
        <p id="finish-why" className="muted small">
          {why}
        </p>
      </section>
    );
  }
  return (
    <section className="finish">
      <button
        type="button"
        className="btn"
        data-look="primary"
        onClick={() => void work.finish(null)}
      >
        {words.wrapUp.finish}
      </button>
      <FinishAway me={me} work={work} />
      <p className="muted small">
        {isUnsaved(draft) && draft.kept ? words.wrapUp.keptAlready : words.wrapUp.savedAlready}
      </p>
    </section>
  );
}

function FinishAway({ me, work }: { me: Me; work: AtWork }) {
  const words = useWords();
  return (
    <MenuTrigger>
      <Button className="btn">
        {words.wrapUp.finishAway}
        <ChevronDown size={17} aria-hidden="true" />
      </Button>
      <Popover className="popover" placement="top">
        <Menu
          className="menu"
          aria-label={words.wrapUp.finishAway}
          onAction={(reason) => void work.finish(reason as AwayReason)}
        >
          {me.away_reasons.map((reason) => (
            <MenuItem key={reason} id={reason} className="menu-item">
              {words.presence.reasons[reason]}
            </MenuItem>
          ))}
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}

function reasonNotToFinish(isOver: boolean, draft: Draft, words: Words): string | null {
  if (!isOver) return words.wrapUp.duringCall;
  return draft.outcome === null ? words.wrapUp.needsOutcome : null;
}
