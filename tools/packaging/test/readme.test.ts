/** The first thing that people copy works as it stands. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { afterAll, expect, inject, it } from "vitest";
import { repository } from "../src/programs.js";

type Example = ChildProcessByStdio<null, Readable, null>;

const consumer = inject("consumer");
const readme = readFileSync(join(repository, "README.md"), "utf8");
const [server = "", client = ""] = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code = ""]) => code);
const children: Example[] = [];

/** Runs an example in the consumer. It is JavaScript too: it has no annotations. */
function start(fileName: string, code: string): Example {
  writeFileSync(join(consumer, fileName), code);
  const env = { ...process.env, NODE_PATH: "", NODE_OPTIONS: "" };
  const child = spawn(process.execPath, [fileName], { cwd: consumer, env, stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  return child;
}

async function firstLine(child: Example): Promise<string> {
  const [chunk] = (await once(child.stdout, "data")) as [Buffer];
  return chunk.toString().split("\n")[0] ?? "";
}

afterAll(() => {
  for (const child of children) child.kill();
});

it("the server and the client of README.md meet", async () => {
  const told = "http.once('listening', () => console.log(http.address().port));\n";
  const port = await firstLine(
    start("readme-server.mjs", server.replace("http.listen(3000)", `${told}http.listen(0)`)),
  );
  expect(port).toMatch(/^\d+$/);

  const here = client.replace("http://localhost:3000", `http://localhost:${port}`);
  expect(await firstLine(start("readme-client.mjs", here))).toBe("delivered");
});
