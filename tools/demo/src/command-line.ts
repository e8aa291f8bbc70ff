import { parseArgs } from "node:util";

/** What the demo can be told: by option, else by environment, else a default. */
export interface Settings {
  readonly host: string;
  readonly port: number;
  readonly help: boolean;
}

export class UsageError extends Error {
  readonly code = "ERR_SOCKEYE_DEMO_USAGE";
}

const DEFAULT_HOST = "127.0.0.1";
const DEFAULT_PORT = "3000";

/** Reads options and environment. Throws {@link UsageError} with a line fit for the terminal. */
export function readSettings(args: string[], env: Record<string, string | undefined>): Settings {
  const { port, host, help } = parse(args);
  return {
    help: help === true,
    host: host ?? env.HOST ?? DEFAULT_HOST,
    port: portNumber(port ?? env.PORT ?? DEFAULT_PORT),
  };
}

function parse(args: string[]): { port?: string; host?: string; help?: boolean } {
  try {
    return parseArgs({
      args,
      options: { port: { type: "string" }, host: { type: "string" }, help: { type: "boolean", short: "h" } },
    }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function portNumber(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new UsageError(`"${text}" is not a port: a number from 0 to 65535 is needed.`);
}
