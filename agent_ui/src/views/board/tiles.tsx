import { CircleAlert, CircleCheck, Info } from "lucide-react";
import type { ReactNode } from "react";
import { decidedInQueue, over, percent } from "../../state/board";
import type { Board, Today } from "../../wire/made";
import { useWords, type Words } from "../../words";
import { clock } from "../../words/spans";

/** The figures that ask for action: now from the queues, today from the records. */
export function Tiles({ board }: { board: Board }) {
  const words = useWords();
  const now = over(board);
  return (
    <section className="tiles" aria-label={words.board.now}>
      <Tile title={words.board.waiting} note={words.board.waitingNote}>
        {now.waiting}
      </Tile>
      <Tile title={words.board.longest} note={now.longest?.title ?? words.board.nobody}>
        {now.longest === null ? "–" : clock(now.longest.ms)}
      </Tile>
      {board.today === null ? <NoToday /> : <TodayTiles today={board.today} />}
    </section>
  );
}

function TodayTiles({ today }: { today: Today }) {
  const words = useWords();
  const decided = decidedInQueue(today);
  const inTarget = percent(today.answered_within_target_count, decided);
  const gaveUp = percent(today.abandoned_count, decided);
  const isLost = today.system_lost_count > 0;
  return (
    <>
      <Tile
        title={words.board.inTarget(target(today, words))}
        note={
          inTarget === null
            ? words.board.noneYet
            : words.board.inTargetDefinition(today.answered_within_target_count, decided)
        }
      >
        <Share of={inTarget} />
      </Tile>
      <Tile title={words.board.gaveUp} note={words.board.gaveUpNote(today.abandoned_count)}>
        <Share of={gaveUp} />
      </Tile>
      <Tile
        title={words.board.systemLost}
        tone={isLost ? "crit" : "ok"}
        note={isLost ? words.board.systemLostSome : words.board.systemLostNone}
      >
        {today.system_lost_count}
      </Tile>
    </>
  );
}

/** Return the target as people say it. */
function target({ target_ms }: Today, words: Words): string {
  const minutes = target_ms / 60_000;
  return Number.isInteger(minutes) ? words.board.minutes(minutes) : clock(target_ms);
}

function NoToday() {
  const words = useWords();
  return (
    <article className="tile tile-wide">
      <p className="tile-note">
        <Info size={18} aria-hidden="true" />
        {words.board.noRecords}
      </p>
    </article>
  );
}

function Share({ of }: { of: number | null }) {
  if (of === null) return "–";
  return (
    <>
      {of}
      <small>%</small>
    </>
  );
}

interface TileProps {
  title: string;
  note: string;
  tone?: "ok" | "crit";
  children: ReactNode;
}

function Tile({ title, note, tone, children }: TileProps) {
  const Icon = tone === "crit" ? CircleAlert : CircleCheck;
  return (
    <article className="tile" data-tone={tone}>
      <h2>{title}</h2>
      <b>{children}</b>
      <p className="tile-note">
        {tone !== undefined && <Icon size={18} aria-hidden="true" />}
        {note}
      </p>
    </article>
  );
}
