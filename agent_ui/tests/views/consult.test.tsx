import { act, render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { DeskPage } from "../../src/views/desk/page";
import { Speaks } from "../../src/words";
import { presence, QUEUES, RING, TALK, TARGETS } from "../messages";
import { newest } from "../wire/fake_socket";
import { ANSWER, BRIDGED, deskSays, nodeSays, type Server, serve } from "./server";

let server: Server;
let user: ReturnType<typeof userEvent.setup>;

async function talks(ring: object): Promise<void> {
  user = userEvent.setup();
  render(
    <Speaks>
      <DeskPage />
    </Speaks>,
  );
  await vi.waitFor(() => newest("/api/live"));
  await act(async () => deskSays(presence("ready"), QUEUES, presence("ringing"), ring));
  await vi.waitFor(() => newest("/leg"));
  await nodeTells(ANSWER);
  await nodeTells(BRIDGED);
  await act(async () => deskSays(presence("talking"), TALK));
}

async function nodeTells(...messages: Parameters<typeof nodeSays>): Promise<void> {
  await act(async () => nodeSays(...messages));
}

const bar = () => screen.getByRole("region", { name: "The adviser you ask" });
const names = () =>
  within(bar())
    .getAllByRole("button")
    .map((one) => one.textContent);
const said = () => newest("/leg").sent.filter((one) => one.kind !== "beat");

beforeEach(() => {
  server = serve();
  server.answers.set("GET /api/transfers", TARGETS);
});

describe("asking another adviser", () => {
  it("begins in the dialog of a transfer, with a colleague who is ready", async () => {
    await talks(RING);
    await user.keyboard("{F8}");
    await screen.findByRole("radio", { name: /bryn/ });
    const busy = screen.getByRole<HTMLInputElement>("radio", { name: /trevor.*On a call/ });
    expect(busy.disabled).toBe(true);
    await user.click(screen.getByRole("radio", { name: /bryn/ }));
    await user.click(screen.getByRole("button", { name: "Speak to them first" }));
    expect(said().at(-1)).toEqual({ kind: "ask", queue: null, adviser: "bryn" });
    await vi.waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  });

  it("says how far it has come and who hears whom, and offers what can be done", async () => {
    await talks(RING);
    await nodeTells({ kind: "held", on: true });
    await nodeTells({
      kind: "consulted",
      state: "waiting",
      adviser: null,
      outside: null,
      why: null,
    });
    expect(bar().textContent).toContain("Asking for another adviser");
    expect(names()).toEqual(["Stop asking"]);
    await nodeTells({
      kind: "consulted",
      state: "talking",
      adviser: "bryn",
      outside: null,
      why: null,
    });
    expect(bar().textContent).toContain("You and bryn hear each other. The caller is on hold.");
    await user.click(within(bar()).getByRole("button", { name: "Back to the caller" }));
    expect(said().at(-1)).toEqual({ kind: "hold", on: false });
    await nodeTells({ kind: "held", on: false });
    expect(bar().textContent).toContain("bryn waits and hears music");
    await user.click(within(bar()).getByRole("button", { name: "All together" }));
    expect(said().at(-1)).toEqual({ kind: "merge" });
    await nodeTells({
      kind: "consulted",
      state: "merged",
      adviser: "bryn",
      outside: null,
      why: null,
    });
    expect(bar().textContent).toContain("hear one another");
    await user.click(within(bar()).getByRole("button", { name: "Leave the caller to bryn" }));
    expect(said().at(-1)).toEqual({ kind: "hand_over" });
    await user.click(within(bar()).getByRole("button", { name: "Let bryn go" }));
    expect(said().at(-1)).toEqual({ kind: "drop_consult" });
  });

  it("may ring an outside number, by the same dialog", async () => {
    await talks(RING);
    await user.keyboard("{F8}");
    await user.type(await screen.findByRole("searchbox"), "council");
    await user.click(screen.getByRole("radio", { name: /Council tax.*Outside number/ }));
    await user.click(screen.getByRole("button", { name: "Speak to them first" }));
    const asked = { kind: "ask_outside", outside: "council-tax", hands_over: false };
    expect(said().at(-1)).toEqual(asked);
    const titles = { "en-GB": "Council tax", cy: "Treth y cyngor" };
    await nodeTells({
      kind: "consulted",
      state: "talking",
      adviser: null,
      outside: titles,
      why: null,
    });
    const bar = screen.getByRole("region", { name: "The outside number you ask" });
    expect(
      within(bar).getByRole("button", { name: "Leave the caller to Council tax" }),
    ).toBeTruthy();
    await nodeTells({
      kind: "consulted",
      state: "none",
      adviser: null,
      outside: null,
      why: "busy",
    });
    expect(screen.getByText(/That number is busy/)).toBeTruthy();
  });

  it("leaves the caller with an outside number as soon as somebody answers there", async () => {
    await talks(RING);
    await user.keyboard("{F8}");
    await user.click(await screen.findByRole("radio", { name: /Council tax/ }));
    await user.click(screen.getByRole("button", { name: "Transfer now" }));
    const asked = { kind: "ask_outside", outside: "council-tax", hands_over: true };
    expect(said().at(-1)).toEqual(asked);
    await vi.waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
    await nodeTells({ kind: "not_done", code: "number-not-allowed", words: "" });
    expect(screen.getByText(/That can’t be done just now/)).toBeTruthy();
  });

  it("that was left just as its caller was handed over says whose call it is now", async () => {
    await talks(RING);
    await nodeTells({ kind: "not_done", code: "caller-is-yours", words: "" });
    expect(screen.getByText(/The caller has just been left to you/)).toBeTruthy();
  });

  it("that comes to nothing is said, and why", async () => {
    await talks(RING);
    await nodeTells({
      kind: "consulted",
      state: "none",
      adviser: null,
      outside: null,
      why: "nobody",
    });
    expect(screen.getByText(/Nobody could take it/)).toBeTruthy();
  });

  it("leaves whoever is asked with mute and the way out, until the call is theirs", async () => {
    await talks({ ...RING, call: "call-abc123-ask-1", consulted_by: "ada" });
    const controls = screen.getByRole("group", { name: "Call controls" });
    const buttons = within(controls).getAllByRole("button");
    expect(buttons.map((one) => one.textContent)).toEqual(["MuteF2", "LeaveShift F9"]);
    expect(screen.getByText("ada asks about a caller")).toBeTruthy();
    await user.keyboard("{F8}{F4}");
    expect(screen.queryByRole("dialog")).toBeNull();
    expect(said().map((one) => one.kind)).toEqual(["attach"]);
    const before = newest("/leg");
    await act(async () => deskSays({ ...TALK, call: "call-abc123", ring: RING }));
    expect(screen.getByRole("button", { name: /^Hold/ })).toBeTruthy();
    expect(screen.queryByText("ada asks about a caller")).toBeNull();
    expect(newest("/leg")).toBe(before);
  });
});
