/** How loud someone is, in bars. */

export const BARS = 9;
const LOUD_FROM = BARS - 2;
const PLACES = Array.from({ length: BARS }, (_, place) => place);

/** A meter at a level. */
export function Meter({ bars, label }: { bars: number; label: string }) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: <meter> cannot be drawn as bars in every browser
    <span
      className="meter"
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={BARS}
      aria-valuenow={bars}
    >
      {PLACES.map((place) => (
        <i key={place} data-lit={place < bars} data-loud={place >= LOUD_FROM} />
      ))}
    </span>
  );
}
