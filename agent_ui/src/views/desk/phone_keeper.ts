/**
 * The phone on which an adviser takes the sound, as it is kept on this computer for that adviser.
 */

import { desk, Refusal } from "../../wire/http";
import { keep, kept } from "../../wire/kept";

export interface Phone {
  /** As it is rung; null until there has been one. */
  number: string | null;
  /** Whether the sound goes there, and not to this browser. */
  isOn: boolean;
  /** The adviser wanted the sound in this browser, which gave no microphone. */
  isKeptOn?: boolean;
}

/** Why a number is not taken: it may not be rung, or nobody could be asked whether it may. */
export type PhoneRefusal = "notAllowed" | "notTried";

export const NO_PHONE: Phone = { number: null, isOn: false };

export class PhoneKeeper {
  readonly #key: string;
  readonly #mayUse: boolean;
  readonly #changed: (now: Phone) => void;
  #now: Phone;

  constructor(adviser: string, mayUse: boolean, changed: (now: Phone) => void) {
    this.#key = `contactcentre.phone.${adviser}`;
    this.#mayUse = mayUse;
    this.#changed = changed;
    this.#now = (mayUse ? kept<Phone>(this.#key) : null) ?? NO_PHONE;
  }

  get now(): Phone {
    return this.#now;
  }

  /** The number that takes the sound; null while this browser does. */
  get inUse(): string | null {
    return this.#mayUse && this.#now.isOn ? this.#now.number : null;
  }

  /** Take the sound on a number from now on; return why that may not be, or null. */
  async use(number: string): Promise<PhoneRefusal | null> {
    try {
      this.#be({ number: (await desk.tryPhone({ number })).number, isOn: true });
    } catch (error) {
      const mayNotBe = error instanceof Refusal && error.code === "number-not-allowed";
      return mayNotBe ? "notAllowed" : "notTried";
    }
    return null;
  }

  /** Take the sound in this browser again if it has a microphone; say whether that is a change. */
  leave(hasMicrophone: boolean): boolean {
    if (this.inUse === null) return false;
    this.#be({ ...this.#now, isOn: !hasMicrophone, isKeptOn: !hasMicrophone });
    return hasMicrophone;
  }

  /** Want the sound on the phone, as it is. */
  stay(): void {
    this.#be({ ...this.#now, isKeptOn: false });
  }

  #be(now: Phone): void {
    this.#now = now;
    keep(this.#key, { number: now.number, isOn: now.isOn });
    this.#changed(now);
  }
}
