import { act, cleanup, render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { DeskPage } from "../../src/views/desk/page";
import { Speaks } from "../../src/words";
import { ME, presence, QUEUES, RING, TALK, WRAP_UP } from "../messages";
import { FakeSocket, newest } from "../wire/fake_socket";
import { deskSays, type Server, serve } from "./server";

const CALLBACK = {
  ...RING,
  node_url: "",
  ticket: "rang",
  callback: { number: "01632960001", booked_ms: 3_660_000, attempts_count: 1 },
};
const KEY = `contactcentre.callback.${ME.adviser}`;
const ASKED = `POST /api/callbacks/${RING.call}`;

let server: Server;
let user: ReturnType<typeof userEvent.setup>;

const button = (name: string | RegExp) => screen.getByRole("button", { name });
const lives = () => FakeSocket.all.filter((socket) => socket.url.endsWith("/api/live"));
const words = () => server.asked.filter(({ what }) => what === ASKED).map(({ body }) => body);

async function says(...messages: object[]): Promise<void> {
  await act(async () => deskSays(...messages));
}

beforeEach(async () => {
  server = serve();
  localStorage.removeItem(KEY);
  server.answers.set(ASKED, { written: true });
  user = userEvent.setup();
  render(
    <Speaks>
      <DeskPage />
    </Speaks>,
  );
  await vi.waitFor(() => newest("/api/live"));
  await says(presence("ready"), QUEUES, presence("ringing"), CALLBACK);
});

describe("a callback", () => {
  it("rings with its number, how long ago it was booked and how often it was tried", () => {
    const card = screen.getByRole("region", { name: "Call back to make" });
    expect(within(card).getByText("01632 960 001")).toBeTruthy();
    expect(within(card).getByText("1:01:00 ago")).toBeTruthy();
    expect(within(card).getByText("1 time")).toBeTruthy();
    expect(FakeSocket.all.filter((socket) => socket.url.endsWith("/leg"))).toEqual([]);
  });

  it("is taken, or given back, through the desk", async () => {
    await user.click(button("Take it"));
    expect(words()).toEqual([{ word: "take", ticket: "rang" }]);
    await user.click(button(/Can’t take it/));
    expect(words().at(-1)).toEqual({ word: "decline", ticket: "rang" });
  });

  it("is taken with F2 as well", async () => {
    await user.keyboard("{F2}");
    expect(words()).toEqual([{ word: "take", ticket: "rang" }]);
  });

  it("that is taken asks for how it ended, in one press", async () => {
    await says(presence("talking"), { ...TALK, ring: CALLBACK });
    expect(screen.getByText("since you took it")).toBeTruthy();
    expect(screen.getByText(/Ring the caller on your phone/).textContent).toContain(
      "01632 960 001",
    );
    for (const [name, word] of [
      ["No answer", "no_answer"],
      ["Wrong number", "wrong_number"],
      ["Can’t be rung", "given_up"],
      ["We spoke", "reached"],
    ] as const) {
      await user.click(button(name));
      expect(words().at(-1)).toEqual({ word, ticket: "rang" });
    }
    expect(screen.queryByRole("button", { name: /End call/ })).toBeNull();
    await says(presence("wrap_up"), WRAP_UP);
    expect(screen.queryByRole("button", { name: "We spoke" })).toBeNull();
  });

  it("whose keeper cannot be told says so, and is told by itself until it is written", async () => {
    const said = { word: "reached", ticket: "rang" };
    server.answers.set(ASKED, "unreachable");
    await says(presence("talking"), { ...TALK, ring: CALLBACK });
    await user.click(button("We spoke"));
    expect(await screen.findByText(/could not be passed on yet/)).toBeTruthy();
    await says(presence("away")); // another desk, which knows nothing of it
    server.answers.set(ASKED, { written: false });
    await vi.waitFor(() => expect(words().length).toBeGreaterThan(2), 5_000);
    server.answers.set(ASKED, { written: true });
    await vi.waitFor(() => expect(localStorage.getItem(KEY)).toBeNull(), 5_000);
    expect(new Set(words().map((word) => JSON.stringify(word)))).toEqual(
      new Set([JSON.stringify(said)]),
    );
  });

  it("is told of by the next page, if this one is closed before it could be", async () => {
    server.answers.set(ASKED, "unreachable");
    await says(presence("talking"), { ...TALK, ring: CALLBACK });
    await user.click(button("No answer"));
    await vi.waitFor(() => expect(words()).toHaveLength(1));
    cleanup();
    server.answers.set(ASKED, { written: true });
    render(
      <Speaks>
        <DeskPage />
      </Speaks>,
    );
    await vi.waitFor(() => expect(lives()).toHaveLength(2));
    await says(presence("away"), QUEUES);
    await vi.waitFor(() => expect(localStorage.getItem(KEY)).toBeNull());
    expect(words().at(-1)).toEqual({ word: "no_answer", ticket: "rang" });
  });
});
