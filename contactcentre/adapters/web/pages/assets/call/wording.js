/** Finds the words of a page and puts numbers into them. No DOM. */

/** Return the words under a dotted key; a key without words is our mistake, so it is thrown. */
export function find(words, language, key) {
  let found = words[language];
  for (const part of key.split(".")) found = found?.[part];
  if (typeof found !== "string") throw new Error(`no words for ${key} in ${language}`);
  return found;
}

/** Say whether there are words under a key. */
export function has(words, language, key) {
  const [group, name] = key.split(".");
  return typeof words[language]?.[group]?.[name] === "string";
}

/** Return words with their {names} replaced. */
export function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}

/** Return a caller's place as [before, number, after]; the number stands out on the page. */
export function placeWords(words, language, place) {
  if (place === 1) return [find(words, language, "place.next"), "", ""];
  const rule = new Intl.PluralRules(language, { type: "ordinal" }).select(place);
  const key = has(words, language, `ordinal.${rule}`) ? `ordinal.${rule}` : "ordinal.other";
  const ordinal = fill(find(words, language, key), { place });
  const [before, after] = find(words, language, "place.other").split("{place}");
  return [before, ordinal, after];
}

const MINUTE_MS = 60_000;
const HOUR_MINUTES = 60;

/** Return an honest wait in words, rounded up to one of `steps` (minutes); "" where it is unknown. */
export function waitWords(words, language, waitMs, steps) {
  if (waitMs === null) return "";
  const minutes = steps.find((step) => waitMs <= step * MINUTE_MS);
  const text = (name, values = {}) => fill(find(words, language, `wait.${name}`), values);
  if (waitMs < steps[0] * MINUTE_MS) return text("under", { minutes: steps[0] });
  if (minutes === undefined) return text("over");
  if (minutes === HOUR_MINUTES) return text("hour");
  return minutes === 2 ? text("two") : text("other", { minutes });
}

/** Return a span as people read it off a clock: 0:07, 12:30, 1:02:03. */
export function clockWords(spanMs) {
  const seconds = Math.max(0, Math.floor(spanMs / 1_000));
  const [h, m, s] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (number) => String(number).padStart(2, "0");
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** Return a telephone number as it is read: 01632 960 001; also one of which some is missing. */
export function inGroups(digits) {
  return [digits.slice(0, 5), digits.slice(5, 8), digits.slice(8)].filter(Boolean).join(" ");
}
