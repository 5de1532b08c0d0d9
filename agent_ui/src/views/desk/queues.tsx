import { Since } from "../../parts/clock";
import type { Me } from "../../wire/made";
import { useWords } from "../../words";
import type { Seen } from "./at_work";
import { useQueueTitle } from "./titles";

/** The adviser's own queues: how many wait, and the longest. */
export function Queues({ me, seen }: { me: Me; seen: Seen }) {
  const words = useWords();
  const titleOf = useQueueTitle(me);
  const isOld = seen.connection.at !== "live" && seen.desk.queues.length > 0;
  const now = new Map(seen.desk.queues.map((queue) => [queue.queue, queue]));
  return (
    <section className="rail" aria-labelledby="queues-title" data-old={isOld}>
      <h2 id="queues-title">{words.queues.title}</h2>
      {me.queues.length === 0 ? (
        <p className="muted small">{words.queues.noQueues}</p>
      ) : (
        <table className="queues">
          <thead>
            <tr>
              <th scope="col">{words.queues.queue}</th>
              <th scope="col">{words.queues.waiting}</th>
              <th scope="col">{words.queues.longest}</th>
            </tr>
          </thead>
          <tbody>
            {me.queues.map(({ queue }) => {
              const one = now.get(queue);
              return (
                <tr key={queue}>
                  <th scope="row">{titleOf(queue)}</th>
                  <td>{one?.waiting_count ?? "–"}</td>
                  <td>
                    {one?.longest_ms == null ? (
                      "–"
                    ) : (
                      <Since since={seen.desk.queuesAt - one.longest_ms} />
                    )}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      )}
      {isOld && <p className="muted small">{words.queues.old}</p>}
    </section>
  );
}
