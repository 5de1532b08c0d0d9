/**
 * A quiet double ring, made here so that no sound file must be fetched when a call comes.
 */

import { sound } from "./sound";

const EVERY_MS = 3_000;
const BURSTS_S = [0, 0.6] as const;
const BURST_S = 0.4;
const TONES_HZ = [400, 450] as const;
const LOUDNESS = 0.04;

/** Ring until the returned function is called. */
export function ring(): () => void {
  burst();
  const timer = setInterval(burst, EVERY_MS);
  return () => clearInterval(timer);
}

function burst(): void {
  const context = sound();
  if (context.state !== "running") return;
  for (const offset of BURSTS_S) {
    const begin = context.currentTime + offset;
    const gain = context.createGain();
    gain.gain.setValueAtTime(0, begin);
    gain.gain.linearRampToValueAtTime(LOUDNESS, begin + 0.03);
    gain.gain.setValueAtTime(LOUDNESS, begin + BURST_S - 0.03);
    gain.gain.linearRampToValueAtTime(0, begin + BURST_S);
    gain.connect(context.destination);
    for (const hz of TONES_HZ) {
      const tone = context.createOscillator();
      tone.frequency.value = hz;
      tone.connect(gain);
      tone.start(begin);
      tone.stop(begin + BURST_S);
    }
  }
}
