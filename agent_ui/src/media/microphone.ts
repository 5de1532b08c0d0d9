/**
 * The adviser's microphone: asked for when the adviser sets up, never at a ring, then kept open.
 */

export type MicrophoneTrouble =
  /** The person, or a policy, has said no. */
  | "refused"
  /** There is none. */
  | "missing"
  /** Another program holds it. */
  | "busy"
  /** Browsers give a microphone to secure pages only. */
  | "insecure";

export interface Microphone {
  stream: MediaStream | null;
  trouble: MicrophoneTrouble | null;
  chosen: string | null;
  devices: readonly { id: string; name: string }[];
}

export const NO_MICROPHONE: Microphone = {
  stream: null,
  trouble: null,
  chosen: null,
  devices: [],
};

const SOUND = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

export class Microphones {
  #now: Microphone = NO_MICROPHONE;
  readonly #changed: (now: Microphone) => void;
  readonly #plugged = () => void this.#list();

  constructor(changed: (now: Microphone) => void) {
    this.#changed = changed;
    navigator.mediaDevices?.addEventListener("devicechange", this.#plugged);
  }

  get now(): Microphone {
    return this.#now;
  }

  /** Open the microphone, asking the person where the browser must; say whether it is there. */
  async open(device: string | null = this.#now.chosen): Promise<boolean> {
    if (navigator.mediaDevices === undefined) {
      this.#be({ trouble: "insecure" });
      return false;
    }
    try {
      this.#take(await wanted(device));
    } catch (error) {
      this.#be({ trouble: troubleOf(error) });
      return false;
    }
    await this.#list();
    return true;
  }

  /** Open the microphone only if the person has been asked before and said yes. */
  async openIfAllowed(): Promise<boolean> {
    return (await isAllowed()) ? this.open() : false;
  }

  /** Let go of the microphone and of what was listened to. */
  close(): void {
    stop(this.#now.stream);
    navigator.mediaDevices?.removeEventListener("devicechange", this.#plugged);
    this.#now = NO_MICROPHONE;
  }

  #take(stream: MediaStream): void {
    stop(this.#now.stream);
    const track = stream.getAudioTracks()[0];
    // Pulled out: go to what the browser now offers, without asking.
    track?.addEventListener("ended", () => {
      if (this.#now.stream === stream) void this.open(null);
    });
    this.#be({ stream, trouble: null, chosen: track?.getSettings().deviceId ?? null });
  }

  async #list(): Promise<void> {
    const all = await navigator.mediaDevices.enumerateDevices();
    const devices = all
      .filter((one) => one.kind === "audioinput" && one.label !== "")
      .map((one) => ({ id: one.deviceId, name: one.label }));
    this.#be({ devices });
  }

  #be(change: Partial<Microphone>): void {
    this.#now = { ...this.#now, ...change };
    this.#changed(this.#now);
  }
}

/** Return the sound of the device, or of any if that one is no longer there. */
async function wanted(device: string | null): Promise<MediaStream> {
  const audio = device === null ? SOUND : { ...SOUND, deviceId: { exact: device } };
  try {
    return await navigator.mediaDevices.getUserMedia({ audio });
  } catch (error) {
    if (device === null || (error as Error).name !== "OverconstrainedError") throw error;
    return navigator.mediaDevices.getUserMedia({ audio: SOUND });
  }
}

async function isAllowed(): Promise<boolean> {
  try {
    const said = await navigator.permissions.query({ name: "microphone" as PermissionName });
    return said.state === "granted";
  } catch {
    // This browser does not tell: it names its devices only where it was allowed to.
    const all = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
    return all.some((one) => one.kind === "audioinput" && one.label !== "");
  }
}

/** Return what kept the microphone from us. */
export function troubleOf(error: unknown): MicrophoneTrouble {
  switch ((error as Error).name) {
    case "NotAllowedError":
      return "refused";
    case "NotReadableError":
    case "AbortError":
      return "busy";
    default:
      return "missing";
  }
}

function stop(stream: MediaStream | null): void {
  for (const track of stream?.getTracks() ?? []) track.stop();
}
