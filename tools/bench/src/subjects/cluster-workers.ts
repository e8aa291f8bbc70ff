/** The primary process of node:cluster and its workers, each with a port of its own: nobody shares connections out. */
import cluster from "node:cluster";
import type { NodeSettings } from "./cluster-node.js";
import { ready } from "./commands.js";

const NODES = 3;

/** Workers say their port on standard output; the channel between the processes is the adapter's alone. */
export async function serveWorkers(): Promise<void> {
  // As the incumbent's documentation has it.
  cluster.setupPrimary({
    serialization: "advanced",
    silent: true,
    args: process.argv.slice(2),
    execArgv: ["--expose-gc"],
  });
  const ports = await Promise.all(Array.from({ length: NODES }, (_, index) => openWorker(index)));
  ready(0, { ports: () => ports });
}

function openWorker(index: number): Promise<number> {
  const { process: child } = cluster.fork({ NODE_INDEX: `${index}` });
  child.stderr?.pipe(process.stderr);
  return new Promise((resolve) => {
    child.stdout?.once("data", (text) => resolve(Number(text)));
  });
}

export async function serveAsWorker(open: (index: NodeSettings["index"]) => Promise<number>): Promise<void> {
  console.log(await open(Number(process.env.NODE_INDEX)));
  process.on("disconnect", () => process.exit(0));
}
