import { Search, X } from "lucide-react";
import {
  type FormEvent,
  type KeyboardEvent,
  useCallback,
  useEffect,
  useId,
  useRef,
  useState,
} from "react";
import { Button, Dialog, Heading, Modal, ModalOverlay } from "react-aria-components";
import { announce } from "../../parts/announcer";
import { desk } from "../../wire/http";
import type {
  Colleague,
  Language,
  OutsideTarget,
  TransferTarget,
  TransferTargets,
} from "../../wire/made";
import { titleIn, useSpoken, useWords, type Words } from "../../words";
import type { AtWork, Seen } from "./at_work";

type Targets = TransferTargets | "loading" | "unreachable";
/** In front of a colleague's name, where a queue's id may stand as well. */
const PERSON = "@";
/** In front of the name of an outside number. */
const OUTSIDE = "#";
const EVERY_MS = 2_000;

/** Choose a queue that the caller is handed to; what is closed is said before. */
export function TransferDialog({ work, seen }: { work: AtWork; seen: Seen }) {
  const words = useWords();
  return (
    <ModalOverlay
      className="overlay"
      isOpen={seen.transferring}
      onOpenChange={(open) => work.openTransfer(open)}
      isDismissable
    >
      <Modal className="modal" data-size="wide">
        <Dialog className="dialog">
          <header>
            <Heading slot="title" level={2}>
              {words.transfer.title}
            </Heading>
            <Button slot="close" className="btn" data-look="quiet" aria-label={words.close}>
              <X size={18} aria-hidden="true" />
            </Button>
          </header>
          <Choose work={work} seen={seen} />
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}

function Choose({ work, seen }: { work: AtWork; seen: Seen }) {
  const words = useWords();
  const { language } = useSpoken();
  const [targets, load] = useTargets();
  const [sought, seek] = useState("");
  const [chosen, choose] = useState<string | null>(null);
  const [wrong, setWrong] = useState<string | null>(null);
  const search = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLFieldSetElement>(null);
  const group = useId();
  useEffect(() => {
    // The dialog takes the focus itself as it opens.
    const opened = requestAnimationFrame(() => search.current?.focus());
    return () => cancelAnimationFrame(opened);
  }, []);
  const found = typeof targets === "string" ? [] : matching(targets.targets, sought, language);
  const people = typeof targets === "string" ? [] : named(targets.colleagues, sought);
  const outside = typeof targets === "string" ? [] : titled(targets.outside, sought, language);
  const may = new Set([
    ...found.filter((one) => one.is_open).map((one) => one.queue),
    ...people.filter((one) => one.state === "ready").map((one) => PERSON + one.adviser),
    ...outside.map((one) => OUTSIDE + one.outside),
  ]);
  const standing = chosen !== null && may.has(chosen) ? chosen : null;
  const count = found.length + people.length + outside.length;
  const { asked, refused } = seen.leg.transfer;
  const trouble = wrong ?? (refused === null ? null : refusalIn(refused, words));
  useFound(typeof targets === "string" ? null : count, sought);
  const speakFirst = (event: FormEvent) => {
    event.preventDefault();
    setWrong(null);
    if (standing === null) setWrong(words.transfer.chooseFirst);
    else if (ask(work, standing, false)) work.openTransfer(false);
    else setWrong(words.transfer.unreachable);
  };
  const hand = () => {
    setWrong(null);
    if (standing === null) setWrong(words.transfer.chooseFirst);
    else if (standing.startsWith(PERSON)) setWrong(words.transfer.queuesOnly);
    else if (standing.startsWith(OUTSIDE)) {
      if (ask(work, standing, true)) work.openTransfer(false);
      else setWrong(words.transfer.unreachable);
    } else if (!work.transfer(standing)) setWrong(words.transfer.unreachable);
  };
  const goDown = (event: KeyboardEvent) => {
    if (event.key !== "ArrowDown") return;
    event.preventDefault();
    list.current?.querySelector<HTMLInputElement>("input:not(:disabled)")?.focus();
  };
  return (
    <form className="transfer" onSubmit={speakFirst}>
      <label className="seek">
        <span className="unseen">{words.transfer.seek}</span>
        <Search size={18} aria-hidden="true" />
        <input
          ref={search}
          className="field"
          type="search"
          placeholder={words.transfer.seek}
          value={sought}
          autoComplete="off"
          onChange={(event) => seek(event.target.value)}
          onKeyDown={goDown}
        />
      </label>
      {targets === "loading" && <p className="muted">{words.transfer.loading}</p>}
      {targets === "unreachable" && (
        <p role="alert">
          {words.transfer.noList}{" "}
          <button type="button" className="btn" onClick={load}>
            {words.banner.tryNow}
          </button>
        </p>
      )}
      {typeof targets !== "string" && count === 0 && <p>{words.transfer.noneFound}</p>}
      <fieldset ref={list} className="targets">
        <legend className="unseen">{words.transfer.queues}</legend>
        {found.map((target) => (
          <Row
            group={group}
            key={target.queue}
            target={target}
            isChosen={target.queue === standing}
            choose={choose}
          />
        ))}
        {people.map((one) => (
          <Person
            group={group}
            key={one.adviser}
            colleague={one}
            isChosen={PERSON + one.adviser === standing}
            choose={choose}
          />
        ))}
        {outside.map((one) => (
          <Outside
            group={group}
            key={one.outside}
            target={one}
            isChosen={OUTSIDE + one.outside === standing}
            choose={choose}
          />
        ))}
      </fieldset>
      {trouble !== null && <p role="alert">{trouble}</p>}
      <p className="muted small">{words.transfer.keepsPlace}</p>
      <div className="row">
        <button
          type="submit"
          className="btn"
          data-look="primary"
          disabled={asked !== null || seen.leg.consult.state !== "none"}
        >
          {words.transfer.speakFirst}
        </button>
        <button type="button" className="btn" disabled={asked !== null} onClick={hand}>
          {asked === null ? words.transfer.now : words.transfer.working}
        </button>
        <button type="button" className="btn" onClick={() => work.openTransfer(false)}>
          {words.transfer.cancel}
        </button>
      </div>
    </form>
  );
}

interface RowProps {
  group: string;
  target: TransferTarget;
  isChosen: boolean;
  choose: (queue: string) => void;
}

function Row({ group, target, isChosen, choose }: RowProps) {
  const words = useWords();
  const { language } = useSpoken();
  return (
    <label className="target" data-open={target.is_open}>
      <input
        type="radio"
        name={group}
        value={target.queue}
        checked={isChosen}
        disabled={!target.is_open}
        onChange={() => choose(target.queue)}
      />
      <span>
        <b>{titleIn(target.titles, language)}</b>
        <span className="muted small">{titleIn(target.line_titles, language)}</span>
      </span>
      <span className="small">{standsIn(target, words)}</span>
    </label>
  );
}

interface PersonProps {
  group: string;
  colleague: Colleague;
  isChosen: boolean;
  choose: (whom: string) => void;
}

function Person({ group, colleague, isChosen, choose }: PersonProps) {
  const words = useWords();
  const isReady = colleague.state === "ready";
  return (
    <label className="target" data-open={isReady}>
      <input
        type="radio"
        name={group}
        value={colleague.adviser}
        checked={isChosen}
        disabled={!isReady}
        onChange={() => choose(PERSON + colleague.adviser)}
      />
      <span>
        <b>{colleague.adviser}</b>
        <span className="muted small">{words.transfer.person}</span>
      </span>
      <span className="small">{words.presence.states[colleague.state]}</span>
    </label>
  );
}

interface OutsideProps {
  group: string;
  target: OutsideTarget;
  isChosen: boolean;
  choose: (whom: string) => void;
}

function Outside({ group, target, isChosen, choose }: OutsideProps) {
  const words = useWords();
  const { language } = useSpoken();
  return (
    <label className="target" data-open={true}>
      <input
        type="radio"
        name={group}
        value={target.outside}
        checked={isChosen}
        onChange={() => choose(OUTSIDE + target.outside)}
      />
      <span>
        <b>{titleIn(target.titles, language)}</b>
        <span className="muted small">{words.transfer.outside}</span>
      </span>
    </label>
  );
}

/** Ask whom a choice names about the caller; say whether the node heard it. */
function ask(work: AtWork, choice: string, handsOver: boolean): boolean {
  if (choice.startsWith(OUTSIDE)) return work.askOutside(choice.slice(OUTSIDE.length), handsOver);
  return choice.startsWith(PERSON)
    ? work.ask({ queue: null, adviser: choice.slice(PERSON.length) })
    : work.ask({ queue: choice, adviser: null });
}

/** Return the colleagues whose names have every word that is sought. */
function named(colleagues: readonly Colleague[], sought: string): Colleague[] {
  const parts = sought.toLowerCase().split(/\s+/).filter(Boolean);
  return colleagues.filter(({ adviser }) =>
    parts.every((part) => adviser.toLowerCase().includes(part)),
  );
}

/** Fetch who may be asked while the dialog is open: it is there, on its way, or cannot be had. */
function useTargets(): [Targets, () => void] {
  const [targets, setTargets] = useState<Targets>("loading");
  const load = useCallback(() => {
    desk
      .transfers()
      .then(setTargets, () =>
        setTargets((before) => (typeof before === "string" ? "unreachable" : before)),
      );
  }, []);
  useEffect(() => {
    load();
    const again = setInterval(load, EVERY_MS);
    return () => clearInterval(again);
  }, [load]);
  return [targets, load];
}

/** Say how many queues are found, once the list is there and whenever it was searched. */
function useFound(count: number | null, sought: string): void {
  const words = useWords();
  // biome-ignore lint/correctness/useExhaustiveDependencies: said for each search
  useEffect(() => {
    if (count !== null && sought !== "") announce(words.transfer.found(count));
  }, [count, sought]);
}

/** Return the queues whose name or line has every word that is sought. */
export function matching(
  targets: readonly TransferTarget[],
  sought: string,
  language: Language,
): TransferTarget[] {
  return targets.filter((target) =>
    has(`${titleIn(target.titles, language)} ${titleIn(target.line_titles, language)}`, sought),
  );
}

/** Return the outside numbers whose name has every word that is sought. */
function titled(
  targets: readonly OutsideTarget[],
  sought: string,
  language: Language,
): OutsideTarget[] {
  return targets.filter((target) => has(titleIn(target.titles, language) ?? "", sought));
}

/** Say whether a text has every word that is sought, with or without its accents. */
function has(text: string, sought: string): boolean {
  const plain = (one: string) => one.normalize("NFD").replaceAll(/\p{M}/gu, "").toLowerCase();
  const parts = plain(sought).split(/\s+/).filter(Boolean);
  return parts.every((part) => plain(text).includes(part));
}

function standsIn(target: TransferTarget, words: Words): string {
  if (!target.is_open) return words.transfer.closed;
  if (target.waiting_count === null || target.ready_count === null) return "";
  return words.transfer.stands(target.waiting_count, target.ready_count);
}

function refusalIn(code: string, words: Words): string {
  return code === "queue-closed" ? words.transfer.closedMeanwhile : words.transfer.refused;
}
