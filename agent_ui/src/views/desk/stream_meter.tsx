import { useEffect, useState } from "react";
import { listen } from "../../media/level";
import { Meter } from "../../parts/meter";

/** A meter that listens to a stream. */
export function StreamMeter({ stream, label }: { stream: MediaStream | null; label: string }) {
  const [bars, setBars] = useState(0);
  useEffect(() => {
    setBars(0);
    return stream === null ? undefined : listen(stream, setBars);
  }, [stream]);
  return <Meter bars={bars} label={label} />;
}
