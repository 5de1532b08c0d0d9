/** The secret by which a page proves that a claim is its own. No DOM. */

const SECRET_BYTES = 32;

export function newSecret() {
  return hex(crypto.getRandomValues(new Uint8Array(SECRET_BYTES)));
}

/** Return what a claim says of a secret. */
export async function digest(secret) {
  const bytes = new TextEncoder().encode(secret);
  return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}

function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
