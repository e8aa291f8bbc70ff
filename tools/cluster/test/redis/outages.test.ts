/** Redis goes away under load and comes back: what a user sees of it, with every library in every mode. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { libraries } from "../../src/redis/clients.js";
import { RedisServer } from "../../src/redis/redis-server.js";
import { type Mode, modes, Stage } from "../../src/redis/stage.js";

/** From the restart of Redis to the first message of every node on every other one, in milliseconds. */
const HEALED_WITHIN = 5000;
const OUTAGE = 700;
/** What Redis was told, it still knows when it is back. */
const DURABLE = ["--appendonly", "yes", "--appendfsync", "always"];

const strays: unknown[] = [];
const stray = (error: unknown) => void strays.push(error);

beforeEach(() => {
  process.on("unhandledRejection", stray);
  process.on("uncaughtException", stray);
});

afterEach(() => {
  process.off("unhandledRejection", stray);
  process.off("uncaughtException", stray);
  expect(strays.splice(0)).toEqual([]);
});

describe.each(libraries)("$name", (library) => {
  describe.each(Object.keys(modes) as Mode[])("%s", (mode) => {
    it("is killed under load and comes back", async () => {
      const server = await RedisServer.start(...(mode === "streams" ? DURABLE : []));
      const stage = await Stage.open(mode, library, server.port);
      const { nodes } = stage;
      const talk = setInterval(() => {
        for (const node of nodes) node.say();
      }, 5);
      await sleep(200);

      await server.kill();
      await sleep(OUTAGE / 2);
      const asked = nodes[0]!.fetch();
      await expect(asked).rejects.toMatchObject({
        code: "ERR_SOCKEYE_CLUSTER_TIMEOUT",
        responses: [expect.objectContaining({ id: "socket0" })],
        missing: expect.objectContaining({ length: 2 }),
      });
      expect(nodes.map(({ adapter }) => adapter.health)).not.toContain("ok");

      await server.restart();
      const began = performance.now();
      const last = nodes.map(({ said }) => said);
      const healed = () =>
        nodes.every((node) => nodes.every((other) => node.heardOf(other.number).at(-1)! > last[other.number]!));
      await vi.waitFor(() => expect(healed()).toBe(true), { timeout: HEALED_WITHIN, interval: 5 });
      console.log(
        `${library.name}, ${mode}: all nodes deliver again ${Math.round(performance.now() - began)} ms after the restart`,
      );
      await vi.waitFor(() => expect(nodes.map(({ adapter }) => adapter.health)).toEqual(["ok", "ok", "ok"]), 5000);
      clearInterval(talk);

      await vi.waitFor(() => {
        for (const node of nodes) for (const other of nodes) expect(node.heardOf(other.number).at(-1)).toBe(other.said);
      }, 5000);
      for (const node of nodes) {
        const own = node.heardOf(node.number);
        expect(own, "a node's own sockets get everything, in order").toEqual(own.map((_, i) => i + 1));
        for (const other of nodes) {
          const heard = node.heardOf(other.number);
          expect(heard, "in order, and nothing twice").toEqual([...new Set(heard)].sort((a, b) => a - b));
          if (mode === "streams") expect(heard.length, "nothing is lost").toBe(other.said);
          else if (heard.length < other.said) expect(node.codes, "a loss is told").toContain("ERR_SOCKEYE_CLUSTER_GAP");
        }
      }
      await vi.waitFor(async () => expect(await nodes[0]!.fetch()).toHaveLength(3), 5000);
      await stage.close();
      await server.stop();
    });
  });
});
