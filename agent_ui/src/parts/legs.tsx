import type { LegNow } from "../wire/made";
import { useWords } from "../words";
import { Meter } from "./meter";
import { barsOf, scoreWord } from "./score";

/** How everybody in a room comes in: how loud, and how it sounds. */
export function Legs({ legs }: { legs: readonly LegNow[] }) {
  const words = useWords();
  if (legs.length === 0) return null;
  return (
    <ul className="legs" aria-label={words.legs.label}>
      {legs.map(({ role, quality }) => (
        <li key={role}>
          {words.legs.roles[role]}
          <Meter
            bars={barsOf(quality.level_dbov)}
            label={words.legs.level(words.legs.roles[role])}
          />
          <b>{words.health[scoreWord(quality.mos)]}</b>{" "}
          <span className="muted num">
            {words.legs.score(quality.mos.toFixed(1))}
            {quality.round_trip_ms !== null && words.legs.trip(Math.round(quality.round_trip_ms))}
          </span>
        </li>
      ))}
    </ul>
  );
}
