import { act, render, screen, within } from "@testing-library/react";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { BoardPage } from "../../src/views/board/page";
import { Speaks } from "../../src/words";
import { BOARD, ME } from "../messages";
import { type Server, serve } from "./server";

let server: Server;

async function open(): Promise<void> {
  render(
    <Speaks>
      <BoardPage />
    </Speaks>,
  );
  await act(() => vi.advanceTimersByTimeAsync(600));
}

async function after(ms: number): Promise<void> {
  await act(() => vi.advanceTimersByTimeAsync(ms));
}

function tile(title: string): string {
  const heading = screen.getByRole("heading", { name: title });
  return heading.parentElement?.querySelector("b")?.textContent ?? "";
}

beforeEach(() => {
  vi.useFakeTimers();
  server = serve({ ...ME, role: "supervisor" });
  server.answers.set("GET /api/board", BOARD);
});

describe("its figures", () => {
  it("say how it stands now and today, each with what it means", async () => {
    await open();
    expect(tile("Calls waiting")).toBe("5");
    expect(tile("Longest wait")).toBe("1:35");
    expect(tile("Answered within 5 minutes")).toBe("60%");
    expect(screen.getByText(/6 of 10, of all calls/)).toBeTruthy();
    expect(tile("Gave up today")).toBe("20%");
    expect(tile("Lost by the system")).toBe("0");
  });

  it("put the worst queue first, and say of a full one where its callers go", async () => {
    await open();
    const rows = within(screen.getByRole("table")).getAllByRole("rowheader");
    expect(rows.map((row) => row.textContent)).toEqual([
      "Paying passes callers on to General",
      "Signing in",
    ]);
  });

  it("say of whom they count as signed in, and how each node serves", async () => {
    await open();
    expect(screen.getByText("5 signed in")).toBeTruthy();
    expect(screen.getByText("Draining")).toBeTruthy();
    expect(screen.getByRole("meter", { name: "media-1: 3 of 200 legs" })).toBeTruthy();
  });

  it("say how many callers are on their way from a node that was lost, and that it stands still", async () => {
    server.answers.set("GET /api/board", {
      ...BOARD,
      nodes: [{ ...BOARD.nodes[0], state: "stopped" }],
      coming_back_count: 3,
    });
    await open();
    expect(screen.getByText("3 callers are on their way to another node")).toBeTruthy();
    expect(screen.getByText("Stopped")).toBeTruthy();
    server.answers.set("GET /api/board", BOARD);
    await after(2_000);
    expect(screen.queryByText(/on their way/)).toBeNull();
  });

  it("say that few advisers are rung while desks fail on it, and until it is over", async () => {
    server.answers.set("GET /api/board", { ...BOARD, is_storm: true });
    await open();
    expect(screen.getByRole("alert").textContent).toMatch(/^Desks fail as calls ring on them/);
    server.answers.set("GET /api/board", BOARD);
    await after(2_000);
    expect(screen.queryByRole("alert")).toBeNull();
  });

  it("of today are absent, with the reason, while the records cannot be read", async () => {
    server.answers.set("GET /api/board", { ...BOARD, today: null });
    await open();
    expect(screen.getByText(/The records can’t be read just now/)).toBeTruthy();
    expect(screen.queryByRole("heading", { name: "Gave up today" })).toBeNull();
    expect(tile("Calls waiting")).toBe("5");
  });

  it("a call that the system has lost is no small thing", async () => {
    server.answers.set("GET /api/board", {
      ...BOARD,
      today: { ...BOARD.today, system_lost_count: 1 },
    });
    await open();
    expect(screen.getByText("This must be 0: tell operations")).toBeTruthy();
  });

  it("a day without calls has no share", async () => {
    const none = { ...BOARD.today, handled_count: 0, abandoned_count: 0 };
    server.answers.set("GET /api/board", {
      ...BOARD,
      today: { ...none, answered_within_target_count: 0 },
    });
    await open();
    expect(tile("Answered within 5 minutes")).toBe("–");
  });
});

describe("its age", () => {
  it("is said; after 5 s it dims, after 15 s it is not live, and it comes back", async () => {
    await open();
    expect(screen.getByTestId("freshness").textContent).toBe("Live, updated 1 s ago");
    server.answers.set("GET /api/board", "unreachable");
    await after(6_000);
    expect(screen.getByTestId("freshness").textContent).toMatch(/Last updated [67] s ago/);
    await after(10_000);
    expect(screen.getByRole("alert").textContent).toMatch(/Not live since \d\d:\d\d/);
    server.answers.set("GET /api/board", BOARD);
    await after(2_000);
    expect(screen.queryByRole("alert")).toBeNull();
    expect(screen.getByTestId("freshness").textContent).toMatch(/^Live/);
  });

  it("a board that has never had figures says so", async () => {
    server.answers.set("GET /api/board", "unreachable");
    await open();
    expect(screen.getByText("Waiting for the first figures…")).toBeTruthy();
    await after(16_000);
    expect(screen.getByRole("alert").textContent).toContain("No figures yet");
  });
});

it("an adviser is told that the board is for supervisors", async () => {
  server.me = ME;
  await open();
  expect(screen.getByRole("heading").textContent).toBe("This board is for supervisors");
  expect(screen.getByRole("link", { name: "Open the desk" }).getAttribute("href")).toBe("/");
});

it("a session that ends while the board hangs on the wall goes to the sign-in page", async () => {
  await open();
  server.answers.set("GET /api/board", { status: 401, code: "not-signed-in", detail: "Sign in." });
  await after(2_000);
  expect(screen.getByText(/Your session has ended/)).toBeTruthy();
});
