import { expect, it, vi } from "vitest";
import type { Command, OwnedLink, RedisLink, Reply } from "../../src/clients/contract.js";
import { StreamReader } from "../../src/wire/stream-reader.js";

const text = (value: string) => Buffer.from(value);

/** A stream of which the test decides what each read finds. */
function fakeStream(newest: Reply, ...reads: (Reply | Error)[]) {
  const commands: Command[] = [];
  const send = (_route: string, command: Command): Promise<Reply> => {
    commands.push(command);
    if (command[0] === "XREVRANGE") return Promise.resolve(newest);
    const next = reads.shift();
    if (next instanceof Error) return Promise.reject(next);
    return next === undefined ? new Promise(() => {}) : Promise.resolve(next);
  };
  const reading = { ready: true, send, sendAll: () => [], close: vi.fn() } satisfies OwnedLink;
  const link = { send, duplicate: async () => reading } as unknown as RedisLink;
  return { link, reading, commands };
}

function open(stream: ReturnType<typeof fakeStream>) {
  const entries: object[] = [];
  const states: string[] = [];
  const errors: Error[] = [];
  const reader = new StreamReader(
    stream.link,
    "s",
    { readCount: 10, blockTimeInMs: 5 },
    {
      entry: (fields) => entries.push({ ...fields }),
      stateChanged: (way) => states.push(way),
      refused: (error) => errors.push(error),
    },
  );
  return { reader, entries, states, errors, opened: reader.open() };
}

const entry = (id: string, ...fields: string[]): Reply => [text(id), fields.map(text)];

it("reads what comes after the newest entry, in either form of reply, and goes on behind it", async () => {
  const stream = fakeStream(
    [entry("5-0", "old", "1")],
    [[text("s"), [entry("6-0", "a", "1"), entry("6-1", "a", "2", "b", "x")]]],
    null,
    [text("s"), [entry("7-0", "a", "3")]],
  );
  const { entries, opened, reader } = open(stream);
  await opened;
  await vi.waitFor(() => expect(entries).toEqual([{ a: "1" }, { a: "2", b: "x" }, { a: "3" }]));
  await vi.waitFor(() => expect(stream.commands).toHaveLength(5));
  expect(stream.commands.slice(1).map((command) => command.at(-1))).toEqual(["5-0", "6-1", "6-1", "7-0"]);
  reader.close();
  expect(stream.reading.close).toHaveBeenCalled();
});

it("begins at the beginning of a stream that is not there yet", async () => {
  const stream = fakeStream([]);
  const { opened, reader } = open(stream);
  await opened;
  await vi.waitFor(() => expect(stream.commands[1]?.at(-1)).toBe("0-0"));
  reader.close();
});

it("goes on where it was after an outage, and tells of a refusal", async () => {
  vi.useFakeTimers();
  const refusal = new Error("NOPERM this user may not");
  const stream = fakeStream([entry("5-0", "a", "b")], new Error("closed"), refusal, [
    [text("s"), [entry("6-0", "a", "1")]],
  ]);
  const { entries, states, errors, reader } = open(stream);
  await vi.advanceTimersByTimeAsync(2000);
  expect(entries).toEqual([{ a: "1" }]);
  expect(states).toEqual(["up", "down", "up", "down", "up", "up"]);
  expect(errors).toEqual([refusal]);
  expect(stream.commands.filter(([name]) => name === "XREAD").map((command) => command.at(-1))).toEqual([
    "5-0",
    "5-0",
    "5-0",
    "6-0",
  ]);
  reader.close();
  vi.useRealTimers();
});
