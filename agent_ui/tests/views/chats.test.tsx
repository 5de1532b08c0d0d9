import { act, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, it, vi } from "vitest";
import { DeskPage } from "../../src/views/desk/page";
import type { NodeSays } from "../../src/wire/made";
import { Speaks } from "../../src/words";
import { ME, presence, QUEUES, RING, TALK, WRAP_UP } from "../messages";
import { FakeSocket, newest } from "../wire/fake_socket";
import { BRIDGED, deskSays, type Server, serve } from "./server";

const FIRST = "nia/c1";
const SECOND = "nia/c2";
const TEXT_ANSWER: NodeSays = { kind: "answer", call: RING.call, sdp: "text" };

let server: Server;
let user: ReturnType<typeof userEvent.setup>;

const ringOf = (number: number) => ({
  ...RING,
  call: `chat-00000${number}`,
  token: 20 + number,
  node_url: `ws://node.example/leg/${number}`,
});
const chat = (seat: string, ...told: object[]) =>
  told.map((one) => ({ kind: "chat", seat, said: one }));
const leg = (number: number): FakeSocket => newest(`/leg/${number}`);

async function says(...messages: object[]): Promise<void> {
  await act(async () => deskSays(...messages));
}

async function node(number: number, ...messages: NodeSays[]): Promise<void> {
  await act(async () => {
    if (leg(number).readyState !== FakeSocket.OPEN) leg(number).opens();
    for (const message of messages) leg(number).says(message);
  });
}

async function chatting(seat: string, number: number): Promise<void> {
  const ring = ringOf(number);
  await says(...chat(seat, presence("ringing"), ring));
  await vi.waitFor(() => leg(number));
  await node(number, TEXT_ANSWER, { kind: "so_far" });
  await user.click(await screen.findByRole("button", { name: "Take the chat" }));
  await node(number, { ...BRIDGED, kind: "bridged", token: ring.token });
  const talk = { ...TALK, call: ring.call, token: ring.token, ring };
  await says(...chat(seat, presence("talking"), talk));
}

const written = (
  text: string,
  words: string,
  order: number,
  by: "caller" | "adviser",
): NodeSays => ({
  kind: "written",
  text,
  by,
  order,
  words,
  at_ms: 1,
});

beforeEach(async () => {
  server = serve({ ...ME, chats_max: 2 });
  sessionStorage.clear();
  user = userEvent.setup();
  render(
    <Speaks>
      <DeskPage />
    </Speaks>,
  );
  await vi.waitFor(() => newest("/api/live"));
  await says(presence("ready"), QUEUES);
});

it("a chat is joined with text, taken, and written in; sent is what the node has", async () => {
  await chatting(FIRST, 1);
  expect(leg(1).kinds().slice(0, 2)).toEqual(["attach", "answer_call"]);
  expect(leg(1).sent[0]).toMatchObject({ sdp: "text", ticket: RING.ticket });
  await node(1, written("caller-1", "<b>Hello</b>", 3, "caller"));
  expect(screen.getByText("<b>Hello</b>")).toBeTruthy();
  await user.type(screen.getByLabelText("Your message"), "Good morning{Enter}");
  const said = leg(1).sent.at(-1) as { kind: string; text: string; words: string };
  expect(said).toMatchObject({ kind: "typing" });
  const write = leg(1).sent.find((one) => (one as { kind: string }).kind === "write");
  expect(write).toMatchObject({ words: "Good morning", order: null });
  expect(screen.getByText("Being sent")).toBeTruthy();
  await node(1, written((write as typeof said).text, "Good morning", 4, "adviser"));
  expect(screen.getByText("Sent")).toBeTruthy();
});

it("two chats have a tab each, and what is unread is counted and said", async () => {
  await chatting(FIRST, 1);
  await says(...chat(SECOND, presence("ringing"), ringOf(2)));
  await vi.waitFor(() => leg(2));
  const tabs = screen.getAllByRole("tab");
  expect(tabs).toHaveLength(2);
  await node(2, TEXT_ANSWER, { kind: "so_far" }, written("caller-1", "Hello?", 3, "caller"));
  expect(tabs[1]?.textContent).toContain("1 unread");
  await user.click(tabs[1] as HTMLElement);
  expect(screen.getAllByRole("tab")[1]?.textContent).not.toContain("unread");
});

