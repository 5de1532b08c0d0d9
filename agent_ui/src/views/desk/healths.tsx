import { Database, ListOrdered, type LucideIcon, MonitorCheck, Signal } from "lucide-react";
import { useWords, type Words } from "../../words";
import { isUp, type Seen } from "./at_work";

type Tone = "ok" | "warn" | "crit" | "plain";

interface Health {
  id: string;
  icon: LucideIcon;
  name: string;
  word: string;
  tone: Tone;
}

/** The healths, each for itself: a call can be well while the desk is not. */
export function Healths({ seen }: { seen: Seen }) {
  const words = useWords();
  return (
    <ul className="healths" aria-label={words.health.label}>
      {[lineHealth(seen, words), deskHealth(seen, words), ...storeHealths(seen, words)].map(
        ({ id, icon: Icon, name, word, tone }) => (
          <li key={id} data-tone={tone} data-testid={`health-${id}`}>
            <Icon size={17} aria-hidden="true" />
            <span>
              {name} <span className="health-word">{word}</span>
            </span>
          </li>
        ),
      )}
    </ul>
  );
}

function lineHealth(seen: Seen, words: Words): Health {
  const line = { id: "line", icon: Signal, name: words.health.line };
  switch (seen.leg.sound) {
    case "none":
    case "over":
      return { ...line, word: words.health.lineIdle, tone: "plain" };
    case "connecting":
      return { ...line, word: words.health.lineConnecting, tone: "warn" };
    case "attached":
      if (!isUp(seen)) return { ...line, word: words.health.lineReady, tone: "ok" };
      if (seen.phone.isOn) return { ...line, word: words.phone.health, tone: "ok" };
      return { ...line, ...quality(seen, words) };
    case "lost":
      return seen.desk.work.at === "talking"
        ? { ...line, word: words.health.reconnecting, tone: "warn" }
        : { ...line, word: words.health.lineLost, tone: "crit" };
    case "bridged":
      if (seen.phone.isOn) return { ...line, word: words.phone.health, tone: "ok" };
      return { ...line, ...quality(seen, words) };
  }
}

function quality(seen: Seen, words: Words): Pick<Health, "word" | "tone"> {
  const word = seen.line.word ?? "good";
  return { word: words.health[word], tone: QUALITY_TONES[word] };
}

const QUALITY_TONES = { good: "ok", fair: "warn", poor: "crit" } as const;

function deskHealth(seen: Seen, words: Words): Health {
  const isLive = seen.connection.at === "live";
  return {
    id: "desk",
    icon: MonitorCheck,
    name: words.health.desk,
    word: isLive ? words.health.live : words.health.reconnecting,
    tone: isLive ? "ok" : "warn",
  };
}

function storeHealths(seen: Seen, words: Words): Health[] {
  const isLive = seen.connection.at === "live";
  const health = isLive ? seen.desk.health : null;
  const store = (id: string, icon: LucideIcon, name: string, isReached: boolean | undefined) => ({
    id,
    icon,
    name,
    word:
      isReached === undefined
        ? words.health.unknown
        : isReached
          ? words.health.reachable
          : words.health.unreachable,
    tone: (isReached === undefined ? "plain" : isReached ? "ok" : "warn") as Tone,
  });
  return [
    store("queue", ListOrdered, words.health.queue, health?.queue_reachable),
    store("records", Database, words.health.records, health?.records_reachable),
  ];
}
