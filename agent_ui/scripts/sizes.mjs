// Says how much each page loads first (scripts and styles, gzipped), and whether that is too much.
import { readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";

const BUDGETS_KB = { "index.html": 180, "board.html": 120 };
const built = new URL("../../contactcentre/static/", import.meta.url);

let isTooMuch = false;
for (const [page, budget] of Object.entries(BUDGETS_KB)) {
  const html = await readFile(new URL(page, built), "utf8");
  const files = [...html.matchAll(/(?:src|href)="\/(assets\/[^"]+\.(?:js|css))"/g)];
  if (files.length === 0) throw new Error(`${page} names no scripts: has it been built?`);
  const bytes = await Promise.all(
    files.map(async ([, path]) => gzipSync(await readFile(new URL(path, built))).length),
  );
  const kb = bytes.reduce((sum, one) => sum + one, 0) / 1024;
  console.log(`${page}: ${kb.toFixed(1)} KB of ${budget}`);
  isTooMuch ||= kb > budget;
}
process.exit(isTooMuch ? 1 : 0);