it("whoever has too many chats for a call is told so, and what to do about it", async () => {
  await chatting(FIRST, 1);
  expect(screen.getByRole("heading", { name: "Ready for a call" })).toBeTruthy();
  await says(...chat(SECOND, presence("ringing"), ringOf(2)));
  expect(screen.getByRole("heading", { name: "Busy with chats" })).toBeTruthy();
  expect(
    screen.getByText("No call comes in while 2 chats are open: end one, and calls come again."),
  ).toBeTruthy();
  await says(...chat(FIRST, presence("wrap_up"), { ...WRAP_UP, call: ringOf(1).call }));
  expect(screen.getByRole("heading", { name: "Ready for a call" })).toBeTruthy();
});

it("a line that breaks is opened again, and what the new node lacks is said again", async () => {
  await chatting(FIRST, 1);
  await user.type(screen.getByLabelText("Your message"), "One{Enter}");
  const write = leg(1).sent.find(
    (one) => (one as { kind: string }).kind === "write",
  ) as unknown as {
    text: string;
  };
  await node(1, written(write.text, "One", 4, "adviser"));
  const there = { ...ringOf(1), node_url: "ws://other.example/leg/9" };
  await says(...chat(FIRST, { ...TALK, call: there.call, token: there.token, ring: there }));
  await vi.waitFor(() => leg(9));
  await node(9, TEXT_ANSWER, { kind: "so_far" });
  expect(leg(9).sent.at(-1)).toEqual({ kind: "write", text: write.text, words: "One", order: 4 });
});

it("an ended chat stays to be read until it is put away", async () => {
  await chatting(FIRST, 1);
  await node(1, written("caller-1", "Thank you", 3, "caller"));
  await says(...chat(FIRST, presence("wrap_up"), { ...WRAP_UP, call: ringOf(1).call }));
  expect(screen.getByText("Thank you")).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Close chat" }));
  expect(server.asked.at(-1)).toMatchObject({
    what: "POST /api/wrap-up/finish",
    body: { call: ringOf(1).call, then: "ready" },
  });
  await says(...chat(FIRST, presence("ready")));
  expect(screen.queryByText("Thank you")).toBeNull();
});

it("whoever signs out under open chats is asked, and the callers go back to their places", async () => {
  await chatting(FIRST, 1);
  await says(...chat(SECOND, presence("ringing"), ringOf(2)));
  await vi.waitFor(() => leg(2));
  await node(2, TEXT_ANSWER, { kind: "so_far" });
  await user.click(screen.getByRole("button", { name: /Nia Prosser/ }));
  await user.click(await screen.findByRole("menuitem", { name: "Sign out" }));
  const asked = await screen.findByRole("alertdialog", { name: "Sign out with 2 chats open?" });
  expect(asked.textContent).toContain("The callers go back to their places");
  await user.click(screen.getByRole("button", { name: "Hand back and sign out" }));
  expect(server.asked.at(-1)).toMatchObject({
    what: "POST /api/presence",
    body: { state: "away", reason: "other_work" },
  });
  await vi.waitFor(() => expect(leg(1).kinds()).toContain("hand_back"));
  expect(leg(2).kinds()).toContain("decline");
  expect(server.asked.map((one) => one.what)).not.toContain("POST /api/sign-out");
  await says(...chat(FIRST, presence("wrap_up"), { ...WRAP_UP, call: ringOf(1).call }));
  await says(...chat(SECOND, presence("away", "declined")));
  await vi.waitFor(() =>
    expect(server.asked.map((one) => one.what)).toContain("POST /api/sign-out"),
  );
});

it("whoever stays keeps the chats, and is asked nothing where none is open", async () => {
  await chatting(FIRST, 1);
  await user.click(screen.getByRole("button", { name: /Nia Prosser/ }));
  await user.click(await screen.findByRole("menuitem", { name: "Sign out" }));
  await user.click(await screen.findByRole("button", { name: "Stay" }));
  expect(leg(1).kinds()).not.toContain("hand_back");
  await says(...chat(FIRST, presence("wrap_up"), { ...WRAP_UP, call: ringOf(1).call }));
  await user.click(screen.getByRole("button", { name: /Nia Prosser/ }));
  await user.click(await screen.findByRole("menuitem", { name: "Sign out" }));
  await vi.waitFor(() =>
    expect(server.asked.map((one) => one.what)).toContain("POST /api/sign-out"),
  );
});

it("the browser asks before the page is closed under an open chat, and not after it", async () => {
  const closes = () => {
    const event = new Event("beforeunload", { cancelable: true });
    window.dispatchEvent(event);
    return event.defaultPrevented;
  };
  expect(closes()).toBe(false);
  await chatting(FIRST, 1);
  expect(closes()).toBe(true);
  await says(...chat(FIRST, presence("wrap_up"), { ...WRAP_UP, call: ringOf(1).call }));
  expect(closes()).toBe(false);
});
