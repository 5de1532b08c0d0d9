import { worstFirst } from "../../state/board";
import type { BoardQueue } from "../../wire/made";
import { useWords } from "../../words";
import { clock } from "../../words/spans";

/** Every queue, the one with the longest wait first. */
export function QueueTable({ queues }: { queues: readonly BoardQueue[] }) {
  const words = useWords();
  if (queues.length === 0) return <p className="panel muted">{words.board.noQueues}</p>;
  return (
    <section className="panel">
      <table className="board-queues">
        <caption>{words.board.queues}</caption>
        <thead>
          <tr>
            <th scope="col">{words.board.queue}</th>
            <th scope="col">{words.board.waitingShort}</th>
            <th scope="col">{words.board.longestShort}</th>
            <th scope="col">{words.board.callbacks}</th>
            <th scope="col">{words.board.ready}</th>
          </tr>
        </thead>
        <tbody>
          {worstFirst(queues).map((queue) => (
            <tr key={queue.queue}>
              <th scope="row">
                {queue.title}
                {queue.overflows_to !== null && (
                  <span className="muted"> {words.board.overflowsTo(queue.overflows_to)}</span>
                )}
              </th>
              <td>{queue.waiting_count}</td>
              <td>{queue.longest_ms === null ? "–" : clock(queue.longest_ms)}</td>
              <td>{queue.callbacks_count ?? "–"}</td>
              <td>{queue.ready_count}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
