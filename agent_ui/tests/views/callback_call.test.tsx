import { act, render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { DeskPage } from "../../src/views/desk/page";
import type { CallerRung } from "../../src/wire/made";
import { Speaks } from "../../src/words";
import { en } from "../../src/words/en";
import { ME, presence, QUEUES, RING, TALK, WRAP_UP } from "../messages";
import { FakeSocket, newest } from "../wire/fake_socket";
import { ANSWER, BRIDGED, deskSays, nodeSays, type Server, serve } from "./server";

const CALLBACK = {
  ...RING,
  node_url: "",
  ticket: "rang",
  callback: { number: "01632960001", booked_ms: 3_660_000, attempts_count: 0 },
};
const NUMBER = "01632 960 001";
const WAY = `POST /api/callbacks/${RING.call}/way`;
const ASKED = `POST /api/callbacks/${RING.call}`;
const THERE = { node_url: "ws://south.example/leg", ticket: "way" };
const RINGS: CallerRung = {
  kind: "caller_rung",
  state: "ringing",
  is_heard: true,
  why: null,
  found: null,
  may_again: false,
};

let server: Server;
let user: ReturnType<typeof userEvent.setup>;

const button = (name: string | RegExp) => screen.getByRole("button", { name });
const inCard = () => within(screen.getByRole("region", { name: en.call.current }));
const legs = () => FakeSocket.all.filter((socket) => socket.url.endsWith("/leg"));
const words = () => server.asked.filter(({ what }) => what === ASKED).map(({ body }) => body);
const says = (...messages: object[]) => act(async () => deskSays(...messages));
const nodeTells = (...messages: Parameters<typeof nodeSays>) =>
  act(async () => nodeSays(...messages));
const failed = (why: string, found: CallerRung["found"], mayAgain: boolean): CallerRung => ({
  ...RINGS,
  state: "failed",
  is_heard: false,
  why,
  found,
  may_again: mayAgain,
});

async function open(mayHaveRung = true): Promise<void> {
  server = serve({ ...ME, may_use_phone: true, may_have_rung: mayHaveRung });
  server.answers.set(ASKED, { written: true });
  server.answers.set(WAY, THERE);
  user = userEvent.setup();
  render(
    <Speaks>
      <DeskPage />
    </Speaks>,
  );
  await vi.waitFor(() => newest("/api/live"));
  await says(presence("ready"), QUEUES, presence("ringing"), CALLBACK);
  await says(presence("talking"), { ...TALK, ring: CALLBACK });
}

async function call(): Promise<void> {
  await user.click(button(new RegExp(`^Call ${NUMBER}`)));
  await vi.waitFor(() => newest("/leg"));
  await act(async () => newest("/leg").opens());
}

beforeEach(() => localStorage.clear());

describe("a callback whose caller is called from here", () => {
  it("is called in one press, rings, and is a call as any other once it is answered", async () => {
    await open();
    expect(legs()).toEqual([]);
    await call();
    expect(newest("/leg").url).toBe(THERE.node_url);
    expect(newest("/leg").sent[0]).toMatchObject({ kind: "attach", ticket: "way" });
    expect(screen.getByText(`Calling ${NUMBER} …`)).toBeTruthy();
    expect(screen.queryByRole("button", { name: "We spoke" })).toBeNull();
    await nodeTells(ANSWER, { ...RINGS, state: "dialling" }, RINGS);
    expect(screen.getByText(new RegExp(`${NUMBER} is ringing`))).toBeTruthy();
    expect(screen.getByTestId("announced-polite").textContent).toBe(en.callback.ringing);
    expect(screen.queryByRole("button", { name: /Mute/ })).toBeNull();
    await nodeTells(BRIDGED);
    expect(button(/Mute/)).toBeTruthy();
    await says({ ...TALK, ring: { ...CALLBACK, ...THERE, ticket: "talk" } });
    expect(button(/Hold/)).toBeTruthy();
    expect(legs()).toHaveLength(1);
    expect(screen.getByText(en.call.talking)).toBeTruthy();
    await user.click(button(/End call/));
    expect(newest("/leg").kinds()).toContain("hang_up");
  });

  it("is called and let go by keys as well", async () => {
    await open();
    await user.keyboard("{F2}");
    await vi.waitFor(() => newest("/leg"));
    await act(async () => newest("/leg").opens());
    await nodeTells(ANSWER, RINGS);
    await user.keyboard("{F2}");
    expect(legs()).toHaveLength(1);
    await user.keyboard("{Shift>}{F9}{/Shift}");
    expect(newest("/leg").kinds()).toContain("hang_up");
    await nodeTells(failed("given_up", null, false));
    expect(inCard().getByText(en.callback.failed.stopped)).toBeTruthy();
    expect(button("No answer")).toBeTruthy();
  });

  it("is called no further if that is stopped before the node has been reached", async () => {
    await open();
    await user.click(button(new RegExp(`^Call ${NUMBER}`)));
    await vi.waitFor(() => newest("/leg"));
    await user.click(button(/^Stop calling/));
    expect(inCard().getByText(en.callback.failed.stopped)).toBeTruthy();
    await act(async () => newest("/leg").opens());
    expect(newest("/leg").sent).toEqual([]);
    expect(button(new RegExp(`^Call ${NUMBER} again`))).toBeTruthy();
  });

  it.each([
    ["busy", "no_answer", "No answer", en.callback.failed.busy],
    ["no_such_number", "wrong_number", "Wrong number", en.callback.failed.noSuchNumber],
  ] as const)("that is %s is called no second time, and says what is likely", async (...row) => {
    const [why, found, name, sentence] = row;
    await open();
    await call();
    await nodeTells(ANSWER, failed(why, found, false));
    expect(inCard().getByText(new RegExp(sentence))).toBeTruthy();
    expect(screen.queryByRole("button", { name: /^Call / })).toBeNull();
    expect(button(name).dataset.look).toBe("answer");
    expect(button("We spoke").dataset.look).toBeUndefined();
    await user.click(button(name));
    expect(words()).toEqual([{ word: found, ticket: "rang" }]);
  });

  it("may be called again where it was no attempt: the line broke, or none was free", async () => {
    await open();
    await call();
    await act(async () => newest("/leg").breaks(1006));
    expect(inCard().getByText(en.callback.failed.lost)).toBeTruthy();
    await user.click(button(new RegExp(`^Call ${NUMBER} again`)));
    await vi.waitFor(() => expect(legs()).toHaveLength(2));
    await nodeTells({ kind: "refused", code: "node-full", words: "Full." });
    expect(inCard().getByText(en.callback.failed.noLine)).toBeTruthy();
    expect(button(new RegExp(`^Call ${NUMBER} again`))).toBeTruthy();
    await user.click(button(new RegExp(`^Call ${NUMBER} again`)));
    await vi.waitFor(() => expect(legs()).toHaveLength(3));
    await nodeTells({ kind: "refused", code: "number-not-allowed", words: "Never." });
    expect(screen.queryByRole("button", { name: /^Call / })).toBeNull();
    expect(screen.getByText(/Ring the caller on your phone/)).toBeTruthy();
  });

  it("is rung no longer for an adviser who takes the sound elsewhere meanwhile", async () => {
    await open();
    await call();
    await nodeTells(ANSWER, RINGS);
    server.answers.set("POST /api/phone", { number: "+441632960100" });
    await user.click(button(/^(Sound|Microphone)/));
    await user.click(screen.getByRole("menuitemradio", { name: "On a phone…" }));
    await user.type(await screen.findByLabelText("Number"), "01632 960100");
    await user.click(button("Use this phone"));
    expect(await inCard().findByText(en.callback.failed.lost)).toBeTruthy();
    expect(newest("/leg").readyState).not.toBe(FakeSocket.OPEN);
  });

  it("has an adviser on a phone pick that up first", async () => {
    await open();
    await call();
    await nodeTells({ kind: "phone", state: "ringing", why: null });
    expect(inCard().getByText(en.phone.pickUp)).toBeTruthy();
    await nodeTells({ kind: "phone", state: "answered", why: null }, RINGS);
    expect(inCard().getByText(new RegExp(`${NUMBER} is ringing`))).toBeTruthy();
    await nodeTells(failed("no_adviser", null, true));
    expect(inCard().getByText(en.callback.failed.noSound)).toBeTruthy();
  });

  it("counts as reached after a talk, until the adviser says that it was a mailbox", async () => {
    await open();
    await says({ ...TALK, ring: { ...CALLBACK, ...THERE, ticket: "talk" } });
    await says(presence("wrap_up"), WRAP_UP);
    const ends = within(screen.getByRole("group", { name: en.callback.ends }));
    expect(ends.getByRole("button", { name: "We spoke", pressed: true })).toBeTruthy();
    expect(words()).toEqual([]);
    await user.click(ends.getByRole("button", { name: "No answer" }));
    expect(ends.getByRole("button", { name: "No answer", pressed: true })).toBeTruthy();
    expect(words()).toEqual([{ word: "no_answer", ticket: "talk" }]);
    expect(screen.getByText(en.callback.noted("No answer"))).toBeTruthy();
  });

  it("is rung by hand where no trunk can call", async () => {
    await open(false);
    expect(screen.queryByRole("button", { name: /^Call / })).toBeNull();
    expect(screen.getByText(/Ring the caller on your phone/)).toBeTruthy();
    expect(button("We spoke").dataset.look).toBe("answer");
    await user.keyboard("{F2}");
    expect(server.asked.filter(({ what }) => what === WAY)).toEqual([]);
  });

  it("says so where the desk knows no way", async () => {
    await open();
    server.answers.set(WAY, { status: 503, code: "node-full", detail: "No node can take one." });
    await user.click(button(new RegExp(`^Call ${NUMBER}`)));
    expect(await screen.findByText(/No node can take one/)).toBeTruthy();
    expect(legs()).toEqual([]);
  });
});
