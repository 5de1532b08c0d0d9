/**
 * What a screen reader is told: one polite and one assertive region, and no other.
 */

import { useSyncExternalStore } from "react";

type Manner = "polite" | "assertive";

const words: Record<Manner, string> = { polite: "", assertive: "" };
const watchers = new Set<() => void>();

/** Say a sentence once; the same sentence twice is said twice. */
export function announce(sentence: string, manner: Manner = "polite"): void {
  words[manner] = words[manner] === sentence ? `${sentence}\u00a0` : sentence;
  for (const watcher of watchers) watcher();
}

/** The two regions; once a page. */
export function Announcer() {
  return (
    <div className="unseen">
      <Region manner="polite" />
      <Region manner="assertive" />
    </div>
  );
}

function Region({ manner }: { manner: Manner }) {
  const said = useSyncExternalStore(watch, () => words[manner]);
  return (
    <p aria-live={manner} data-testid={`announced-${manner}`}>
      {said}
    </p>
  );
}

function watch(watcher: () => void): () => void {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}
