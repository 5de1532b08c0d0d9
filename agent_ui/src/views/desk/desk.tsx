import { useSyncExternalStore } from "react";
import { Announcer } from "../../parts/announcer";
import { Logo } from "../../parts/logo";
import type { Me } from "../../wire/made";
import { useWords } from "../../words";
import type { AtWork } from "./at_work";
import { Banners } from "./banners";
import { CallCard } from "./call_card";
import { useCallSigns } from "./call_signs";
import { CallerSound } from "./caller_sound";
import { Chats } from "./chats";
import { useHotKeys } from "./hot_keys";
import { Idle } from "./idle";
import { Journey } from "./journey";
import { Queues } from "./queues";
import { Side } from "./side";
import { TopBar } from "./top_bar";

/** The adviser's desk. */
export function Desk({ me, work }: { me: Me; work: AtWork }) {
  const words = useWords();
  const seen = useSyncExternalStore(work.watch, work.seen);
  const keys = useHotKeys(work, seen);
  useCallSigns(me, seen, keys.isOn);
  if (seen.desk.replaced) return <Replaced work={work} />;
  const isIdle = seen.desk.work.at === "nothing";
  return (
    <div className="desk">
      <a className="skip" href="#call">
        {words.skipToCall}
      </a>
      <TopBar me={me} work={work} seen={seen} keys={keys} />
      <Banners me={me} work={work} seen={seen} />
      <main className="main" id="call" tabIndex={-1}>
        {isIdle ? (
          <Idle me={me} work={work} seen={seen} />
        ) : (
          <>
            <CallCard me={me} work={work} seen={seen} />
            <Journey work={seen.desk.work} />
          </>
        )}
        <Chats me={me} work={work} seen={seen} />
      </main>
      <Side me={me} work={work} seen={seen} />
      <Queues me={me} seen={seen} />
      <CallerSound stream={seen.caller} />
      <Announcer />
    </div>
  );
}

function Replaced({ work }: { work: AtWork }) {
  const words = useWords();
  return (
    <div className="whole-page">
      <header>
        <Logo size={26} />
      </header>
      <main className="card">
        <h1>{words.replaced.title}</h1>
        <p>{words.replaced.body}</p>
        <button type="button" className="btn" data-look="primary" onClick={() => work.useHere()}>
          {words.replaced.use}
        </button>
      </main>
    </div>
  );
}
