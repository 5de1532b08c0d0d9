/** A WebSocket whose far end is the test. */

import { vi } from "vitest";

export class FakeSocket {
  static readonly OPEN = 1;
  static all: FakeSocket[] = [];

  readyState = 0;
  readonly sent: { kind: string }[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;

  readonly url: string;

  constructor(url: string) {
    this.url = url;
    FakeSocket.all.push(this);
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text) as { kind: string });
  }

  close(): void {
    this.readyState = 3;
  }

  opens(): void {
    this.readyState = FakeSocket.OPEN;
    this.onopen?.();
  }

  says(message: object | string): void {
    const data = typeof message === "string" ? message : JSON.stringify(message);
    this.onmessage?.({ data });
  }

  breaks(code = 1006): void {
    this.readyState = 3;
    this.onclose?.({ code });
  }

  kinds(): string[] {
    return this.sent.map((said) => said.kind);
  }
}

/** Let every WebSocket of this test be a fake one. */
export function fakeSockets(): typeof FakeSocket {
  FakeSocket.all = [];
  vi.stubGlobal("WebSocket", FakeSocket);
  return FakeSocket;
}

/** Return the newest socket whose address ends so. */
export function newest(end = ""): FakeSocket {
  const socket = FakeSocket.all.filter((one) => one.url.endsWith(end)).at(-1);
  if (socket === undefined) throw new Error(`no socket to …${end} was opened`);
  return socket;
}
