import { act, render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { BoardPage } from "../../src/views/board/page";
import { Speaks } from "../../src/words";
import { BOARD, ME } from "../messages";
import { newest } from "../wire/fake_socket";
import { ANSWER, FakePeer, giveMicrophone, nodeSays, type Server, serve } from "./server";

const TALKS = {
  count: 2,
  talks: [
    { call: "call-abc123", adviser: "ada", queue: "Paying", talked_ms: 65_000 },
    { call: "call-def456", adviser: "bryn", queue: null, talked_ms: 5_000 },
  ],
};
const WAY = { node_url: "ws://node.example/leg", ticket: "ticket-9" };

let server: Server;
let user: ReturnType<typeof userEvent.setup>;

beforeEach(async () => {
  server = serve({ ...ME, role: "supervisor" });
  server.answers.set("GET /api/board", BOARD);
  server.answers.set("GET /api/talks?adviser=", TALKS);
  server.answers.set("POST /api/talks/call-abc123/way", WAY);
  user = userEvent.setup();
  render(
    <Speaks>
      <BoardPage />
    </Speaks>,
  );
  await user.click(await screen.findByText("Talks"));
});

async function nodeTells(...messages: Parameters<typeof nodeSays>): Promise<void> {
  await act(async () => nodeSays(...messages));
}

const bar = () => screen.getByRole("region", { name: "The talk you are in" });
const button = (name: string) => within(bar()).getByRole("button", { name });
const asked = () => newest("/leg").sent.filter((one) => one.kind !== "beat");

async function listens(): Promise<void> {
  await user.click(await screen.findByRole("button", { name: "Listen to ada" }));
  await vi.waitFor(() => newest("/leg"));
  await act(async () => newest("/leg").opens());
  await nodeTells(ANSWER, { kind: "supervising", mode: "listen" });
}

describe("a supervisor in a talk", () => {
  it("is told of nothing heard before it is written down, and sends no sound", async () => {
    await user.click(await screen.findByRole("button", { name: "Listen to ada" }));
    expect(bar().textContent).toContain("It is written down that you listen");
    await vi.waitFor(() => newest("/leg"));
    await act(async () => newest("/leg").opens());
    expect(asked()[0]).toEqual({ kind: "supervise", ticket: "ticket-9", sdp: "v=0 mine" });
    await nodeTells(ANSWER, { kind: "supervising", mode: "listen" });
    expect(bar().textContent).toContain("You hear both. Nobody hears you.");
    expect(FakePeer.all.at(-1)?.sent).toBeNull();
  });

  it("sees how everybody comes in", async () => {
    await listens();
    const quality = {
      kind: "quality",
      loss_ratio: 0.2,
      jitter_ms: 4,
      delay_ms: 60,
      level_dbov: -20,
      round_trip_ms: 48.2,
      mos: 2.24,
    } as const;
    await nodeTells({ kind: "legs", legs: [{ role: "caller", quality }] });
    const legs = within(bar()).getByRole("list", { name: "How everybody comes in" });
    expect(legs.textContent).toContain("poor MOS 2.2, round trip 48 ms");
  });

  it("whispers and joins with the microphone, and listens without", async () => {
    await listens();
    await user.click(button("Whisper"));
    expect(asked().at(-1)).toEqual({ kind: "supervise_as", mode: "whisper" });
    expect(FakePeer.all.at(-1)?.sent).not.toBeNull();
    expect(bar().textContent).toContain("being written down");
    await nodeTells({ kind: "supervising", mode: "whisper" });
    expect(button("Whisper").getAttribute("aria-pressed")).toBe("true");
    expect(bar().textContent).toContain("the caller does not");
    await user.click(button("Only listen"));
    expect(FakePeer.all.at(-1)?.sent).toBeNull();
  });

  it("without a microphone goes on listening, and is told why", async () => {
    await listens();
    giveMicrophone("denied");
    await user.click(button("Join in"));
    expect(bar().textContent).toContain("microphone can’t be used");
    expect(bar().textContent).toContain("Nobody hears you");
    expect(asked().at(-1)?.kind).toBe("supervise");
  });

  it("stays as before where a change cannot be written down", async () => {
    await listens();
    await user.click(button("Join in"));
    await nodeTells({ kind: "not_done", code: "not-written-down", words: "" });
    expect(bar().textContent).toContain("The records can’t be reached");
    expect(bar().textContent).toContain("Nobody hears you");
  });

  it("comes again by itself when the node is lost, and only listens then", async () => {
    await listens();
    const before = newest("/leg");
    await act(async () => before.breaks());
    expect(bar().textContent).toContain("go on without you");
    await vi.waitFor(() => expect(newest("/leg")).not.toBe(before), { timeout: 4_000 });
    await act(async () => newest("/leg").opens());
    await nodeTells(ANSWER, { kind: "supervising", mode: "listen" });
    expect(bar().textContent).toContain("Nobody hears you");
  });

  it("leaves, and is told when the talk has ended", async () => {
    await listens();
    await nodeTells({ kind: "over", ending: null, lapse: null, words: "" });
    expect(bar().textContent).toContain("The talk has ended");
    await user.click(button("Close"));
    expect(screen.queryByRole("region", { name: "The talk you are in" })).toBeNull();
    await listens();
    await user.click(button("Leave the talk"));
    expect(asked().at(-1)).toEqual({ kind: "hang_up", call: null });
  });

  it("finds talks by the adviser's name", async () => {
    for (const sought of ["b", "br"]) {
      server.answers.set(`GET /api/talks?adviser=${sought}`, { count: 1, talks: [TALKS.talks[1]] });
    }
    await user.type(await screen.findByRole("searchbox", { name: "Adviser" }), "br");
    await vi.waitFor(() => expect(screen.queryByText("ada")).toBeNull());
    expect(screen.getByText("bryn")).toBeTruthy();
  });
});
