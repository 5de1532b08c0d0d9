import { ChevronDown } from "lucide-react";
import { type ReactNode, useEffect, useState } from "react";
import { Tag, type Tone } from "../../parts/tag";
import {
  isTurned,
  queueTitle,
  sayNotice,
  sendTo,
  shutOrOpen,
  type Wish,
} from "../../state/switches";
import type { BoardDivert, BoardLine } from "../../wire/made";
import { useWords, type Words } from "../../words";
import { dayAndMinute } from "../../words/spans";
import { Confirm } from "./confirm";

interface Props {
  lines: readonly BoardLine[];
  signedOut: () => void;
}

/** What a supervisor may switch for new callers while others wait. */
export function Switches({ lines, signedOut }: Props) {
  const words = useWords();
  const [told, setTold] = useState<readonly BoardLine[] | null>(null);
  const [wish, setWish] = useState<Wish | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: newer figures take an answer's place
  useEffect(() => setTold(null), [lines]);
  const shown = told ?? lines;
  const turned = shown.filter(isTurned);
  return (
    <details className="panel switches">
      <summary>
        <h2>{words.switches.title}</h2>
        {shown.length === 0 && <Tag tone="warn">{words.switches.unknown}</Tag>}
        {shown.length > 0 && turned.length === 0 && <Tag tone="ok">{words.switches.planned}</Tag>}
        {turned.map((line) => (
          <InShort key={line.line} line={line} />
        ))}
        <ChevronDown size={22} aria-hidden="true" />
      </summary>
      <p className="muted">{words.switches.note}</p>
      {shown.map((line) => (
        <Line key={line.line} line={line} wish={wish} setWish={setWish}>
          {wish?.line === line.line && (
            <Confirm
              key={JSON.stringify(wish)}
              wish={wish}
              says={sentence(wish, line, words)}
              done={setTold}
              close={() => setWish(null)}
              signedOut={signedOut}
            />
          )}
        </Line>
      ))}
    </details>
  );
}

function InShort({ line }: { line: BoardLine }) {
  const words = useWords();
  return (
    <>
      {line.is_shut && <Tag tone="crit">{`${line.title}: ${words.switches.shut}`}</Tag>}
      {line.notice !== null && <Tag tone="warn">{`${line.title}: ${words.switches.noticeOn}`}</Tag>}
      {line.diverts
        .filter(({ to }) => to !== null)
        .map((divert) => (
          <Tag key={divert.queue} tone="warn">
            {words.switches.diverted(divert.title, queueTitle(line, divert.to ?? ""))}
            {divert.is_emptied && ` (${words.switches.emptied})`}
          </Tag>
        ))}
    </>
  );
}

interface LineProps {
  line: BoardLine;
  wish: Wish | null;
  setWish: (wish: Wish | null) => void;
  children: ReactNode;
}

function Line({ line, wish, setWish, children }: LineProps) {
  const words = useWords();
  const id = `switches-${line.line}`;
  const said = line.notices.find(({ name }) => name === line.notice);
  const wished = (kind: Wish["kind"], subject: string | null) =>
    wish?.line === line.line && wish.kind === kind && wish.subject === subject ? wish : null;
  const notice = wished("notice", null);
  return (
    <section className="switch-line" aria-labelledby={id}>
      <div className="switch-head">
        <h3 id={id}>{line.title}</h3>
        <Tag tone={tone(line)}>{standing(line, words)}</Tag>
        {line.may_be_shut && (
          <button type="button" className="btn" onClick={() => setWish(shutOrOpen(line))}>
            {line.is_shut ? words.switches.openAgain : words.switches.closeNow}
          </button>
        )}
      </div>
      {line.last !== null && (
        <p className="muted">
          {words.switches.last(line.last.who, dayAndMinute(line.last.at_ms))} {line.last.why}
        </p>
      )}
      <div className="switch-fields">
        {line.notices.length > 0 && (
          <label className="switch-field switch-notice">
            {words.switches.notice}
            <select
              className="field"
              value={(notice === null ? line.notice : notice.value) ?? ""}
              onChange={(event) => setWish(sayNotice(line, event.target.value))}
            >
              <option value="">{words.switches.noNotice}</option>
              {line.notices.map(({ name, words: text }) => (
                <option key={name} value={name}>
                  {text}
                </option>
              ))}
            </select>
            {said !== undefined && <span className="muted">{said.words}</span>}
          </label>
        )}
        {line.diverts
          .filter(({ is_fixed }) => !is_fixed)
          .map((divert) => (
            <Divert
              key={divert.queue}
              line={line}
              divert={divert}
              wish={wished("divert", divert.queue)}
              setWish={setWish}
            />
          ))}
      </div>
      {children}
    </section>
  );
}

interface DivertProps {
  line: BoardLine;
  divert: BoardDivert;
  wish: Wish | null;
  setWish: (wish: Wish) => void;
}

function Divert({ line, divert, wish, setWish }: DivertProps) {
  const words = useWords();
  return (
    <label className="switch-field">
      {words.switches.newCallersOf(divert.title)}
      <select
        className="field"
        value={(wish === null ? divert.to : wish.value) ?? ""}
        onChange={(event) => setWish(sendTo(line, divert, event.target.value))}
      >
        <option value="">{words.switches.stay}</option>
        {line.diverts
          .filter(({ queue }) => queue !== divert.queue)
          .map(({ queue, title }) => (
            <option key={queue} value={queue}>
              {words.switches.goTo(title)}
            </option>
          ))}
      </select>
    </label>
  );
}

function tone(line: BoardLine): Tone {
  if (line.is_shut) return "crit";
  return line.is_open ? "ok" : "plain";
}

function standing(line: BoardLine, words: Words): string {
  if (line.is_shut) return words.switches.shut;
  return line.is_open ? words.switches.open : words.switches.closed;
}

/** Return what a turn will do, as a sentence to agree to. */
function sentence(wish: Wish, line: BoardLine, words: Words): string {
  const { kind, value } = wish;
  if (kind === "shut") return value === null ? words.switches.willOpen : words.switches.willShut;
  if (kind === "notice") {
    const said = line.notices.find(({ name }) => name === value);
    return said === undefined ? words.switches.willBeQuiet : words.switches.willSay(said.words);
  }
  const from = queueTitle(line, wish.subject ?? "");
  return value === null
    ? words.switches.willStay(from)
    : words.switches.willGo(from, queueTitle(line, value));
}
