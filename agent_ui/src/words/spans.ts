/** Spans and times as people read them. */

/** Return a span as minutes and seconds, with hours once there are some. */
export function clock(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (n: number) => String(n).padStart(2, "0");
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** Return what is left of a span, so that it shows 0:00 only when it is over. */
export function countdown(ms: number): string {
  return clock(Math.ceil(Math.max(0, ms) / 1000) * 1000);
}

const TIME = new Intl.DateTimeFormat("en-GB", {
  timeZone: "Europe/London",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});

/** Return a time of day in the United Kingdom, 24 hours. */
export function timeOfDay(atMs: number): string {
  return TIME.format(atMs);
}

/** Return a time of day without its seconds. */
export function hourAndMinute(atMs: number): string {
  return timeOfDay(atMs).slice(0, 5);
}

const DAY = new Intl.DateTimeFormat("en-GB", {
  timeZone: "Europe/London",
  day: "2-digit",
  month: "2-digit",
});

/** Return a day and a time of it in the United Kingdom, as in 26/11 14:03. */
export function dayAndMinute(atMs: number): string {
  return `${DAY.format(atMs)} ${hourAndMinute(atMs)}`;
}

/** Return a telephone number in groups that are easy to key. */
export function spelled(number: string): string {
  return number.replace(/^(\d{5})(\d{3})?(\d+)$/, (_, area, middle, rest) =>
    [area, middle, rest].filter(Boolean).join(" "),
  );
}
