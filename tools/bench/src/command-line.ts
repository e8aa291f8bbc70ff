/** `npm run bench -- --help`. */
import { parseArgs } from "node:util";
import { scenarios, scenariosOf } from "./scenarios/index.js";

const help = `npm run bench [-- [options] [scenario ...]]

Measures scenarios for several implementations, each trial in fresh processes, all of them in turn in every round, and
prints work per second of server CPU and, in brackets, the median of the ratios to the incumbent within a round.

  --rounds N          rounds (5)
  --seconds S         length of a measured window (2)
  --warm-up S         of load before it, while code is compiled (as long as the window, and 2 at least; 0.25 with --quick)
  --only a,b          implementations; a:WORD is a once more, under another name (how much is noise?)
  --against DIR       also our packages of another checkout of this repository, as ours-*:NAME-OF-THE-FOLDER
  --quick             2 rounds of 0.5 s, a tenth of the peers where there are thousands, four implementations
  --json FILE         all figures of all rounds
  --profile           CPU profiles of the measured windows, and where the time went, function by function; for memory, what
                      the heap of a connection is made of
  --write             keep the results, and write them into docs/performance.md
  --render            only write docs/performance.md again, from the results that were kept
  --list              print the names of the scenarios
  --help              print this

Scenarios (a family, as \`echo\`, is all that begin so):
${scenarios.map(({ name, title }) => `  ${name.padEnd(19)} ${title}`).join("\n")}

Load and servers stay on 127.0.0.1 and end by themselves. Scenarios that need Redis or PostgreSQL start them as
\`npm test\` does, or use REDIS_URL and POSTGRES_URL.`;

export interface Choice {
  readonly scenarios: ReturnType<typeof scenariosOf>;
  readonly rounds: number;
  readonly seconds: number;
  readonly warmUp: number;
  readonly scale: number;
  readonly only: readonly string[] | undefined;
  readonly against: string | undefined;
  readonly json: string | undefined;
  readonly profile: boolean;
  readonly write: boolean;
  readonly render: boolean;
}

const QUICK = ["official-ws", "ours-ws", "ours-uws", "raw-net"];

export function parseCommandLine(args: string[]): Choice {
  const { values, positionals } = readArgs(args.filter((arg) => arg !== "--"));
  if (values.help) leave(0, help);
  if (values.list) leave(0, scenarios.map(({ name }) => name).join("\n"));
  const unknown = positionals.filter((word) => scenariosOf([word]).length === 0);
  if (unknown.length > 0) leave(2, `No such scenario: ${unknown.join(", ")}\n\n${help}`);
  const only = values.only?.split(",");
  if (values.write && (only !== undefined || values.quick || values.profile)) {
    leave(2, "--write keeps whole results: not with --only, --quick or --profile");
  }
  const known = new Set(scenarios.flatMap(({ implementations }) => implementations));
  const stranger = only?.find((word) => !known.has(word.split(":")[0] ?? ""));
  if (stranger !== undefined) leave(2, `No such implementation: ${stranger}. There are ${[...known].join(", ")}`);
  const seconds = positive("seconds", values.seconds ?? (values.quick ? "0.5" : "2"));
  const warmUp = values.quick ? "0.25" : String(Math.max(2, seconds));
  return {
    scenarios: scenariosOf(positionals),
    rounds: positive("rounds", values.rounds ?? (values.quick ? "2" : "5")),
    seconds,
    warmUp: positive("warm-up", values["warm-up"] ?? warmUp),
    scale: values.quick ? 0.1 : 1,
    only: only ?? (values.quick ? QUICK : undefined),
    against: values.against,
    json: values.json,
    profile: values.profile ?? false,
    write: values.write ?? false,
    render: values.render ?? false,
  };
}

function readArgs(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        rounds: { type: "string" },
        seconds: { type: "string" },
        "warm-up": { type: "string" },
        only: { type: "string" },
        against: { type: "string" },
        quick: { type: "boolean" },
        json: { type: "string" },
        profile: { type: "boolean" },
        write: { type: "boolean" },
        render: { type: "boolean" },
        list: { type: "boolean" },
        help: { type: "boolean" },
      },
    });
  } catch (error) {
    return leave(2, `${(error as Error).message}\n\n${help}`);
  }
}

function positive(name: string, value: string): number {
  const number = Number(value);
  if (!(number > 0 && number <= 600)) leave(2, `--${name} must be a number from 0 to 600, not ${value}`);
  return number;
}

function leave(code: number, message: string): never {
  if (code === 0) console.log(message);
  else console.error(message);
  process.exit(code);
}
