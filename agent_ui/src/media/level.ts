/**
 * How loud a stream is, in bars for a meter.
 */

import { sound } from "./sound";

/** As many as the meter draws. */
export const BARS = 9;
const EVERY_MS = 100;
const FLOOR_DB = -60;

/** Tell a stream's level in bars ten times a second until the returned function is called. */
export function listen(stream: MediaStream, heard: (bars: number) => void): () => void {
  const context = sound();
  const source = context.createMediaStreamSource(stream);
  const analyser = context.createAnalyser();
  analyser.fftSize = 1024;
  source.connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    heard(barsOf(samples));
  }, EVERY_MS);
  return () => {
    clearInterval(timer);
    source.disconnect();
  };
}

/** Return the bars for some samples between -1 and 1. */
export function barsOf(samples: ArrayLike<number>): number {
  let power = 0;
  for (let i = 0; i < samples.length; i++) power += (samples[i] ?? 0) ** 2;
  const db = 10 * Math.log10(power / Math.max(1, samples.length) + 1e-12);
  const share = (db - FLOOR_DB) / -FLOOR_DB;
  return Math.max(0, Math.min(BARS, Math.round(share * BARS)));
}
