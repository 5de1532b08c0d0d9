import {
  Check,
  ChevronDown,
  Circle,
  CirclePause,
  Ear,
  Moon,
  Pencil,
  Phone,
  PhoneIncoming,
} from "lucide-react";
import {
  Button,
  Header,
  Menu,
  MenuItem,
  MenuSection,
  MenuTrigger,
  Popover,
  Separator,
} from "react-aria-components";
import { Since, Until } from "../../parts/clock";
import type { AwayReason, Me, Presence } from "../../wire/made";
import { useWords } from "../../words";
import type { AtWork, Seen } from "./at_work";

const SHAPES: Record<Presence, typeof Check> = {
  ready: Check,
  reserved: Ear,
  ringing: PhoneIncoming,
  talking: Phone,
  wrap_up: Pencil,
  away: CirclePause,
  offline: Moon,
};

const CHANGEABLE: ReadonlySet<Presence> = new Set(["ready", "away", "offline"]);

interface Props {
  me: Me;
  work: AtWork;
  seen: Seen;
}

/** The adviser's state: a word, a shape, a colour and a clock; a menu where it can be changed. */
export function PresenceControl({ me, work, seen }: Props) {
  const words = useWords();
  const { standing } = seen.desk;
  if (standing === null || seen.connection.at === "closed") {
    return (
      <p className="presence" data-state="offline">
        <Circle className="shape" size={15} aria-hidden="true" />
        {words.presence.connecting}
      </p>
    );
  }
  if (!CHANGEABLE.has(standing.state)) {
    return (
      <p className="presence" data-state={standing.state} data-testid="presence">
        <State seen={seen} />
      </p>
    );
  }
  return (
    <MenuTrigger>
      <Button className="presence" data-state={standing.state} data-testid="presence">
        <span className="unseen">{words.presence.label}: </span>
        <State seen={seen} />
        <ChevronDown size={17} aria-hidden="true" />
      </Button>
      <Popover className="popover" placement="bottom start">
        <PresenceMenu me={me} work={work} />
      </Popover>
    </MenuTrigger>
  );
}

function State({ seen }: { seen: Seen }) {
  const words = useWords();
  const { standing, work } = seen.desk;
  if (standing === null) return null;
  const Shape = SHAPES[standing.state];
  const reason = standing.state === "away" ? standing.reason : null;
  return (
    <>
      <Shape className="shape" size={15} aria-hidden="true" />
      <span>
        {reason === null ? words.presence.states[standing.state] : words.presence.reasons[reason]}
      </span>
      <span className="muted num">
        {work.at === "wrap_up" ? (
          <Until until={work.ends} inWords={words.presence.left} />
        ) : (
          <Since since={standing.since} />
        )}
      </span>
    </>
  );
}

function PresenceMenu({ me, work }: { me: Me; work: AtWork }) {
  const words = useWords();
  const act = (key: string | number) => {
    if (key === "ready") void work.beReady();
    else void work.beAway(key as AwayReason);
  };
  return (
    <Menu className="menu" aria-label={words.presence.label} onAction={act}>
      <MenuItem id="ready" className="menu-item" textValue={words.presence.states.ready}>
        <Check size={16} aria-hidden="true" className="ok-text" />
        {words.presence.states.ready}
      </MenuItem>
      <Separator className="menu-line" />
      <MenuSection>
        <Header className="menu-head">{words.presence.awayFor}</Header>
        {me.away_reasons.map((reason) => (
          <MenuItem
            key={reason}
            id={reason}
            className="menu-item"
            textValue={words.presence.reasons[reason]}
          >
            <CirclePause size={16} aria-hidden="true" className="away-text" />
            {words.presence.reasons[reason]}
          </MenuItem>
        ))}
      </MenuSection>
    </Menu>
  );
}
