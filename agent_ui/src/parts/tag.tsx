import type { ReactNode } from "react";

export type Tone = "ok" | "warn" | "crit" | "away" | "info" | "plain";

/** A short word in the colour of what it means; the word, and a shape, say it too. */
export function Tag({ tone = "plain", children }: { tone?: Tone; children: ReactNode }) {
  return (
    <span className="tag" data-tone={tone}>
      {children}
    </span>
  );
}
