import { CirclePause, Coffee, Ear, Headphones, MessagesSquare, Moon } from "lucide-react";
import type { Me } from "../../wire/made";
import { useWords, type Words } from "../../words";
import type { AtWork, Seen } from "./at_work";
import { openOf } from "./chat_keeper";

interface Props {
  me: Me;
  work: AtWork;
  seen: Seen;
}

/** What the desk shows while there is no call. */
export function Idle({ me, work, seen }: Props) {
  const words = useWords();
  const { standing, work: nothing } = seen.desk;
  const lapse = nothing.at === "nothing" ? nothing.lapse : null;
  const { icon: Icon, title, sentence, canBeReady } = picture(me, seen, words);
  return (
    <section className="card idle" aria-labelledby="idle-title" data-state={standing?.state}>
      <Icon size={34} strokeWidth={1.5} aria-hidden="true" />
      <h1 id="idle-title">{title}</h1>
      <p className="muted">{sentence}</p>
      {lapse !== null && <p className="lapse">{words.idle.lapses[lapse]}</p>}
      {canBeReady && (
        <button
          type="button"
          className="btn"
          data-look="primary"
          onClick={() => void work.beReady()}
        >
          {words.idle.goReady}
        </button>
      )}
    </section>
  );
}

function picture(me: Me, seen: Seen, words: Words) {
  const { standing } = seen.desk;
  const openCount = openOf(seen.chats).length;
  switch (standing?.state) {
    case "ready":
      if (openCount > me.chats_beside_call_max) {
        const sentence = words.idle.held(openCount, openCount - me.chats_beside_call_max);
        return pictured(MessagesSquare, words.idle.heldTitle, sentence, false);
      }
      return pictured(Headphones, words.idle.readyTitle, words.idle.ready, false);
    case "reserved":
    case "ringing":
    case "talking":
    case "wrap_up":
      return pictured(Ear, words.idle.reservedTitle, words.idle.reserved, false);
    case "away":
      return standing.reason === "signed_in"
        ? pictured(Headphones, words.idle.startTitle(me.name), words.idle.start, true)
        : pictured(Coffee, words.idle.awayTitle, words.idle.away, true);
    case "offline":
      return pictured(Moon, words.idle.offlineTitle, words.idle.away, true);
    case undefined:
      return pictured(CirclePause, words.presence.connecting, "", false);
  }
}

function pictured(icon: typeof Coffee, title: string, sentence: string, canBeReady: boolean) {
  return { icon, title, sentence, canBeReady };
}
