import { act, render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { DeskPage } from "../../src/views/desk/page";
import { matching } from "../../src/views/desk/transfer";
import type { Language } from "../../src/wire/made";
import { Speaks } from "../../src/words";
import { presence, QUEUES, RING, TALK, TARGETS, WRAP_UP } from "../messages";
import { newest } from "../wire/fake_socket";
import { ANSWER, BRIDGED, deskSays, nodeSays, type Server, serve } from "./server";

let server: Server;
let user: ReturnType<typeof userEvent.setup>;

/** Open the desk in a talk, and the dialog by its key. */
async function open(): Promise<void> {
  user = userEvent.setup();
  render(
    <Speaks>
      <DeskPage />
    </Speaks>,
  );
  await vi.waitFor(() => newest("/api/live"));
  await act(async () => deskSays(presence("ready"), QUEUES, presence("ringing"), RING));
  await vi.waitFor(() => newest("/leg"));
  await act(async () => nodeSays(ANSWER));
  await act(async () => nodeSays(BRIDGED));
  await act(async () => deskSays(presence("talking"), TALK));
  await user.keyboard("{F8}");
  await screen.findByRole("radio", { name: /Trees/ });
  await vi.waitFor(() => expect(document.activeElement).toBe(screen.getByRole("searchbox")));
}

const dialog = () => screen.getByRole("dialog", { name: "Transfer the caller" });
const transferred = () => newest("/leg").sent.filter((one) => one.kind === "transfer");

beforeEach(() => {
  server = serve();
  server.answers.set("GET /api/transfers", TARGETS);
});

describe("handing a caller on", () => {
  it("says before what is closed and how many wait, and begins with the search", async () => {
    await open();
    expect(screen.getByRole("searchbox", { name: "Search queues and people" })).toBe(
      document.activeElement,
    );
    expect(screen.getByRole("radio", { name: /Tax: paying.*3 waiting, 1 ready/ })).toBeTruthy();
    const closed = screen.getByRole<HTMLInputElement>("radio", { name: /Ponds.*Closed now/ });
    expect(closed.disabled).toBe(true);
  });

  it("offers one choice, so that the arrow keys go from one to the next", async () => {
    await open();
    const radios = screen.getAllByRole<HTMLInputElement>("radio");
    expect(radios.length).toBeGreaterThan(2);
    expect(new Set(radios.map((one) => one.name)).size).toBe(1);
    expect(radios[0]?.name).not.toBe("");
  });

  it("is done with the keyboard alone", async () => {
    await open();
    await user.keyboard("park tre{ArrowDown} {Tab}{Tab}{Enter}");
    expect(screen.getAllByRole("radio")).toHaveLength(1);
    expect(transferred()).toEqual([{ kind: "transfer", queue: "parks.trees.en" }]);
    const working = within(dialog()).getByRole<HTMLButtonElement>("button", {
      name: /Transferring/,
    });
    expect(working.disabled).toBe(true);
    await act(async () => deskSays(presence("wrap_up"), WRAP_UP));
    await vi.waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  });

  it("asks for a choice first, also when the chosen queue is searched away", async () => {
    await open();
    await user.click(screen.getByRole("radio", { name: /Trees/ }));
    await user.type(screen.getByRole("searchbox"), "paying");
    await user.click(within(dialog()).getByRole("button", { name: "Transfer now" }));
    expect(within(dialog()).getByRole("alert").textContent).toContain("Choose one first");
    expect(transferred()).toEqual([]);
  });

  it("that is refused is said, and may be tried elsewhere", async () => {
    await open();
    await user.click(screen.getByRole("radio", { name: /Trees/ }));
    await user.click(within(dialog()).getByRole("button", { name: "Transfer now" }));
    await act(async () => nodeSays({ kind: "not_done", code: "queue-closed", words: "" }));
    expect(within(dialog()).getByRole("alert").textContent).toContain("has just closed");
    await user.click(screen.getByRole("radio", { name: /paying/ }));
    await user.click(within(dialog()).getByRole("button", { name: "Transfer now" }));
    expect(transferred()).toEqual([
      { kind: "transfer", queue: "parks.trees.en" },
      { kind: "transfer", queue: "tax.pay.en" },
    ]);
  });

  it("has a way on while the list of queues cannot be reached", async () => {
    await open();
    await user.keyboard("{Escape}");
    await vi.waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
    server.answers.set("GET /api/transfers", "unreachable");
    await user.click(screen.getByRole("button", { name: /^Transfer/ }));
    const alert = await screen.findByRole("alert");
    expect(alert.textContent).toContain("can’t be reached");
    server.answers.set("GET /api/transfers", TARGETS);
    await user.click(within(alert).getByRole("button", { name: "Try now" }));
    expect(await screen.findByRole("radio", { name: /Trees/ })).toBeTruthy();
  });

  it("is not done at once to a colleague", async () => {
    await open();
    await user.click(screen.getByRole("radio", { name: /bryn/ }));
    await user.click(within(dialog()).getByRole("button", { name: "Transfer now" }));
    expect(within(dialog()).getByRole("alert").textContent).toContain("to queues only");
    expect(transferred()).toEqual([]);
  });

  it("finds a queue by parts of its name or its line, accents or not", () => {
    const found = (sought: string, language: Language = "cy") =>
      matching(TARGETS.targets, sought, language).map((one) => one.queue);
    expect(found("coed")).toEqual(["parks.trees.en"]);
    expect(found("  PARC  pyl ")).toEqual(["parks.ponds.en"]);
    expect(found("trees")).toEqual([]);
    expect(found("")).toHaveLength(3);
  });
});
