import type { Work } from "../../state/desk";
import { useWords } from "../../words";
import { timeOfDay } from "../../words/spans";

/** How the caller got here: what they did on the way, each with its time. */
export function Journey({ work }: { work: Work }) {
  const words = useWords();
  const ring = work.at === "nothing" ? null : work.ring;
  if (ring === null || ring.journey.length === 0) return null;
  return (
    <section className="card path" aria-labelledby="path-title">
      <h2 id="path-title">{words.journey.title}</h2>
      <ol>
        {ring.journey.map((step) => (
          <li key={`${step.at_ms} ${step.words["en-GB"]}`}>
            <time dateTime={new Date(step.at_ms).toISOString()}>{timeOfDay(step.at_ms)}</time>
            {step.words[words.tag] ?? step.words["en-GB"]}
          </li>
        ))}
        <li data-now="true">
          <b>{work.at === "ringing" ? words.journey.ringing : words.journey.answered}</b>
        </li>
      </ol>
    </section>
  );
}
