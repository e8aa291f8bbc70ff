import { once } from "node:events";
import { createServer } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { findProgram } from "../services/debian.mjs";
import { answers, freePort, until } from "../services/loopback.mjs";
import { obtain } from "../services/service.mjs";

afterEach(() => vi.unstubAllEnvs());

/** @param {Partial<import("../services/service.mjs").Service>} parts */
function service(parts) {
  return {
    name: "store",
    variable: "SOCKEYE_TEST_STORE",
    advice: "install a store",
    isAnswering: async () => true,
    start: async () => undefined,
    ...parts,
  };
}

const silent = () => {};

describe("obtaining a service", () => {
  it("takes the address from its variable, and closes nothing", async () => {
    vi.stubEnv("SOCKEYE_TEST_STORE", "store://there");
    const start = vi.fn();
    expect(await obtain(service({ start }), silent)).toMatchObject({ address: "store://there" });
    expect(start).not.toHaveBeenCalled();
  });

  it("does not fall back when nobody is at that address", async () => {
    vi.stubEnv("SOCKEYE_TEST_STORE", "store://nowhere");
    const got = await obtain(service({ isAnswering: async () => false }), silent);
    expect(got).toEqual({ problem: "SOCKEYE_TEST_STORE is set, but there is nothing at store://nowhere" });
  });

  it("says what to do when it cannot be had", async () => {
    expect(await obtain(service({}), silent)).toEqual({ problem: "store is not to be had: install a store" });
  });

  it("says why it did not start", async () => {
    const start = async () => {
      throw new Error("no space");
    };
    const got = await obtain(service({ start }), silent);
    expect(got).toEqual({ problem: "store did not start (Error: no space): install a store" });
  });
});

describe("loopback", () => {
  it("finds a free port, on which nobody answers until somebody listens", async () => {
    const port = await freePort();
    expect(await answers("127.0.0.1", port)).toBe(false);
    const server = createServer().listen(port, "127.0.0.1");
    await once(server, "listening");
    expect(await answers("127.0.0.1", port)).toBe(true);
    server.close();
  });

  it("waits until the answer is yes, or long enough", async () => {
    let asked = 0;
    expect(await until(() => ++asked === 3, 5000)).toBe(true);
    expect(await until(() => false, 20)).toBe(false);
  });
});

it("programs are found in order of preference", () => {
  expect(findProgram("no-such-program", "node")).toMatch(/\/node$/);
  expect(findProgram("no-such-program")).toBeUndefined();
});
