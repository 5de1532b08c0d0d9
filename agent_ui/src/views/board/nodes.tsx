import { RefreshCw } from "lucide-react";
import type { BoardNode } from "../../wire/made";
import { useWords } from "../../words";

interface Props {
  nodes: readonly BoardNode[];
  /** How many callers are on their way from a node that was lost. */
  comingBack: number;
}

/** The media nodes, site by site: how they serve, and how full they are. */
export function Nodes({ nodes, comingBack }: Props) {
  const words = useWords();
  const sites = [...new Set(nodes.map((node) => node.site))].sort();
  return (
    <section className="panel" aria-labelledby="nodes-title">
      <h2 id="nodes-title">{words.board.nodes}</h2>
      {nodes.length === 0 && <p className="muted">{words.board.noNodes}</p>}
      {comingBack > 0 && (
        <p className="coming-back">
          <RefreshCw size={18} aria-hidden="true" />
          {words.board.comingBack(comingBack)}
        </p>
      )}
      {sites.map((site) => (
        <div key={site} className="site">
          <h3>{site}</h3>
          <ul>
            {nodes
              .filter((node) => node.site === site)
              .map((node) => (
                <Node key={node.node} node={node} />
              ))}
          </ul>
        </div>
      ))}
    </section>
  );
}

function Node({ node }: { node: BoardNode }) {
  const words = useWords();
  const legs = words.board.legs(node.legs_count, node.legs_max);
  return (
    <li className="node" data-state={node.state}>
      <b>{node.node}</b>
      <meter
        aria-label={`${node.node}: ${legs}`}
        min={0}
        max={Math.max(1, node.legs_max)}
        value={node.legs_count}
      />
      <span className="num muted">{legs}</span>
      <span className="node-state">{words.board.nodeStates[node.state]}</span>
    </li>
  );
}
