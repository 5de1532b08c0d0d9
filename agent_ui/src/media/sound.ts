/**
 * The one audio context of the page. Browsers start it only once a person has pressed something.
 */

let context: AudioContext | null = null;

/** Return the page's audio context, started if the browser lets us. */
export function sound(): AudioContext {
  context ??= new AudioContext();
  if (context.state === "suspended") void context.resume();
  return context;
}
