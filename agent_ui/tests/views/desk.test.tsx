import { act, render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { DeskPage } from "../../src/views/desk/page";
import { Speaks } from "../../src/words";
import { ME, presence, QUEUES, RING, RING_ENDED, TALK, WRAP_UP } from "../messages";
import { newest } from "../wire/fake_socket";
import { ANSWER, BRIDGED, deskSays, giveMicrophone, nodeSays, type Server, serve } from "./server";

let server: Server;
let user: ReturnType<typeof userEvent.setup>;

/** Let the page take in what was said to it. */
async function says(...messages: object[]): Promise<void> {
  await act(async () => deskSays(...messages));
}

async function nodeTells(...messages: Parameters<typeof nodeSays>): Promise<void> {
  await act(async () => nodeSays(...messages));
}

async function open(...messages: object[]): Promise<void> {
  user = userEvent.setup();
  render(
    <Speaks>
      <DeskPage />
    </Speaks>,
  );
  await vi.waitFor(() => newest("/api/live"));
  await says(presence("ready"), QUEUES, ...messages);
}

async function talking(): Promise<void> {
  await says(presence("ringing"), RING);
  await vi.waitFor(() => newest("/leg"));
  await nodeTells(ANSWER);
  await nodeTells(BRIDGED);
  await says(presence("talking"), TALK);
}

const button = (name: string | RegExp) => screen.getByRole("button", { name });
const saidAloud = (manner: "polite" | "assertive") =>
  screen.getByTestId(`announced-${manner}`).textContent?.trim();

beforeEach(() => {
  server = serve();
});

describe("signing in", () => {
  beforeEach(() => {
    server.me = null;
    render(
      <Speaks>
        <DeskPage />
      </Speaks>,
    );
    user = userEvent.setup();
  });

  it("a wrong password is said calmly, and what was typed stays", async () => {
    await user.type(await screen.findByLabelText("User name"), "nia");
    await user.type(screen.getByLabelText("Password"), "wrong");
    await user.click(button("Sign in"));
    expect((await screen.findByRole("alert")).textContent).toContain("do not belong together");
    expect(screen.getByLabelText<HTMLInputElement>("User name").value).toBe("nia");
  });

  it("a password may be pasted", async () => {
    await user.click(await screen.findByLabelText("Password"));
    await user.paste("from the password manager");
    expect(screen.getByLabelText<HTMLInputElement>("Password").value).toBe(
      "from the password manager",
    );
  });

  it("empty fields are said before the server is asked", async () => {
    await user.click(await screen.findByRole("button", { name: "Sign in" }));
    expect(screen.getByRole("alert").textContent).toContain("Enter your user name");
    expect(server.asked.map((one) => one.what)).not.toContain("POST /api/sign-in");
  });

  it("too many attempts and an unreachable desk have sentences of their own", async () => {
    await user.type(await screen.findByLabelText("User name"), "nia");
    await user.type(screen.getByLabelText("Password"), "x");
    server.answers.set("POST /api/sign-in", { status: 429, code: "too-many", detail: "Wait." });
    await user.click(button("Sign in"));
    expect((await screen.findByRole("alert")).textContent).toContain("Wait a minute");
    server.answers.set("POST /api/sign-in", "unreachable");
    await user.click(button("Sign in"));
    await vi.waitFor(() =>
      expect(screen.getByRole("alert").textContent).toContain("can’t be reached"),
    );
  });

  it("whoever signs in comes to the desk", async () => {
    server.answers.set("POST /api/sign-in", ME);
    await user.type(await screen.findByLabelText("User name"), "nia");
    await user.type(screen.getByLabelText("Password"), "right");
    await user.click(button("Sign in"));
    expect(await screen.findByRole("main")).toBeTruthy();
    expect(newest("/api/live").url).toMatch(/\/api\/live$/);
  });
});

describe("the adviser's state", () => {
  it("is a word and a clock, and a menu where it can be changed", async () => {
    await open();
    expect(screen.getByTestId("presence").textContent).toMatch(/Ready\s*0:0[23]/);
    await user.click(screen.getByTestId("presence"));
    const menu = await screen.findByRole("menu");
    expect(
      within(menu)
        .getAllByRole("menuitem")
        .map((one) => one.textContent),
    ).toEqual(["Ready", "Break", "Lunch"]);
    await user.click(within(menu).getByRole("menuitem", { name: "Lunch" }));
    await vi.waitFor(() => expect(screen.getByTestId("presence").textContent).toContain("Lunch"));
    expect(server.asked.at(-1)?.body).toEqual({ state: "away", reason: "lunch" });
  });

  it("cannot be changed during a call", async () => {
    await open(presence("ringing"), RING);
    expect(screen.getByTestId("presence").tagName).toBe("P");
  });

  it("after a missed call says what has become of the caller", async () => {
    await open(presence("ringing"), RING, RING_ENDED, presence("away", "no_answer"));
    expect(screen.getByText(/The caller kept the place/)).toBeTruthy();
    expect(button("Ready")).toBeTruthy();
  });
});

describe("ringing", () => {
  it("says who waits and for how long, in the title and once aloud", async () => {
    await open(presence("ringing"), RING);
    expect(document.title).toBe("☎ Incoming call: Tax: paying");
    expect(saidAloud("assertive")).toBe(
      "Incoming call, Tax: paying, waited 1:01. Press F2 to answer.",
    );
    const card = screen.getByRole("region", { name: "Incoming call" });
    expect(within(card).getByText("Speaks Welsh")).toBeTruthy();
    expect(within(card).getByText("Call reference ABC123")).toBeTruthy();
    expect(within(card).getByText("20 seconds to answer")).toBeTruthy();
  });

  it("does not take the focus from whoever types", async () => {
    await open(presence("wrap_up"), WRAP_UP);
    const notes = screen.getByLabelText("Notes");
    await user.click(notes);
    await says({ ...RING, call: "another", token: 18 });
    expect(button("Answer")).toBeTruthy();
    expect(document.activeElement?.tagName).not.toBe("BUTTON");
  });

  it("Answer says that it is connecting until the caller is there", async () => {
    await open(presence("ringing"), RING);
    await user.click(button("Answer"));
    expect(button("Connecting…")).toBeTruthy();
  });

  it("whoever has no microphone can set it up, and is not shown a dead button", async () => {
    giveMicrophone("denied");
    await open(presence("ringing"), RING);
    expect(screen.queryByRole("button", { name: "Answer" })).toBeNull();
    expect(screen.getAllByRole("button", { name: "Set up the microphone" })).not.toHaveLength(0);
  });

  it("the title goes back when the ring ends", async () => {
    await open(presence("ringing"), RING, RING_ENDED, presence("ready"));
    expect(document.title).toBe("contactcentre");
  });
});

describe("talking", () => {
  beforeEach(async () => {
    await open();
    await talking();
  });

  it("every control says what it is and whether it is pressed", async () => {
    const controls = screen.getByRole("group", { name: "Call controls" });
    expect(
      within(controls)
        .getAllByRole("button")
        .map((one) => one.textContent),
    ).toEqual(["MuteF2", "HoldF4", "Keypad", "TransferF8", "End callShift F9"]);
    await user.click(button("Mute"));
    expect(button("Mute").getAttribute("aria-pressed")).toBe("true");
    await nodeTells({ kind: "held", on: true });
    expect(button("Hold").getAttribute("aria-pressed")).toBe("true");
    expect(screen.getByText(/Caller on hold 0:00/)).toBeTruthy();
  });

  it("says how the caller comes in at the node", async () => {
    const quality = {
      kind: "quality",
      loss_ratio: 0,
      jitter_ms: 4,
      delay_ms: 60,
      level_dbov: -20,
      round_trip_ms: null,
      mos: 4.31,
    } as const;
    const legs = [
      { role: "caller", quality },
      { role: "adviser", quality },
    ] as const;
    await nodeTells({ kind: "legs", legs: [...legs] });
    const told = screen.getByRole("list", { name: "How everybody comes in" });
    expect(within(told).getAllByRole("listitem")).toHaveLength(1);
    expect(told.textContent).toContain("good MOS 4.3");
  });

  it("says that a supervisor is in the talk, and how", async () => {
    await nodeTells({ kind: "supervised", modes: ["listen"] });
    expect(screen.getByText(/A supervisor listens to this call/)).toBeTruthy();
    await nodeTells({ kind: "supervised", modes: ["listen", "whisper"] });
    expect(screen.getByText(/A supervisor whispers to you/)).toBeTruthy();
    await nodeTells({ kind: "supervised", modes: [] });
    expect(screen.queryByText(/A supervisor/)).toBeNull();
  });

  it("the function keys work while notes are typed", async () => {
    await user.click(screen.getByLabelText("Notes"));
    await user.keyboard("{F2}{F4}{Shift>}{F9}{/Shift}");
    expect(newest("/leg").kinds()).toEqual(["attach", "mute", "hold", "hang_up"]);
  });

  it("a recorded talk says so in words, and the pause with its end", async () => {
    expect(screen.queryByRole("button", { name: /recording/ })).toBeNull();
    await user.keyboard("{Shift>}{F8}{/Shift}");
    await nodeTells({ kind: "recording", on: true, left_ms: null, is_forgotten: false, act: 1 });
    expect(screen.getByText("Recording.")).toBeTruthy();
    await user.click(button("Pause recording"));
    await user.keyboard("{Shift>}{F8}{/Shift}");
    const asked = newest("/leg").sent.filter((said) => said.kind === "record");
    expect(asked).toEqual([
      { kind: "record", on: false },
      { kind: "record", on: false },
    ]);
    await nodeTells({ kind: "recording", on: false, left_ms: 90_000, is_forgotten: false, act: 1 });
    expect(screen.getByText("Recording paused.")).toBeTruthy();
    expect(screen.getByText(/by itself in 1:30/)).toBeTruthy();
    expect(button("Resume recording")).toBeTruthy();
    await nodeTells({ kind: "recording", on: true, left_ms: null, is_forgotten: true, act: 1 });
    expect(screen.getByText(/paused for too long/, { selector: ".recording p" })).toBeTruthy();
  });

  it("a question mark in the notes is a question mark", async () => {
    await user.type(screen.getByLabelText("Notes"), "why?");
    expect(screen.queryByRole("dialog")).toBeNull();
    expect(screen.getByLabelText<HTMLTextAreaElement>("Notes").value).toBe("why?");
  });

  it("digits typed while the keypad is open go to the caller, others do not", async () => {
    await user.click(button("Keypad"));
    expect(document.activeElement).toBe(button("1"));
    await user.keyboard("4#x");
    await user.click(button("star"));
    const keys = newest("/leg").sent.filter((said) => said.kind === "key");
    expect(keys).toEqual([
      { kind: "key", key: "4" },
      { kind: "key", key: "#" },
      { kind: "key", key: "*" },
    ]);
    await user.keyboard("{Escape}");
    expect(screen.queryByRole("button", { name: "star" })).toBeNull();
    expect(document.activeElement).toBe(button("Keypad"));
  });

  it("a caller who is not heard is told of in a calm sentence", async () => {
    await nodeTells({ kind: "caller_heard", on: false });
    expect(screen.getByRole("status").textContent).toContain("We can’t hear the caller.");
    await nodeTells({ kind: "caller_heard", on: true });
    expect(screen.getByRole("status").textContent).not.toContain("We can’t hear the caller.");
  });

  it("a desk that is lost says that the call is still up", async () => {
    await act(async () => newest("/api/live").breaks());
    const banner = screen.getByRole("status");
    expect(banner.textContent).toContain("Reconnecting to the desk, attempt 1.");
    expect(banner.textContent).toContain("Your call is still up.");
    await user.click(within(banner).getByRole("button", { name: "Try now" }));
    await says(presence("talking"), TALK);
    expect(screen.getByRole("status").textContent).toBe("");
  });

  it("a line that broke is told in one calm sentence, and again when it is whole", async () => {
    const spoken = screen.getByTestId("announced-polite");
    const before = spoken.textContent;
    await act(async () => newest("/leg").breaks());
    const banner = screen.getByRole("status");
    expect(banner.textContent).toBe(
      "The line to this caller broke. We are bringing you back together.",
    );
    expect(screen.getByTestId("health-line").textContent).toBe("Line reconnecting");
    const there = { ...RING, node_url: "ws://other.example/leg" };
    await says({ ...TALK, ring: there });
    await nodeTells(ANSWER, BRIDGED);
    await vi.waitFor(() =>
      expect(banner.textContent).toBe("You and the caller are back together."),
    );
    expect(button("Mute")).toBeTruthy();
    expect(spoken.textContent).toBe(before);
  });

  it("while it is broken the call can be ended, and nothing else is offered", async () => {
    await act(async () => newest("/leg").breaks());
    const controls = screen.getByRole("group", { name: "Call controls" });
    expect(within(controls).getAllByRole("button")).toHaveLength(1);
    expect(controls.textContent).toContain("You can wait, or end the call.");
    await user.keyboard("{Shift>}{F9}{/Shift}");
    await user.click(within(controls).getByRole("button", { name: /End call/ }));
    const ends = server.asked.filter((one) => one.what === `POST /api/calls/${RING.call}/end`);
    expect(ends).toHaveLength(2);
  });

  it("nobody signs out under a call", async () => {
    await user.click(button(/Nia Prosser/));
    const signOut = await screen.findByRole("menuitem", { name: "Sign out" });
    expect(signOut.getAttribute("aria-disabled")).toBe("true");
  });
});

describe("after the call", () => {
  beforeEach(async () => {
    await open();
    await talking();
    await says(presence("wrap_up"), WRAP_UP);
  });

  it("the end of the call is said once", () => {
    expect(saidAloud("polite")).toBe("The call has ended. Time to finish up.");
  });

  it("an outcome comes before Finish, and the reason stands beneath", async () => {
    const finish = button("Finish, then Ready");
    expect(finish.hasAttribute("disabled")).toBe(true);
    expect(screen.getByText("Choose an outcome before you finish.")).toBeTruthy();
    await user.click(button("Plan agreed"));
    expect(button("Plan agreed").getAttribute("aria-pressed")).toBe("true");
    await user.click(button("Finish, then Ready"));
    await vi.waitFor(() =>
      expect(screen.getByRole("heading", { name: "Ready for a call" })).toBeTruthy(),
    );
  });

  it("every outcome is offered where nobody knows the queue any longer", async () => {
    await says(presence("ready"), presence("wrap_up"), { ...WRAP_UP, call: "other", queue: null });
    expect(button("Plan agreed")).toBeTruthy();
    expect(screen.getByRole("group", { name: "Outcome" })).toBeTruthy();
  });

  it("or the adviser goes away for a reason", async () => {
    await user.click(button("Plan agreed"));
    await user.click(button("Finish, then away for"));
    await user.click(await screen.findByRole("menuitem", { name: "Break" }));
    await vi.waitFor(() =>
      expect(server.asked.at(-1)?.body).toMatchObject({ then: "away", reason: "break" }),
    );
  });

  it("the words are shown as saved, with the time", async () => {
    await user.type(screen.getByLabelText("Notes"), "Owes 110");
    await user.tab();
    await vi.waitFor(() =>
      expect(screen.getByTestId("notes-status").textContent).toBe("Saved 01:00:01"),
    );
  });
});

describe("everywhere", () => {
  it("the language changes on the spot, and nothing that was typed is lost", async () => {
    await open(presence("wrap_up"), WRAP_UP);
    await user.type(screen.getByLabelText("Notes"), "Owes 110");
    await user.click(button("Cymraeg"));
    expect(screen.getByLabelText<HTMLTextAreaElement>("Nodiadau").value).toBe("Owes 110");
    expect(button("Cynllun wedi’i gytuno")).toBeTruthy();
    expect(document.documentElement.lang).toBe("cy");
  });

  it("the next person at this computer is not left with the last one's language", async () => {
    await open();
    await user.click(button("Cymraeg"));
    await user.click(button(/Nia Prosser/));
    await user.click(await screen.findByRole("menuitem", { name: "Allgofnodi" }));
    await screen.findByLabelText("Enw defnyddiwr");
    await user.type(screen.getByLabelText("Enw defnyddiwr"), "tom");
    await user.type(screen.getByLabelText("Cyfrinair"), "right");
    await user.click(button("Mewngofnodi"));
    await vi.waitFor(() => expect(document.documentElement.lang).toBe("en-GB"));
  });

  it("three healths are told apart", async () => {
    await open({ kind: "health", queue_reachable: true, records_reachable: false });
    expect(screen.getByTestId("health-line").textContent).toBe("Line no call");
    expect(screen.getByTestId("health-desk").textContent).toBe("Desk live");
    expect(screen.getByTestId("health-queue").textContent).toBe("Queue reached");
    expect(screen.getByTestId("health-records").textContent).toBe("Records not reached");
    expect(screen.getByRole("status").textContent).toContain("The records can’t be reached.");
  });

  it("a queue's longest wait goes on between the server's words", async () => {
    await open();
    const row = screen.getByRole("row", { name: /Tax: paying/ });
    expect(row.textContent).toMatch(/^Tax: paying31:0[56]$/);
  });

  it("the keys are listed, and can be turned off", async () => {
    await open();
    await user.keyboard("?");
    const sheet = await screen.findByRole("dialog");
    await user.click(within(sheet).getByRole("checkbox", { name: "Use these keys" }));
    await user.click(within(sheet).getByRole("button", { name: "Close" }));
    await says(presence("ringing"), RING);
    await user.keyboard("{F2}");
    expect(button("Answer")).toBeTruthy();
    expect(saidAloud("assertive")).toBe("Incoming call, Tax: paying, waited 1:01.");
  });

  it("a page whose place another has taken says so and offers to take it back", async () => {
    await open({ kind: "replaced" });
    expect(screen.getByRole("heading").textContent).toBe("Your desk is open in another tab");
    await user.click(button("Use here"));
    await says(presence("ready"), QUEUES);
    expect(screen.getByRole("heading", { name: "Ready for a call" })).toBeTruthy();
  });
});
