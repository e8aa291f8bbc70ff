import { describe, expect, it } from "vitest";
import type { Row, Value } from "../../src/contract.js";
import type { Statement } from "../../src/database/contract.js";
import { namesOf } from "../../src/names.js";
import { Answers, goTogether } from "../../src/recovery/answers.js";
import { Operation } from "../../src/recovery/operation.js";
import { recoveryStatementsFor } from "../../src/recovery/statements.js";
import { withCode } from "../support.js";

const LIMITS = { maxAge: 1_000, maxEntries: 100, maxPrivateEntries: 10 };
const NODE = "0123456789abcdef";
const statements = recoveryStatementsFor(namesOf("sockeye"));
const options = { node: NODE, payloadThreshold: 7_800, newEpoch: () => "epoch", leftRows: () => undefined };

/** Answers over a database that says what it is told to, statement by statement. */
function over(...replies: (readonly Row[] | Error)[]) {
  const asked: { readonly statement: Statement; readonly values: readonly Value[] }[] = [];
  const ask = async (statement: Statement, values: readonly Value[]): Promise<readonly Row[]> => {
    asked.push({ statement, values });
    const reply = replies.shift() ?? [];
    if (reply instanceof Error) throw reply;
    return reply;
  };
  const answers = new Answers(statements, () => options);
  return { asked, run: (...operations: Operation[]) => answers.run(ask, operations) };
}

const take = (from?: string) => new Operation("take", "/", { pid: "secret", taker: NODE, from }, 0) as Operation;
const append = (wanted: boolean, ...bytes: number[]) =>
  new Operation("append", "/", { channel: "c", bytes: Uint8Array.from(bytes), wanted, limits: LIMITS }, 1) as Operation;
const save = (incarnation: number, lifetime = 10) =>
  new Operation(
    "save",
    "/",
    { records: [{ pid: "a", incarnation, bytes: Uint8Array.of(incarnation) }], lifetime },
    1,
  ) as Operation;

describe("a session that is asked for", () => {
  const row: Row = { incarnation: "2", record: Buffer.from([7]), idle: 5 };

  it("is given with its private log", async () => {
    const operation = take();
    await over([row], [{ number: "3", payload: Buffer.from([1]) }]).run(operation);
    expect(await operation.answered).toMatchObject({ incarnation: 2, idle: 5, events: [{ number: 3 }] });
  });

  it("has an owner, or is not known", async () => {
    const [owned, unknown] = [take(), take()];
    await over([], [{ owner: "other" }]).run(owned);
    await over([], []).run(unknown);
    expect([await owned.answered, await unknown.answered]).toEqual([{ owner: "other" }, undefined]);
  });

  // Between "it is another's" and "whose is it", its owner let go of it. It was taken for unknown, and its client lost everything.
  it("is taken after all when its owner lets go of it meanwhile", async () => {
    const operation = take();
    const { asked, run } = over([], [{ owner: null }], [row], []);
    await run(operation);
    expect(await operation.answered).toMatchObject({ incarnation: 2 });
    expect(asked.map(({ statement }) => statement)).toEqual([
      statements.take,
      statements.owner,
      statements.take,
      statements.events,
    ]);
  });

  it("is given up when it never stays long enough", async () => {
    const operation = take();
    await over(...Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? [] : [{ owner: null }]))).run(operation);
    await expect(operation.answered).rejects.toMatchObject({ code: "ERR_SOCKEYE_CLUSTER_PUBLISH" });
  });
});

describe("operations", () => {
  it("go together when they are of one kind and need no answer of their own", () => {
    expect(goTogether(append(true, 1), append(true, 2))).toBe(true);
    expect(goTogether(append(true, 1), append(false, 2))).toBe(false);
    expect(goTogether(save(1), save(2))).toBe(true);
    expect(goTogether(save(1), append(true, 1))).toBe(false);
    expect(goTogether(take(), take())).toBe(false);
  });

  it("that append get consecutive numbers from one statement", async () => {
    const operations = [append(true, 1), append(true, 2, 3)];
    const { asked, run } = over([{ xid: "9", epoch: "e", before: "41" }]);
    await run(...operations);
    expect(await Promise.all(operations.map(({ answered }) => answered))).toEqual([
      { epoch: "e", number: 42 },
      { epoch: "e", number: 43 },
    ]);
    expect(asked).toHaveLength(1);
    expect(asked[0]!.values.slice(9, 11)).toEqual(["{1}", '{"AQ==,AgM="}']);
  });

  it("that save one session several times write its highest incarnation, once", async () => {
    const operations = [save(2), save(1), save(3, 99)];
    const { asked, run } = over([]);
    await run(...operations);
    expect(asked[0]!.values.slice(3, 6)).toEqual(["{3}", "{NULL}", "{99}"]);
    await Promise.all(operations.map(({ answered }) => answered));
  });

  it("are asked once more after a deadlock, told what the database refuses, and left to others when the link failed", async () => {
    const [again, refused, lost] = [save(1), save(1), save(1)];
    const { asked, run } = over(withCode("40P01"), []);
    await run(again);
    await again.answered;
    expect(asked).toHaveLength(2);
    await over(withCode("42P01")).run(refused);
    await expect(refused.answered).rejects.toMatchObject({ code: "ERR_SOCKEYE_CLUSTER_PUBLISH" });
    await expect(over(withCode("57P01")).run(lost)).rejects.toMatchObject({ code: "57P01" });
  });

  it("that read give all or nothing", async () => {
    const read = (number: number) =>
      new Operation("read", "/", { after: { epoch: "e", number }, limit: undefined }, 0) as Operation;
    const [whole, trimmed, other] = [read(1), read(0), read(1)];
    const rows = [{ epoch: "e", first: "2", number: "2", payload: Buffer.from([5]) }];
    await over(rows).run(whole);
    await over(rows).run(trimmed);
    await over([{ epoch: "f", first: "1", number: null, payload: null }]).run(other);
    expect(await whole.answered).toMatchObject([{ epoch: "e", number: 2 }]);
    expect([await trimmed.answered, await other.answered]).toEqual(["trimmed", "trimmed"]);
  });
});
