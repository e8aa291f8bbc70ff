import { arch, cpus, platform, totalmem } from "node:os";

/** The machine in one line, for readers of a table. */
export function machine(): string {
  const [first] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  const model = first?.model.trim() ?? "unknown CPU";
  return `${model}, ${cpus().length} cores, ${memory} GB, ${platform()} ${arch()}, Node.js ${process.versions.node}`;
}
