import { act, render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { DeskPage } from "../../src/views/desk/page";
import { Speaks } from "../../src/words";
import { cy } from "../../src/words/cy";
import { en } from "../../src/words/en";
import { ME, presence, QUEUES, RING, TALK } from "../messages";
import { newest } from "../wire/fake_socket";
import {
  BRIDGED,
  deskSays,
  FakePeer,
  giveMicrophone,
  nodeSays,
  type Server,
  serve,
} from "./server";

const NUMBER = "+441632960100";
const ATTACHED = { kind: "answer", call: RING.call, sdp: "phone" } as const;
const RINGS = { kind: "phone", state: "ringing", why: null } as const;

let server: Server;
let user: ReturnType<typeof userEvent.setup>;

async function open(): Promise<void> {
  user = userEvent.setup();
  render(
    <Speaks>
      <DeskPage />
    </Speaks>,
  );
  await vi.waitFor(() => newest("/api/live"));
  await says(presence("ready"), QUEUES);
}

const says = (...messages: object[]) => act(async () => deskSays(...messages));
const nodeTells = (...messages: Parameters<typeof nodeSays>) =>
  act(async () => nodeSays(...messages));
const button = (name: string | RegExp) => screen.getByRole("button", { name });
const item = (name: string) => screen.getByRole("menuitemradio", { name });

async function choose(number = "01632 960100"): Promise<void> {
  await user.click(item("On a phone…"));
  await user.type(await screen.findByLabelText("Number"), number);
  await user.click(button("Use this phone"));
}

async function ring(): Promise<void> {
  await says(presence("ringing"), RING);
  await vi.waitFor(() => newest("/leg"));
  await act(async () => newest("/leg").opens());
}

beforeEach(() => {
  localStorage.clear();
  server = serve({ ...ME, may_use_phone: true });
  server.answers.set("POST /api/phone", { number: NUMBER });
});

describe("an adviser's phone", () => {
  it("is not offered where no phones are rung", async () => {
    server.me = ME;
    await open();
    await user.click(button(/^Microphone/));
    expect(screen.queryByRole("menuitemradio", { name: /phone/i })).toBeNull();
  });

  it("takes the sound of the next call, which rings it once the adviser answers", async () => {
    await open();
    await user.click(button(/Microphone/));
    await choose();
    expect(await screen.findByRole("button", { name: `Sound: ${NUMBER}` })).toBeTruthy();
    const peers = FakePeer.all.length;
    await ring();
    expect(newest("/leg").sent).toEqual([
      { kind: "attach", ticket: "ticket-1", sdp: "phone", phone: NUMBER, recording: null },
    ]);
    await nodeTells(ATTACHED);
    await user.click(button(/Answer/));
    expect(newest("/leg").kinds()).toEqual(["attach", "answer_call"]);
    await nodeTells(RINGS);
    expect(button(/Your phone rings/)).toBeTruthy();
    expect(screen.getByTestId("announced-polite").textContent).toContain("Pick it up to talk");
    await nodeTells(BRIDGED);
    await says(presence("talking"), { ...TALK, ring: RING });
    expect(screen.getByTestId("health-line").textContent).toContain("on your phone");
    expect(FakePeer.all.length).toBe(peers + 1);
    expect(FakePeer.all.at(-1)?.remote).toBeNull();
  });

  it.each([
    ["number-not-allowed", en.phone.notAllowed, cy.phone.notAllowed],
    ["internal-error", en.phone.notTried, cy.phone.notTried],
  ])(
    "is refused in the page's language (%s), and what was typed stays",
    async (code, english, welsh) => {
      const detail = "That number is not on the list of those that may be rung.";
      server.answers.set("POST /api/phone", { status: 403, code, detail });
      await open();
      await user.click(button(/Microphone/));
      await choose("+449012345678");
      const dialog = screen.getByRole("dialog");
      expect(within(dialog).getByRole("alert").textContent).toBe(english);
      expect(screen.getByLabelText<HTMLInputElement>("Number").value).toBe("+449012345678");
      await user.keyboard("{Escape}");
      await user.click(button("Cymraeg"));
      await user.click(button(/Meicroffon/));
      await user.click(item(cy.phone.onPhone(null)));
      await user.type(await screen.findByLabelText(cy.phone.number), "1");
      await user.click(button(cy.phone.use));
      expect(within(screen.getByRole("dialog")).getByRole("alert").textContent).toBe(welsh);
    },
  );

  it.each([
    ["busy", en.phone.failed.busy],
    ["lines-busy", en.phone.failed.noLine],
    ["unreachable", en.phone.failed.notReached],
    ["number-not-allowed", en.phone.failed.notReached],
    ["no_answer", en.phone.failed.notPickedUp],
  ])("that cannot be had (%s) is said and shown so, until that is put away", async (why, words) => {
    localStorage.setItem(
      `contactcentre.phone.${ME.adviser}`,
      JSON.stringify({ number: NUMBER, isOn: true }),
    );
    await open();
    await ring();
    await nodeTells(ATTACHED);
    await user.click(button(/Answer/));
    await nodeTells(RINGS, { kind: "phone", state: "failed", why });
    expect(screen.getByTestId("announced-polite").textContent).toContain(words);
    await says(presence("away"));
    expect(screen.getByText(words, { selector: ".notice p" })).toBeTruthy();
    await user.click(button(en.hide));
    expect(screen.queryByText(words, { selector: ".notice p" })).toBeNull();
  });

  it("is kept, and the adviser told what to do, where the browser gives no microphone", async () => {
    localStorage.setItem(
      `contactcentre.phone.${ME.adviser}`,
      JSON.stringify({ number: NUMBER, isOn: true }),
    );
    giveMicrophone("denied");
    await open();
    const refused = () => screen.queryByText(en.microphone.troubles.refused, { exact: false });
    expect(refused()).toBeNull();
    await user.click(button(`Sound: ${NUMBER}`));
    await user.click(item("In this browser"));
    await vi.waitFor(() => expect(refused()?.textContent).toContain(en.phone.stays));
    expect(button(`Sound: ${NUMBER}`)).toBeTruthy();
    await user.click(button(en.phone.stay));
    expect(refused()).toBeNull();
    await user.click(button(`Sound: ${NUMBER}`));
    await user.click(item("In this browser"));
    await vi.waitFor(() => expect(refused()).toBeTruthy());
    giveMicrophone("granted");
    await user.click(button(en.microphone.again));
    await vi.waitFor(() => expect(button(/^Microphone/)).toBeTruthy());
    expect(refused()).toBeNull();
  });

  it("that could not be had is forgotten as the adviser is ready for the next call", async () => {
    localStorage.setItem(
      `contactcentre.phone.${ME.adviser}`,
      JSON.stringify({ number: NUMBER, isOn: true }),
    );
    server.answers.set("POST /api/presence", presence("ready"));
    await open();
    await ring();
    await nodeTells(ATTACHED, RINGS, { kind: "phone", state: "failed", why: "busy" });
    await says(presence("away"));
    expect(screen.getByText(en.phone.failed.busy, { selector: ".notice p" })).toBeTruthy();
    await user.click(button("Ready"));
    expect(screen.queryByText(en.phone.failed.busy, { selector: ".notice p" })).toBeNull();
  });

  it("is a way to answer where the microphone is refused, also while it rings", async () => {
    giveMicrophone("denied");
    await open();
    await says(presence("ringing"), RING);
    const [instead] = screen.getAllByRole("button", { name: "Use a phone" });
    await user.click(instead as HTMLElement);
    await user.type(await screen.findByLabelText("Number"), NUMBER);
    await user.click(button("Use this phone"));
    await vi.waitFor(() => newest("/leg"));
    await act(async () => newest("/leg").opens());
    await nodeTells(ATTACHED);
    await user.click(button(/Answer/));
    expect(newest("/leg").kinds()).toEqual(["attach", "answer_call"]);
  });

  it("is remembered on this computer, and left for the browser again", async () => {
    localStorage.setItem(
      `contactcentre.phone.${ME.adviser}`,
      JSON.stringify({ number: NUMBER, isOn: true }),
    );
    await open();
    await user.click(button(`Sound: ${NUMBER}`));
    await user.click(item(`On my phone ${NUMBER}`));
    await user.click(button(`Sound: ${NUMBER}`));
    await user.click(screen.getAllByRole("menuitemradio")[0] as HTMLElement);
    await vi.waitFor(() => button(/Microphone/));
    expect(localStorage.getItem(`contactcentre.phone.${ME.adviser}`)).toContain('"isOn":false');
  });

  it("is said to ring again where a talk has moved", async () => {
    localStorage.setItem(
      `contactcentre.phone.${ME.adviser}`,
      JSON.stringify({ number: NUMBER, isOn: true }),
    );
    await open();
    await says(presence("talking"), { ...TALK, ring: RING });
    await vi.waitFor(() => newest("/leg"));
    await nodeTells(ATTACHED, RINGS);
    expect(screen.getByText(/rung again, as the call has moved/)).toBeTruthy();
    await nodeTells({ ...RINGS, state: "answered" }, BRIDGED);
    expect(screen.queryByText(/rung again/)).toBeNull();
  });
});
