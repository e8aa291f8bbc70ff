/** Where CPU time went, from the profiles of `--profile`: functions by their own time, with the file of the source. */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
}

interface Profile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: CallFrame }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

export interface Share {
  readonly name: string;
  readonly share: number;
}

/** `dispatch` is the call that starts and stops the profiler. */
const NOT_WORK = new Set(["(idle)", "dispatch"]);

/** The largest shares of the time that was not idle. */
export function largestShares(file: string, count: number): Share[] {
  const profile = JSON.parse(readFileSync(file, "utf8")) as Profile;
  const names = new Map(profile.nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  const times = new Map<string, number>();
  let busy = 0;
  for (const [i, id] of profile.samples.entries()) {
    const name = names.get(id) ?? "";
    if (NOT_WORK.has(name)) continue;
    const time = profile.timeDeltas[i] ?? 0;
    busy += time;
    times.set(name, (times.get(name) ?? 0) + time);
  }
  const shares = [...times].map(([name, time]) => ({ name, share: time / busy }));
  return shares.sort((a, b) => b.share - a.share).slice(0, count);
}

function nameOf({ functionName, url, lineNumber }: CallFrame): string {
  const name = functionName === "" ? "(anonymous)" : functionName;
  if (url === "") return name;
  return `${name} ${sourceOf(url, lineNumber)}`;
}

/** In a bundle, the file that a line came from stands in a comment above. */
function sourceOf(url: string, lineNumber: number): string {
  if (!url.startsWith("file:")) return url;
  const path = fileURLToPath(url);
  const installed = path.lastIndexOf("node_modules/");
  if (installed >= 0) return `${path.slice(installed + 13)}:${lineNumber + 1}`;
  const lines = linesOf(path);
  for (let i = lineNumber; i >= 0; i--) {
    const source = /^\/\/ (.*\.[mc]?[jt]s)$/.exec(lines[i] ?? "")?.[1];
    if (source !== undefined) return source.replace(/^.*?(packages|tools)\//, "$1/");
  }
  return path;
}

const files = new Map<string, string[]>();

function linesOf(path: string): string[] {
  let lines = files.get(path);
  if (lines === undefined) {
    lines = existsSync(path) ? readFileSync(path, "utf8").split("\n") : [];
    files.set(path, lines);
  }
  return lines;
}
