import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { expect, it } from "vitest";

const SRC = resolve(import.meta.dirname, "../../src");

/** What each folder may import, besides itself. */
const MAY: Record<string, readonly string[]> = {
  entries: ["views", "words", "styles"],
  views: ["parts", "state", "media", "wire", "words"],
  parts: ["wire", "words"],
  state: ["wire"],
  media: ["wire"],
  words: ["wire"],
  wire: [],
};

function sources(folder = SRC): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sources(path);
    return /\.tsx?$/.test(entry.name) ? [path] : [];
  });
}

function roomOf(path: string): string {
  const [first = "", ...rest] = relative(SRC, path).split("/");
  return rest.length === 0 && !(first in MAY) ? "entries" : first;
}

const files = sources();

it("the house has one way down", () => {
  const wrong = files.flatMap((file) => {
    const text = readFileSync(file, "utf8");
    const room = roomOf(file);
    return [...text.matchAll(/(?:from|import) "(\.[^"]+)"/g)]
      .map(([, path = ""]) => roomOf(join(resolve(dirname(file), path), "")))
      .filter((other) => other !== room && !MAY[room]?.includes(other))
      .map((other) => `${relative(SRC, file)} imports ${other}`);
  });
  expect(wrong).toEqual([]);
});

it("state touches no page, no clock, no dice and no library", () => {
  for (const file of files.filter((one) => roomOf(one) === "state")) {
    const text = readFileSync(file, "utf8");
    const found = text.match(
      /\b(window|document|localStorage|Math\.random|Date\.now|performance)\b/,
    );
    expect(found?.[0], file).toBeUndefined();
    expect(text, file).not.toMatch(/from "[^.]/);
  }
});

it("files stay short enough to be read", () => {
  for (const file of files.filter((one) => !one.includes("/words/") && !one.endsWith("made.ts"))) {
    expect(readFileSync(file, "utf8").split("\n").length, file).toBeLessThan(400);
  }
});
