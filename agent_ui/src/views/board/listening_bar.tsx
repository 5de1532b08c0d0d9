import { Ear, MessageSquareLock, PhoneOff, Users } from "lucide-react";
import { useEffect, useRef } from "react";
import { Legs } from "../../parts/legs";
import type { Listening } from "../../state/listening";
import type { SupervisorMode } from "../../wire/made";
import { useWords, type Words } from "../../words";
import { type Listener, NO_MICROPHONE, type Shown } from "./listener";

const MODES = [
  ["listen", Ear],
  ["whisper", MessageSquareLock],
  ["join", Users],
] as const;

/** The talk that a supervisor is in: how, who hears whom, and the way out. */
export function ListeningBar({ shown, listener }: { shown: Shown; listener: Listener }) {
  const words = useWords();
  const { listening } = shown;
  if (listening.at === "nothing" || listening.talk === null) return null;
  const isThere = listening.at === "there";
  return (
    <section className="listening" aria-label={words.talks.bar}>
      <p role="status">
        <b>{listening.talk.adviser}</b> {sentence(listening, words)}
      </p>
      <Legs legs={listening.legs} />
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms */}
      <div className="row" role="group" aria-label={words.talks.how}>
        {MODES.map(([mode, Icon]) => (
          <button
            key={mode}
            type="button"
            className="btn"
            aria-pressed={listening.mode === mode}
            disabled={!isThere || listening.asked !== null}
            onClick={() => void listener.turn(mode)}
          >
            <Icon size={18} aria-hidden="true" />
            {words.talks.modes[mode]}
          </button>
        ))}
        <button type="button" className="btn" onClick={() => listener.stop()}>
          <PhoneOff size={18} aria-hidden="true" />
          {listening.at === "over" ? words.close : words.talks.stop}
        </button>
      </div>
      <Heard stream={shown.sound} />
    </section>
  );
}

/** Say how it stands, and who hears whom. */
function sentence(listening: Listening, words: Words): string {
  const { at, asked, mode, refused } = listening;
  if (refused !== null) return `${refusal(refused, words)} ${stands(mode, words)}`.trim();
  if (at === "opening") return words.talks.opening;
  if (at === "lost") return words.talks.lost;
  if (at === "over") return words.talks.over;
  if (asked !== null && asked !== mode) return words.talks.writing;
  return stands(mode, words);
}

function stands(mode: SupervisorMode | null, words: Words): string {
  return mode === null ? "" : words.talks.hears[mode];
}

function refusal(code: string, words: Words): string {
  switch (code) {
    case "not-written-down":
      return words.talks.notWritten;
    case NO_MICROPHONE:
      return words.talks.noMicrophone;
    case "too-many":
      return words.talks.tooMany;
    case "unreachable":
      return words.talks.unreachable;
    default:
      return words.talks.over;
  }
}

function Heard({ stream }: { stream: MediaStream | null }) {
  const element = useRef<HTMLAudioElement>(null);
  useEffect(() => {
    if (element.current === null) return;
    element.current.srcObject = stream;
    if (stream !== null) void element.current.play().catch(() => {});
  }, [stream]);
  // biome-ignore lint/a11y/useMediaCaption: it is a live telephone call
  return <audio ref={element} autoPlay />;
}
