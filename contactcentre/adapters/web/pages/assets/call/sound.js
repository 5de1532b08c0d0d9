/** The sound of one leg: a browser's peer connection, made for one node and never used again. */

/** A connection that has not come back for so long is lost; a new one is quicker. */
const DISCONNECTED_MAX_MS = 2_000;
const SECOND_MS = 1_000;

export class Sound {
  #connection;
  #gatherMs;
  #disconnected = null;
  onConnected = null;
  onLost = null;

  constructor({ microphone, gatherMs, iceServers, play }) {
    this.#gatherMs = gatherMs;
    this.#connection = new RTCPeerConnection({ iceServers: iceServers.map((urls) => ({ urls })) });
    for (const track of microphone.getTracks()) this.#connection.addTrack(track, microphone);
    this.#connection.ontrack = ({ track }) => play(new MediaStream([track]));
    this.#connection.onconnectionstatechange = () => this.#follow();
  }

  /** Return a complete offer: every way to reach this browser is in it. */
  async offer() {
    await this.#connection.setLocalDescription();
    await this.#gathered();
    return this.#connection.localDescription.sdp;
  }

  async answer(sdp) {
    await this.#connection.setRemoteDescription({ type: "answer", sdp });
  }

  close() {
    clearTimeout(this.#disconnected);
    this.#connection.onconnectionstatechange = null;
    this.#connection.close();
  }

  /** Return how many packets of sound have come in; null before any has. */
  async packets() {
    return (await this.reading())?.received ?? null;
  }

  /** Return the browser's counters of what has come in; null before anything has. */
  async reading() {
    let inbound = null;
    let delayMs = 0;
    for (const report of (await this.#connection.getStats()).values()) {
      if (report.type === "inbound-rtp") inbound = report;
      if (report.type === "candidate-pair" && report.nominated) {
        delayMs = (report.currentRoundTripTime ?? 0) * SECOND_MS;
      }
    }
    if (inbound === null) return null;
    return {
      lost: inbound.packetsLost ?? 0,
      received: inbound.packetsReceived ?? 0,
      jitterMs: (inbound.jitter ?? 0) * SECOND_MS,
      delayMs,
    };
  }

  #follow() {
    clearTimeout(this.#disconnected);
    switch (this.#connection.connectionState) {
      case "connected":
        this.onConnected?.();
        break;
      case "disconnected":
        this.#disconnected = setTimeout(() => this.onLost?.(), DISCONNECTED_MAX_MS);
        break;
      case "failed":
        this.onLost?.();
        break;
    }
  }

  async #gathered() {
    if (this.#connection.iceGatheringState === "complete") return;
    await new Promise((resolve) => {
      setTimeout(resolve, this.#gatherMs);
      this.#connection.onicegatheringstatechange = () => {
        if (this.#connection.iceGatheringState === "complete") resolve();
      };
    });
  }
}
