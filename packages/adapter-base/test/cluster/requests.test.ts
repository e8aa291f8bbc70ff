import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Requests } from "../../src/cluster/requests.js";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

describe("Requests", () => {
  it("settle when every node has answered once", async () => {
    const requests = new Requests();
    const outcome = requests.open<number>("1", ["a", "b"], 1000);
    requests.answer("1", "a", 1);
    requests.answer("1", "a", 2);
    requests.answer("1", "stranger", 3);
    requests.answer("2", "b", 4);
    expect(requests.size).toBe(1);
    requests.answer("1", "b", 5);
    expect(await outcome).toEqual({ responses: [1, 5], missing: [] });
    requests.answer("1", "b", 6);
    expect(requests.size).toBe(0);
  });

  it("settle at once when there is nobody to ask", async () => {
    expect(await new Requests().open("1", [], 1000)).toEqual({ responses: [], missing: [] });
  });

  it("settle at the deadline with who is missing", async () => {
    const requests = new Requests();
    const outcome = requests.open<number>("1", ["a", "b"], 1000);
    requests.answer("1", "b", 1);
    vi.advanceTimersByTime(1000);
    expect(await outcome).toEqual({ responses: [1], missing: ["a"] });
  });

  it("do not wait for nodes that left; those without a goodbye are missing", async () => {
    const requests = new Requests();
    const [one, two] = [requests.open("1", ["a", "b"], 1000), requests.open("2", ["b"], 1000)];
    requests.nodeLeft("a", true);
    requests.nodeLeft("b", false);
    expect(await one).toEqual({ responses: [], missing: ["b"] });
    expect(await two).toEqual({ responses: [], missing: ["b"] });
  });

  it("settle when they are closed", async () => {
    const requests = new Requests();
    const outcome = requests.open("1", ["a"], 1000);
    requests.close();
    expect(await outcome).toEqual({ responses: [], missing: ["a"] });
  });
});
