/** Listens to the microphone for the level meter. */

import { Silence, decibels, meterValue } from "./microphone.js";

const SAMPLES = 1_024;

export class Meter {
  #context;
  #analyser;
  #samples = new Float32Array(SAMPLES);
  #silence = new Silence();

  constructor(microphone) {
    this.#context = new AudioContext();
    this.#analyser = this.#context.createAnalyser();
    this.#analyser.fftSize = SAMPLES;
    this.#context.createMediaStreamSource(microphone).connect(this.#analyser);
  }

  /** Return {value, silent}: where the meter stands, and whether the microphone gives nothing. */
  read(atMs) {
    // before the browser lets it run it reads nothing, which says nothing of the microphone
    if (this.#context.state !== "running") return { value: 0, silent: false };
    this.#analyser.getFloatTimeDomainData(this.#samples);
    const db = decibels(this.#samples);
    return { value: meterValue(db), silent: this.#silence.take(db, atMs) };
  }

  close() {
    void this.#context.close();
  }
}
