/**
 * The side of a measured process that answers the trial, over IPC: CPU time, memory, profiles, and what the program itself
 * has to say. Nothing of it runs inside a measured window.
 */
import { writeFileSync } from "node:fs";
import { Session } from "node:inspector";
import { getHeapSpaceStatistics, writeHeapSnapshot } from "node:v8";

export type Commands = Record<string, (argument: never) => unknown>;

export interface Request {
  readonly id: number;
  readonly command: string;
  readonly argument?: unknown;
}

export interface Response {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

let profiler: Session | undefined;

const common: Commands = {
  cpu() {
    const { user, system } = process.cpuUsage();
    return { user: user / 1e6, system: system / 1e6 };
  },

  /** Several collections, with turns of the event loop between them: some things are let go by callbacks of others. */
  async memory() {
    if (globalThis.gc === undefined) throw new Error("started without --expose-gc");
    for (let i = 0; i < 5; i++) {
      globalThis.gc();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const { heapUsed, rss } = process.memoryUsage();
    const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space");
    return { heap: heapUsed, rss, young: young?.physical_space_size ?? 0 };
  },

  snapshot: (file: string) => writeHeapSnapshot(file),

  async startProfile() {
    profiler = new Session();
    profiler.connect();
    await post("Profiler.enable");
    await post("Profiler.setSamplingInterval", { interval: 500 });
    await post("Profiler.start");
  },

  async stopProfile(file: string) {
    const { profile } = (await post("Profiler.stop")) as { profile: object };
    writeFileSync(file, JSON.stringify(profile));
    profiler?.disconnect();
  },
};

function post(method: string, parameters: object = {}): Promise<unknown> {
  return new Promise((resolve, reject) => {
    profiler?.post(method, parameters, (error, result) => (error === null ? resolve(result) : reject(error)));
  });
}

export async function answer(commands: Commands, { id, command, argument }: Request): Promise<Response> {
  try {
    const run = commands[command] ?? common[command];
    if (run === undefined) throw new Error(`no command ${command}`);
    return { id, value: await run(argument as never) };
  } catch (error) {
    return { id, error: (error as Error).message };
  }
}

/** Says that the program is ready, on `port`, and answers from then on; ends the process with the trial. */
export function ready(port: number, commands: Commands = {}): void {
  process.on("message", async (request: Request) => {
    process.send?.(await answer(commands, request));
  });
  process.on("disconnect", () => process.exit(0));
  process.send?.({ port });
}
