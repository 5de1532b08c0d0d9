import { MessageSquare } from "lucide-react";
import { type FormEvent, type KeyboardEvent, useEffect, useRef, useState } from "react";
import { Tab, TabList, TabPanel, Tabs } from "react-aria-components";
import { notify } from "../../media/notices";
import { announce } from "../../parts/announcer";
import { queueOf, referenceOf } from "../../state/desk";
import { type LapseReason, LIMITS, type Me } from "../../wire/made";
import { titleIn, useSpoken, useWords } from "../../words";
import { clock } from "../../words/spans";
import type { AtWork, Seen } from "./at_work";
import type { ChatSeen } from "./chat_keeper";
import { useQueueTitle } from "./titles";

const TYPING_STOPS_MS = 2_000;
/** After these no chat comes in at that place until Ready is pressed. */
const SENT_AWAY: ReadonlySet<LapseReason> = new Set(["no_answer", "declined", "desk_unreachable"]);

interface Props {
  me: Me;
  work: AtWork;
  seen: Seen;
}

interface ChatProps {
  me: Me;
  work: AtWork;
  chat: ChatSeen;
}

/** The adviser's chats, a tab each, beside whatever call there is. */
export function Chats({ me, work, seen }: Props) {
  const words = useWords();
  const chats = seen.chats.filter((chat) => chat.work.at !== "nothing");
  const [chosen, choose] = useState<string | null>(null);
  const front = chats.find((chat) => chat.seat === chosen)?.seat ?? chats[0]?.seat ?? null;
  useEffect(() => work.chats.show(front), [work, front]);
  if (me.chats_max === 0) return null;
  const missed = seen.chats.some(
    ({ work: one }) => one.at === "nothing" && one.lapse !== null && SENT_AWAY.has(one.lapse),
  );
  return (
    <section className="card chats" aria-label={words.chat.region}>
      <h2>
        <MessageSquare size={18} aria-hidden="true" /> {words.chat.title}
        <small>{words.chat.of(chats.length, me.chats_max)}</small>
      </h2>
      {missed && seen.desk.standing?.state === "ready" && (
        <p className="in-place" data-tone="warn">
          {words.chat.missed}{" "}
          <button type="button" className="btn" onClick={() => void work.beReady()}>
            {words.chat.again}
          </button>
        </p>
      )}
      {front === null ? (
        <p className="muted small">{words.chat.none}</p>
      ) : (
        <Tabs
          className="chat-room"
          selectedKey={front}
          onSelectionChange={(seat) => choose(String(seat))}
        >
          <TabList className="chat-tabs" aria-label={words.chat.title}>
            {chats.map((chat) => (
              <Tab key={chat.seat} id={chat.seat} className="chat-tab">
                <ChatName me={me} chat={chat} />
              </Tab>
            ))}
          </TabList>
          {chats.map((chat) => (
            <TabPanel key={chat.seat} id={chat.seat} className="chat">
              <Chat me={me} work={work} chat={chat} />
            </TabPanel>
          ))}
        </Tabs>
      )}
      {chats.map((chat) => (
        <Signs key={chat.seat} me={me} chat={chat} />
      ))}
    </section>
  );
}

function ChatName({ me, chat }: { me: Me; chat: ChatSeen }) {
  const words = useWords();
  const titleOf = useQueueTitle(me);
  const queue = queueOf(chat.work);
  return (
    <>
      {queue === null ? words.chat.title : titleOf(queue)} {reference(chat)}
      {chat.work.at === "ringing" && <b className="chat-mark">{words.chat.new}</b>}
      {chat.unread > 0 && (
        <b className="chat-mark">
          {chat.unread} <span className="unseen">{words.chat.unread}</span>
        </b>
      )}
    </>
  );
}

