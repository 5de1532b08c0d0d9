import { expect, it, vi } from "vitest";
import { desk, liveUrl, Refusal, Unreachable } from "../../src/wire/http";

function answers(status: number, body: string) {
  const fetched = vi.fn(
    async (_path: string, _request: RequestInit) => new Response(body, { status }),
  );
  vi.stubGlobal("fetch", fetched);
  return fetched;
}

async function refusal(question: Promise<unknown>): Promise<Refusal> {
  const error: unknown = await question.catch((one: unknown) => one);
  expect(error).toBeInstanceOf(Refusal);
  return error as Refusal;
}

it("what is asked for goes out as JSON, with a deadline", async () => {
  const fetched = answers(200, '{"kind":"presence"}');
  await desk.setPresence({ state: "away", reason: "lunch" });
  const [path, request] = fetched.mock.calls[0] ?? [];
  expect(path).toBe("/api/presence");
  expect(request?.body).toBe('{"state":"away","reason":"lunch"}');
  expect(request?.signal).toBeInstanceOf(AbortSignal);
});

it("a refusal brings the server's own sentence", async () => {
  answers(409, '{"code":"out-of-order","detail":"You are on a call."}');
  const said = await refusal(desk.moreTime());
  expect(said).toMatchObject({ status: 409, code: "out-of-order", message: "You are on a call." });
  expect(said.isOutage).toBe(false);
});

it("a proxy's own page is a refusal without a sentence", async () => {
  answers(502, "<h1>Bad gateway</h1>");
  const said = await refusal(desk.me());
  expect(said.message).toBe("");
  expect(said.isOutage).toBe(true);
});

it("nobody signed in is told apart", async () => {
  answers(401, '{"code":"not-signed-in","detail":"Sign in."}');
  expect((await refusal(desk.me())).isNotSignedIn).toBe(true);
});

it("a server that is not there is unreachable, and so is one that answers nonsense", async () => {
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("Failed to fetch")));
  await expect(desk.me()).rejects.toBeInstanceOf(Unreachable);
  answers(200, "<html>");
  await expect(desk.me()).rejects.toBeInstanceOf(Unreachable);
});

it("a call's name cannot lead elsewhere", async () => {
  const fetched = answers(200, "{}");
  await desk.writeOutcome("../sign-out", { outcome: null, notes: "", version: 1 });
  expect(fetched.mock.calls[0]?.[0]).toBe("/api/calls/..%2Fsign-out/outcome");
});

it("the live socket is as secure as its page", () => {
  expect(liveUrl({ protocol: "https:", host: "desk.example" })).toBe("wss://desk.example/api/live");
  expect(liveUrl({ protocol: "http:", host: "127.0.0.1:8080" })).toBe(
    "ws://127.0.0.1:8080/api/live",
  );
});
