import { useEffect, useRef } from "react";

/** What the caller says, to the adviser's ears. */
export function CallerSound({ stream }: { stream: MediaStream | null }) {
  const element = useRef<HTMLAudioElement>(null);
  useEffect(() => {
    if (element.current === null) return;
    element.current.srcObject = stream;
    // Refused only where nobody has pressed anything yet; then there is no call either.
    if (stream !== null) void element.current.play().catch(() => {});
  }, [stream]);
  // biome-ignore lint/a11y/useMediaCaption: it is a live telephone call
  return <audio ref={element} autoPlay />;
}
