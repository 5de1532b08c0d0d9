// Makes src/wire/made.ts from src/wire/made.schema.json; with --check says whether it is current.
import { readFile, writeFile } from "node:fs/promises";
import { compile } from "json-schema-to-typescript";

const wire = new URL("../src/wire/", import.meta.url);
const {
  "x-limits": limits,
  "x-closings": closings,
  ...schema
} = JSON.parse(await readFile(new URL("made.schema.json", wire), "utf8"));
// The tool would say each union twice where it also finds the discriminator's mapping.
for (const definition of Object.values(schema.$defs)) delete definition.discriminator;

const types = await compile(schema, "Wire", {
  additionalProperties: false,
  bannerComment: "",
  unreachableDefinitions: true,
});
const said = types
  .replace(/\/\*\*[\s\S]*?\*\/\n(?=export interface Wire )/, "")
  .replace(/export interface Wire \{\s*\}\n/, "")
  .replace(/\/\*\*\n \* This interface was referenced by `Wire`[\s\S]*?\*\/\n/g, "")
  .replace(
    / \*\n \* This interface was referenced by `Wire`'s JSON-Schema\n \* via the `definition` "\w+"\.\n/g,
    "",
  );
const made = [
  "// Made from contactcentre/wire by `npm run types`. Not to be edited.",
  "",
  "/** Bounds that the servers keep too. */",
  `export const LIMITS = ${JSON.stringify(limits, null, 2)} as const;`,
  "",
  "/** Why a socket was closed. */",
  `export const CLOSINGS = ${JSON.stringify(closings, null, 2)} as const;`,
  "",
  said.trim(),
  "",
].join("\n");

const target = new URL("made.ts", wire);
if (!process.argv.includes("--check")) {
  await writeFile(target, made);
} else if ((await readFile(target, "utf8")) !== made) {
  console.error("src/wire/made.ts is older than made.schema.json: run `npm run types`");
  process.exit(1);
}
