import { CircleAlert, Moon, Sun } from "lucide-react";
import type { ReactNode } from "react";
import { LanguageSwitch } from "../../parts/language_switch";
import { Logo } from "../../parts/logo";
import { useTheme } from "../../parts/theme";
import { type Freshness, freshness } from "../../state/board";
import type { Board, IceServer } from "../../wire/made";
import { useWords } from "../../words";
import { hourAndMinute, timeOfDay } from "../../words/spans";
import { Advisers } from "./advisers";
import { type Figures, useFigures } from "./figures";
import { useListener } from "./listener";
import { ListeningBar } from "./listening_bar";
import { Nodes } from "./nodes";
import { QueueTable } from "./queue_table";
import { Switches } from "./switches";
import { Talks } from "./talks";
import { Tiles } from "./tiles";

interface Props {
  iceServers: readonly IceServer[];
  signedOut: () => void;
}

/** The board, live as long as the desk answers. */
export function LiveBoard({ iceServers, signedOut }: Props) {
  const words = useWords();
  const [shown, listener] = useListener(iceServers, signedOut);
  const figures = useFigures(signedOut);
  const fresh = freshness(figures.ageMs);
  return (
    <div className="board" data-fresh={fresh}>
      <Top figures={figures} fresh={fresh} />
      {fresh === "not_live" && <NotLive figures={figures} />}
      <main>
        {figures.board === null ? (
          <p className="muted">{words.board.never}</p>
        ) : (
          <Shown board={figures.board} signedOut={signedOut}>
            <Talks shown={shown} listener={listener} signedOut={signedOut} />
          </Shown>
        )}
      </main>
      <ListeningBar shown={shown} listener={listener} />
    </div>
  );
}

function Top({ figures, fresh }: { figures: Figures; fresh: Freshness }) {
  const words = useWords();
  const [theme, setTheme] = useTheme("dark");
  const other = theme === "dark" ? "light" : "dark";
  const ThemeIcon = theme === "dark" ? Sun : Moon;
  const seconds = Math.max(1, Math.round(figures.ageMs / 1000));
  return (
    <header>
      <Logo size={30} />
      <h1>{words.board.title}</h1>
      <p className="muted freshness" data-testid="freshness">
        {figures.board !== null &&
          (fresh === "live" ? words.board.live(seconds) : words.board.ageing(seconds))}
      </p>
      <LanguageSwitch />
      <button type="button" className="btn" data-look="quiet" onClick={() => setTheme(other)}>
        <ThemeIcon size={18} aria-hidden="true" />
        {words.account[other]}
      </button>
      <time className="board-clock">{timeOfDay(Date.now())}</time>
    </header>
  );
}

function NotLive({ figures }: { figures: Figures }) {
  const words = useWords();
  return (
    <div className="not-live" role="alert">
      <CircleAlert size={26} aria-hidden="true" />
      <p>
        <b>
          {figures.board === null
            ? words.board.neverTitle
            : words.board.notLiveSince(hourAndMinute(figures.atMs))}
        </b>{" "}
        {words.board.notLive}
      </p>
    </div>
  );
}

interface ShownProps {
  board: Board;
  signedOut: () => void;
  children: ReactNode;
}

function Shown({ board, signedOut, children }: ShownProps) {
  const words = useWords();
  return (
    <>
      {board.is_storm && (
        <p className="storm" role="alert">
          <CircleAlert size={20} aria-hidden="true" />
          {words.board.storm}
        </p>
      )}
      <Switches lines={board.lines} signedOut={signedOut} />
      {children}
      <Tiles board={board} />
      <div className="board-panels">
        <QueueTable queues={board.queues} />
        <div className="board-right">
          <Advisers advisers={board.advisers} />
          <Nodes nodes={board.nodes} comingBack={board.coming_back_count} />
        </div>
      </div>
    </>
  );
}
