import { act, fireEvent, render, screen, within } from "@testing-library/react";
import { beforeEach, expect, it, vi } from "vitest";
import { Switches } from "../../src/views/board/switches";
import type { BoardLine } from "../../src/wire/made";
import { Speaks } from "../../src/words";
import { type Server, serve } from "./server";

const TAX: BoardLine = {
  line: "tax",
  title: "Tax helpline",
  is_open: true,
  may_be_shut: true,
  is_shut: false,
  notice: null,
  notices: [{ name: "busy", words: "We are very busy." }],
  diverts: [
    { queue: "paying", title: "Paying", to: null, is_emptied: false, is_fixed: false },
    { queue: "general", title: "General", to: null, is_emptied: false, is_fixed: false },
    { queue: "extra", title: "Extra support", to: null, is_emptied: false, is_fixed: true },
  ],
  last: null,
};
const TURNED: BoardLine = {
  ...TAX,
  is_shut: true,
  notice: "busy",
  diverts: TAX.diverts.map((divert) =>
    divert.queue === "paying" ? { ...divert, to: "general", is_emptied: true } : divert,
  ),
  last: { who: "sue", at_ms: Date.UTC(2026, 10, 26, 14, 3), why: "fire alarm" },
};

let server: Server;
const signedOut = vi.fn();

function open(line: BoardLine): void {
  render(
    <Speaks>
      <Switches lines={[line]} signedOut={signedOut} />
    </Speaks>,
  );
  fireEvent.click(screen.getByRole("heading", { name: "Switches" }));
}

async function confirm(why: string): Promise<void> {
  fireEvent.change(screen.getByLabelText(/^Why/), { target: { value: why } });
  await act(async () => fireEvent.click(screen.getByRole("button", { name: "Switch now" })));
}

beforeEach(() => {
  server = serve();
  server.answers.set("POST /api/switches", { lines: [TURNED] });
});

it("says at a glance that all is as planned, or what is not", () => {
  open(TAX);
  expect(screen.getByText("All as planned")).toBeTruthy();
  expect(screen.getByText("Open by its hours")).toBeTruthy();
});

it("says what is turned, by whom, when and why", () => {
  open(TURNED);
  expect(screen.queryByText("All as planned")).toBeNull();
  expect(screen.getByText("Tax helpline: Closed by a supervisor")).toBeTruthy();
  expect(screen.getByText("Tax helpline: a notice is said")).toBeTruthy();
  expect(screen.getByText("Paying → General (also who waits)")).toBeTruthy();
  expect(screen.getByText("Last turned by sue, 26/11 14:03: fire alarm")).toBeTruthy();
  expect(screen.getByRole("button", { name: "Open as planned" })).toBeTruthy();
});

it("nothing is turned before a reason is written and agreed to", async () => {
  open(TAX);
  fireEvent.click(screen.getByRole("button", { name: "Close now" }));
  expect(screen.getByText(/New callers will hear that it is closed/)).toBeTruthy();
  expect(document.activeElement).toBe(screen.getByLabelText(/^Why/));
  await confirm("  ");
  expect(screen.getByRole("alert").textContent).toBe("Write why first.");
  expect(server.asked).toEqual([]);
  await confirm("fire alarm ");
  const body = { line: "tax", kind: "shut", subject: null, value: "shut", why: "fire alarm" };
  expect(server.asked).toEqual([{ what: "POST /api/switches", body }]);
  expect(screen.getByText("Tax helpline: Closed by a supervisor")).toBeTruthy();
  expect(screen.queryByLabelText(/^Why/)).toBeNull();
});

it("a notice and a diversion are chosen by their words", async () => {
  open(TAX);
  fireEvent.change(screen.getByLabelText(/Said before the menu/), { target: { value: "busy" } });
  expect(screen.getByText("New callers will first hear: “We are very busy.”")).toBeTruthy();
  fireEvent.change(screen.getByLabelText("New callers for Paying"), {
    target: { value: "general" },
  });
  expect(screen.getByText("New callers for Paying will wait in General.")).toBeTruthy();
  await confirm("few people");
  expect(server.asked[0]?.body).toMatchObject({
    kind: "divert",
    subject: "paying",
    value: "general",
  });
});

it("whoever waits is moved only if that is ticked", async () => {
  open(TAX);
  const choose = () =>
    fireEvent.change(screen.getByLabelText("New callers for Paying"), {
      target: { value: "general" },
    });
  choose();
  await confirm("few people");
  choose();
  fireEvent.click(screen.getByLabelText(/Move whoever waits there as well/));
  await confirm("few people");
  expect(server.asked.map(({ body }) => (body as { kind: string }).kind)).toEqual([
    "divert",
    "divert_all",
  ]);
  fireEvent.click(screen.getByRole("button", { name: "Open as planned" }));
  expect(screen.queryByLabelText(/Move whoever waits/)).toBeNull();
});

it("extra support may be diverted to and is never diverted", () => {
  open(TAX);
  expect(screen.queryByLabelText("New callers for Extra support")).toBeNull();
  const paying = screen.getByLabelText("New callers for Paying");
  const options = within(paying).getAllByRole("option");
  expect(options.map((option) => option.textContent)).toEqual([
    "wait there, as planned",
    "wait in General",
    "wait in Extra support",
  ]);
});

it.each([
  [503, "switch-not-turned", /records can’t be reached, so the switch was not turned/],
  [409, "out-of-order", /lead callers in a circle/],
  [404, "unknown-name", /That can’t be switched/],
])("a switch that is not turned says why (%s)", async (status, code, says) => {
  server.answers.set("POST /api/switches", { status, code, detail: "" });
  open(TAX);
  fireEvent.click(screen.getByRole("button", { name: "Close now" }));
  await confirm("fire alarm");
  expect(screen.getByRole("alert").textContent).toMatch(says);
  expect(screen.getByRole("button", { name: "Switch now" })).toHaveProperty("disabled", false);
});

it("a desk that does not answer asks to look again, and a session that has ended is left", async () => {
  server.answers.set("POST /api/switches", "unreachable");
  open(TAX);
  fireEvent.click(screen.getByRole("button", { name: "Close now" }));
  await confirm("fire alarm");
  expect(screen.getByRole("alert").textContent).toMatch(/The desk did not answer/);
  server.answers.set("POST /api/switches", { status: 401, code: "not-signed-in", detail: "" });
  await confirm("fire alarm");
  expect(signedOut).toHaveBeenCalledOnce();
});

it("who thinks again leaves all as it is", () => {
  open(TAX);
  fireEvent.change(screen.getByLabelText(/Said before the menu/), { target: { value: "busy" } });
  fireEvent.click(screen.getByRole("button", { name: "Leave as it is" }));
  expect(screen.getByLabelText(/Said before the menu/)).toHaveProperty("value", "");
  expect(server.asked).toEqual([]);
});
