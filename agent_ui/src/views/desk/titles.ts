/** What queues, lines and outcomes are called. */

import type { Me } from "../../wire/made";
import { titleIn, useSpoken } from "../../words";

/** Return a function that names a queue in the language of the page. */
export function useQueueTitle(me: Me): (queue: string) => string {
  const { language } = useSpoken();
  return (queue) => {
    const known = me.queues.find((one) => one.queue === queue);
    return (known && titleIn(known.titles, language)) ?? readable(queue);
  };
}

/** Return an id as a word people can read, where there is no title. */
export function readable(id: string): string {
  const words = id.replaceAll(/[_-]+/g, " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
