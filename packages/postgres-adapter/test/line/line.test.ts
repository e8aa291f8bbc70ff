import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Line, type LinePort } from "../../src/line/line.js";
import { FakeDatabase, type FakeLink } from "../support.js";

const OPTIONS = { statementTimeout: 500, maxQueueTime: 1_000, reconnectionDelay: 100, reconnectionDelayMax: 400 };

describe("a line", () => {
  let database: FakeDatabase;
  let line: Line;
  let log: string[];
  let port: LinePort;

  beforeEach(() => {
    vi.useFakeTimers();
    vi.spyOn(Math, "random").mockReturnValue(1);
    database = new FakeDatabase();
    log = [];
    port = {
      prepareTables: async () => void log.push("tables"),
      prepare: async () => void log.push("prepare"),
      up: () => log.push("up"),
      down: () => log.push("down"),
      check: () => undefined,
    };
    line = new Line(database, "own", { ...OPTIONS, errorHandler: (error) => log.push(codeOf(error)) });
  });

  afterEach(async () => {
    // What the test itself put off to the end of a turn.
    await vi.advanceTimersByTimeAsync(1);
    line.close();
    await vi.advanceTimersByTimeAsync(0);
    expect(vi.getTimerCount()).toBe(0);
    vi.restoreAllMocks();
    vi.useRealTimers();
  });

  const codeOf = (error: Error) => String((error as { code?: string }).code).replace("ERR_SOCKEYE_POSTGRES_", "");

  /** The database answers the probe, and brings the notification if it is to be heard. */
  async function answerProbe(link: FakeLink, isHeard = true): Promise<void> {
    await vi.advanceTimersByTimeAsync(0);
    const probe = link.asked.at(-1)!;
    expect(probe.values).toEqual(["own"]);
    void probe.answer();
    if (isHeard) link.listener!.onNotification("own", "");
    await vi.advanceTimersByTimeAsync(0);
  }

  async function start(): Promise<FakeLink> {
    const started = line.start(port);
    await vi.advanceTimersByTimeAsync(0);
    await answerProbe(database.links.at(-1)!);
    await started;
    return database.links.at(-1)!;
  }

  it("prepares the tables, proves that it hears, and then its user", async () => {
    const link = await start();
    expect([log, link.listening]).toEqual([["tables", "prepare", "up"], ["own"]]);
    expect(line.link).toBe(link);
  });

  it("does not prepare the tables twice", async () => {
    const link = await start();
    link.listener!.onLost(new Error("cut"));
    await vi.advanceTimersByTimeAsync(100);
    await answerProbe(database.links[1]!);
    expect(log).toEqual(["tables", "prepare", "up", "down", "CONNECTION", "prepare", "up"]);
  });

  it("refuses to start where it does not hear", async () => {
    const started = expect(line.start(port)).rejects.toMatchObject({ code: "ERR_SOCKEYE_POSTGRES_DEAF" });
    await answerProbe(database.links[0]!, false);
    await vi.advanceTimersByTimeAsync(500);
    await started;
  });

  it("asks for a sign of life when it has heard nothing for a while, and not before", async () => {
    const link = await start();
    const asked = link.asked.length;
    for (let i = 0; i < 20; i++) {
      await vi.advanceTimersByTimeAsync(500);
      link.listener!.onNotification("whatever", "");
    }
    expect(link.asked).toHaveLength(asked);
    await vi.advanceTimersByTimeAsync(1_200);
    await answerProbe(link);
    await vi.advanceTimersByTimeAsync(900);
    expect(log.at(-1)).toBe("up");
  });

  it("gives up a link on which nothing is heard", async () => {
    const link = await start();
    await vi.advanceTimersByTimeAsync(1_200);
    await answerProbe(link, false);
    await vi.advanceTimersByTimeAsync(600);
    expect([log.slice(-2), link.isClosed]).toEqual([["down", "CONNECTION"], true]);
  });

  it("gives up a link that cannot be asked", async () => {
    const link = await start();
    await vi.advanceTimersByTimeAsync(1_200);
    void link.asked.at(-1)!.fail(new Error("cut"));
    await vi.advanceTimersByTimeAsync(0);
    expect(log.slice(-2)).toEqual(["down", "CONNECTION"]);
  });

  it("survives an error handler that throws", async () => {
    line.close();
    line = new Line(database, "own", {
      ...OPTIONS,
      errorHandler: () => {
        throw new Error("no");
      },
    });
    const link = await start();
    link.listener!.onLost(new Error("cut"));
    expect(log.at(-1)).toBe("down");
  });

  it("says no when there is no link", async () => {
    await expect(line.query({ name: "", text: "" }, [])).rejects.toMatchObject({
      code: "ERR_SOCKEYE_POSTGRES_CONNECTION",
    });
  });
});