/** Tell what happens in a chat that is not looked at. */
function Signs({ me, chat }: { me: Me; chat: ChatSeen }) {
  const words = useWords();
  const titleOf = useQueueTitle(me);
  const ring = chat.work.at === "ringing" ? chat.work.ring : null;
  // biome-ignore lint/correctness/useExhaustiveDependencies: once a chat, whatever else changes
  useEffect(() => {
    if (ring === null) return undefined;
    const sentence = words.chat.announce(titleOf(ring.queue), clock(ring.waited_ms));
    announce(sentence, "assertive");
    return notify(sentence, reference(chat), ring.call);
  }, [ring?.token]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a change of language is no event
  useEffect(() => {
    if (chat.unread > 0) announce(words.chat.unreadIn(reference(chat)));
  }, [chat.unread]);
  return null;
}

function Chat({ me, work, chat }: ChatProps) {
  const words = useWords();
  const keeper = work.chats.at(chat.seat);
  const titleOf = useQueueTitle(me);
  const { at } = chat.work;
  if (chat.work.at === "ringing") {
    const { ring } = chat.work;
    return (
      <>
        <p>{words.chat.announce(titleOf(ring.queue), clock(ring.waited_ms))}</p>
        <div className="chat-acts">
          <button
            type="button"
            className="btn"
            data-look="primary"
            onClick={() => keeper?.decide("answer_call")}
          >
            {words.chat.take}
          </button>
          <button type="button" className="btn" onClick={() => keeper?.decide("decline")}>
            {words.chat.decline}
          </button>
        </div>
      </>
    );
  }
  return (
    <>
      <Texts chat={chat} />
      <p className="muted small" role="status">
        {at === "talking" && !chat.isOpen && words.chat.reconnecting}
        {at === "talking" && !chat.callerIsHere && words.chat.away}
        {at === "talking" && chat.isTyping && words.chat.typing}
        {at === "wrap_up" && words.chat.ended}
      </p>
      {chat.failed && <p className="lapse">{words.chat.failed}</p>}
      {at === "talking" ? (
        <Writing work={work} chat={chat} />
      ) : (
        <PutAway me={me} work={work} chat={chat} />
      )}
    </>
  );
}

function Texts({ chat }: { chat: ChatSeen }) {
  const words = useWords();
  const list = useRef<HTMLDivElement>(null);
  const count = chat.texts.length;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the newest text comes into view
  useEffect(() => {
    list.current?.scrollTo?.({ top: list.current.scrollHeight });
  }, [count]);
  return (
    <div
      ref={list}
      className="texts"
      role="log"
      aria-live="polite"
      aria-label={words.chat.texts(reference(chat))}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keyboard too
      tabIndex={0}
    >
      <ol>
        {chat.texts.map((text) => (
          <li key={`${text.by} ${text.id}`} data-by={text.by}>
            <b>{words.chat.by[text.by]}</b>
            <p>{text.words}</p>
            {text.by === "adviser" && <small>{words.chat.states[text.state]}</small>}
          </li>
        ))}
      </ol>
    </div>
  );
}

function Writing({ work, chat }: { work: AtWork; chat: ChatSeen }) {
  const words = useWords();
  const keeper = work.chats.at(chat.seat);
  const [text, setText] = useState("");
  const stops = useRef<ReturnType<typeof setTimeout>>(undefined);
  function type(value: string): void {
    setText(value);
    keeper?.typing(value !== "");
    clearTimeout(stops.current);
    stops.current = setTimeout(() => keeper?.typing(false), TYPING_STOPS_MS);
  }
  function send(event: FormEvent | KeyboardEvent): void {
    event.preventDefault();
    if (text.trim() === "") return;
    keeper?.write(text.trim());
    setText("");
  }
  const field = `chat-${chat.seat}`;
  return (
    <form className="writing" onSubmit={send}>
      <label htmlFor={field}>{words.chat.message}</label>
      <textarea
        id={field}
        className="field"
        rows={2}
        maxLength={LIMITS.TEXT_MAX_CHARS}
        value={text}
        onChange={(event) => type(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) {
            send(event);
          }
        }}
      />
      <div className="chat-acts">
        <button type="submit" className="btn" data-look="primary">
          {words.chat.send}
        </button>
        <button type="button" className="btn" onClick={() => keeper?.end()}>
          {words.chat.end}
        </button>
      </div>
    </form>
  );
}

/** Choose an outcome, or none, and make room for the next chat. */
function PutAway({ me, work, chat }: ChatProps) {
  const { words, language } = useSpoken();
  const [outcome, setOutcome] = useState("");
  const queue = queueOf(chat.work);
  const choices = me.queues.find((one) => one.queue === queue)?.outcomes ?? [];
  return (
    <div className="chat-acts">
      <label>
        {words.notes.outcome}{" "}
        <select
          className="field"
          value={outcome}
          onChange={(event) => setOutcome(event.target.value)}
        >
          <option value="">{words.chat.noOutcome}</option>
          {choices.map(({ code, titles }) => (
            <option key={code} value={code}>
              {titleIn(titles, language) ?? code}
            </option>
          ))}
        </select>
      </label>
      <button
        type="button"
        className="btn"
        data-look="primary"
        onClick={() => work.chats.at(chat.seat)?.finish(outcome === "" ? null : outcome)}
      >
        {words.chat.close}
      </button>
    </div>
  );
}

function reference(chat: ChatSeen): string {
  const { work } = chat;
  if (work.at === "nothing") return "";
  return referenceOf(work.at === "ringing" ? work.ring.call : work.call);
}
