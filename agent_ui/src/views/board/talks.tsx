import { ChevronDown, Ear, Search } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { desk, Refusal } from "../../wire/http";
import type { BoardTalk, Talks as TalksNow } from "../../wire/made";
import { useWords } from "../../words";
import { clock } from "../../words/spans";
import type { Listener, Shown } from "./listener";

const EVERY_MS = 3_000;

interface Props {
  shown: Shown;
  listener: Listener;
  signedOut: () => void;
}

/** The talks that go on, and the way into one of them. */
export function Talks({ shown, listener, signedOut }: Props) {
  const words = useWords();
  const [isOpen, setOpen] = useState(false);
  return (
    <details
      className="panel switches"
      onToggle={(event) => setOpen((event.target as HTMLDetailsElement).open)}
    >
      <summary>
        <h2>{words.talks.title}</h2>
        <ChevronDown size={22} aria-hidden="true" />
      </summary>
      {isOpen && <List shown={shown} listener={listener} signedOut={signedOut} />}
    </details>
  );
}

function List({ shown, listener, signedOut }: Props) {
  const words = useWords();
  const [sought, seek] = useState("");
  const talks = useTalks(sought, signedOut);
  const mine = shown.listening.talk?.call;
  return (
    <div className="talks">
      <p className="muted">{words.talks.note}</p>
      <label className="talks-seek">
        <Search size={18} aria-hidden="true" />
        <span>{words.talks.seek}</span>
        <input
          className="field"
          type="search"
          value={sought}
          autoComplete="off"
          onChange={(event) => seek(event.target.value)}
        />
      </label>
      {talks === null && <p className="muted">{words.talks.loading}</p>}
      {talks?.count === 0 && <p className="muted">{words.talks.none}</p>}
      {talks !== null && talks.talks.length > 0 && (
        <table className="talks-list">
          <thead>
            <tr>
              <th scope="col">{words.talks.adviser}</th>
              <th scope="col">{words.talks.queue}</th>
              <th scope="col">{words.talks.length}</th>
              <td />
            </tr>
          </thead>
          <tbody>
            {talks.talks.map((talk) => (
              <Row key={talk.call} talk={talk} isMine={talk.call === mine} listener={listener} />
            ))}
          </tbody>
        </table>
      )}
      {talks !== null && talks.count > talks.talks.length && (
        <p className="muted">{words.talks.more(talks.count - talks.talks.length)}</p>
      )}
    </div>
  );
}

function Row({ talk, isMine, listener }: { talk: BoardTalk; isMine: boolean; listener: Listener }) {
  const words = useWords();
  return (
    <tr>
      <th scope="row">{talk.adviser}</th>
      <td>{talk.queue ?? ""}</td>
      <td className="num">{clock(talk.talked_ms)}</td>
      <td>
        <button
          type="button"
          className="btn"
          aria-label={words.talks.listenTo(talk.adviser)}
          disabled={isMine}
          onClick={() => listener.listen(talk)}
        >
          <Ear size={18} aria-hidden="true" />
          {words.talks.listen}
        </button>
      </td>
    </tr>
  );
}

/** Ask for the talks again and again while they are looked at. */
function useTalks(sought: string, signedOut: () => void): TalksNow | null {
  const [talks, setTalks] = useState<TalksNow | null>(null);
  const leave = useRef(signedOut);
  leave.current = signedOut;
  useEffect(() => {
    let isOver = false;
    let again: ReturnType<typeof setTimeout> | undefined;
    const ask = async () => {
      try {
        const answer = await desk.talks(sought);
        if (!isOver) setTalks(answer);
      } catch (error) {
        if (!isOver && error instanceof Refusal && error.isNotSignedIn) leave.current();
      }
      if (!isOver) again = setTimeout(() => void ask(), EVERY_MS);
    };
    void ask();
    return () => {
      isOver = true;
      clearTimeout(again);
    };
  }, [sought]);
  return talks;
}
