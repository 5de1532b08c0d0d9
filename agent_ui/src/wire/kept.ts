/**
 * What is kept on this computer: words not yet saved, and how the adviser likes the desk.
 *
 * Storage may be full or forbidden; then the desk works on without it.
 */

const DRAFT = "contactcentre.draft.";
const CALLBACK = "contactcentre.callback.";

/** Keep a value. */
export function keep(key: string, value: unknown, store: Storage = localStorage): void {
  try {
    store.setItem(key, JSON.stringify(value));
  } catch {
    // Full or forbidden: the desk itself still holds the value.
  }
}

/** Return a kept value, or null. */
export function kept<Value>(key: string, store: Storage = localStorage): Value | null {
  try {
    const text = store.getItem(key);
    return text === null ? null : (JSON.parse(text) as Value);
  } catch {
    return null;
  }
}

/** Let go of a value. */
export function forget(key: string, store: Storage = localStorage): void {
  try {
    store.removeItem(key);
  } catch {
    // Forbidden: then nothing was kept.
  }
}

/** Return the key of a call's draft, of one adviser: computers are shared. */
export function draftKey(adviser: string, call: string): string {
  return `${DRAFT}${adviser}.${call}`;
}

/** Return the key of what an adviser has said of callbacks, and nobody could be told. */
export function callbackKey(adviser: string): string {
  return `${CALLBACK}${adviser}`;
}

/** Return the keys of all drafts of an adviser. */
export function draftKeys(adviser: string): string[] {
  try {
    return Object.keys(localStorage).filter((key) => key.startsWith(`${DRAFT}${adviser}.`));
  } catch {
    return [];
  }
}
