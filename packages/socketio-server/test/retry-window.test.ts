import { describe, expect, it } from "vitest";
import { Deadlines } from "../src/deadlines.js";
import type { Socket } from "../src/index.js";
import { RetryWindow } from "../src/retry-window.js";
import { once } from "./support/harness.js";
import { inMemory, joined, texts, turn } from "./support/memory.js";

const here = {};
const there = {};

describe("a retry window", () => {
  const window = (cap = 10) => new RetryWindow(new Deadlines(), cap, "~tag");
  const replies = () => {
    const log: unknown[][] = [];
    return { log, reply: (args: unknown[]) => void log.push(args) };
  };

  it("takes its own marks off, and nothing else", () => {
    const retries = window();
    const marked = ["x", 1, "~tagclient-01.0"];
    expect(retries.take(marked)).toBe("client-01.0");
    expect(marked).toEqual(["x", 1]);
    for (const other of [
      ["~tagclient-01.0"],
      ["x", "~tag"],
      ["x", "~tagshort.1"],
      ["x", "~tagclient-01.x"],
      ["x", "text"],
      ["x", "~tagclient-01.0", 1],
    ]) {
      expect(retries.take([...other])).toBeUndefined();
    }
  });

  it("lets each event pass once; a repetition gets the stored answer, an old one an empty answer", () => {
    const retries = window();
    const { log, reply } = replies();
    const first = retries.judge("client-01.0", here, reply);
    expect(first.run).toBe(true);
    if (first.run) first.settle(["a"]);
    expect(retries.judge("client-01.0", here, reply).run).toBe(false);
    const second = retries.judge("client-01.1", here, reply);
    expect(second.run).toBe(true);
    expect(retries.judge("client-01.0", here, reply).run).toBe(false);
    expect(log).toEqual([["a"], ["a"], []]);
  });

  it("sends an answer that comes late to whoever asked last, once", () => {
    const retries = window();
    const [early, late] = [replies(), replies()];
    const verdict = retries.judge("client-01.5", here, early.reply);
    retries.judge("client-01.5", there, late.reply);
    if (verdict.run) {
      verdict.settle(["answer"]);
      verdict.settle(["again"]);
    }
    expect([early.log, late.log]).toEqual([[], [["answer"]]]);
  });

  it("lets an event pass again when its handlers left it without an answer", () => {
    const retries = window();
    const { reply } = replies();
    const verdict = retries.judge("client-01.0", here, reply);
    expect(retries.judge("client-01.0", here, reply).run, "while they are at work").toBe(false);
    if (verdict.run) verdict.done();
    expect(retries.judge("client-01.0", there, reply).run, "right after a reconnection").toBe(false);
    expect(retries.judge("client-01.0", there, reply).run, "when the client has waited").toBe(true);
    expect(retries.judge("client-01.0", there, reply).run, "while they are at work again").toBe(false);
  });

  it("remembers a limited number of clients", () => {
    const deadlines = new Deadlines();
    const retries = new RetryWindow(deadlines, 2, undefined);
    for (const client of ["client-01", "client-02", "client-01", "client-03"]) {
      retries.judge(`${client}.${client === "client-01" ? 0 : 1}`, here, () => {});
    }
    expect([retries.size, deadlines.size]).toEqual([2, 2]);
    expect(retries.judge("client-01.0", here, () => {}).run).toBe(false);
    expect(retries.judge("client-02.1", here, () => {}).run).toBe(true);
    retries.clear();
    expect([retries.size, deadlines.size]).toEqual([0, 0]);
    expect(retries.tag).toMatch(/^~[\w-]{6}$/);
  });
});

describe("clients that retry", () => {
  it("are offered marks only when they ask", async () => {
    const { io, engine } = inMemory();
    const plain = await joined(engine);
    expect(Object.keys(JSON.parse(String(plain.received[0]).slice(1)))).toEqual(["sid"]);
    const arrival = once<Socket>(io, "connection");
    const asking = await joined(engine, '0{"dedup":true,"token":"x"}');
    expect((await arrival).handshake.auth).toEqual({ token: "x" });
    expect(JSON.parse(String(asking.received[0]).slice(1))).toMatchObject({ dedup: true, tag: expect.any(String) });
  });

  it("have each event handled once, over reconnections, and answered every time", async () => {
    for (const options of [{}, { connectionStateRecovery: {} }]) {
      const { io, engine } = inMemory(options);
      const handled: unknown[] = [];
      io.on("connection", (socket) => {
        socket.on("order", (what, answer) => {
          handled.push(what);
          answer(`got ${what}`);
        });
      });
      const first = await joined(engine, '0{"dedup":true}');
      const { tag } = JSON.parse(String(first.received[0]).slice(1));
      first.send(`20["order","tea","${tag}client-01.0"]`);
      await turn();
      first.close();
      const second = await joined(engine, '0{"dedup":true}');
      second.send(`20["order","tea","${tag}client-01.0"]`);
      second.send(`21["order","cake","${tag}client-01.1"]`);
      second.send(`22["order","plain"]`);
      await turn();
      expect(handled).toEqual(["tea", "cake", "plain"]);
      expect(texts(first)).toEqual(['30["got tea"]']);
      expect(texts(second)).toEqual(['30["got tea"]', '31["got cake"]', '32["got plain"]']);
      expect(io.inspect().namespaces["/"]?.retrying).toBe(1);
    }
  });

  it("have an event handled again that was not acknowledged, and not while its handler is at work", async () => {
    const { io, engine, reported } = inMemory();
    const runs: string[] = [];
    let finish = (): void => {};
    io.on("connection", (socket) => {
      socket.on("fails first", (answer) => {
        runs.push("fails first");
        if (runs.length === 1) throw new Error("first");
        answer("done");
      });
      socket.on("slow", async (answer) => {
        runs.push("slow");
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
        answer("slow");
      });
    });
    const peer = await joined(engine, '0{"dedup":true}');
    const { tag } = JSON.parse(String(peer.received[0]).slice(1));
    for (let id = 0; id < 3; id++) {
      peer.send(`2${id}["fails first","${tag}client-01.0"]`);
      await turn();
    }
    for (let id = 3; id < 6; id++) {
      peer.send(`2${id}["slow","${tag}client-01.1"]`);
      await turn();
    }
    finish();
    await turn();
    expect(runs).toEqual(["fails first", "fails first", "slow"]);
    expect(texts(peer)).toEqual(['31["done"]', '32["done"]', '35["slow"]']);
    expect(reported.map(({ error, context }) => [error.message, context.event])).toEqual([["first", "fails first"]]);
  });
});
