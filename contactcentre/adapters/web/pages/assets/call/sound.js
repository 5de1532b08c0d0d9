/** The sound of one leg: a browser's peer connection, made for one node and never used again. */

/** A connection that has not come back for so long is lost; a new one is quicker. */
const DISCONNECTED_MAX_MS = 2_000;
/** A node that ends the sound says why on its socket within so long, or it hears nothing of us. */
const LET_GO_AFTER_MS = 500;
const SECOND_MS = 1_000;

export class Sound {
  #connection;
  #gatherMs;
  #disconnected = null;
  #letGo = null;
  #transport = null;
  onConnected = null;
  onLost = null;
  /** The node has ended the sound. */
  onLetGo = null;

  constructor({ microphone, gatherMs, iceServers, play }) {
    this.#gatherMs = gatherMs;
    this.#connection = new RTCPeerConnection({ iceServers });
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
    this.#transport = this.#connection.getSenders?.()[0]?.transport ?? null;
    if (this.#transport !== null) this.#transport.onstatechange = () => this.#followTransport();
  }

  close() {
    clearTimeout(this.#disconnected);
    clearTimeout(this.#letGo);
    this.#connection.onconnectionstatechange = null;
    if (this.#transport !== null) this.#transport.onstatechange = null;
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

  #followTransport() {
    if (this.#transport.state !== "closed") return;
    this.#letGo ??= setTimeout(() => this.onLetGo?.(), LET_GO_AFTER_MS);
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
