import { describe, expect, it, vi } from "vitest";
import { IpcDriver } from "../../../src/cluster/drivers/ipc-driver.js";
import { IpcHub } from "../../../src/cluster/drivers/ipc-hub.js";
import type { ToHub, ToNode } from "../../../src/cluster/drivers/ipc-messages.js";
import { portPair } from "../../support/port-pair.js";

const ALL = { kind: "all", namespace: "/" } as const;

async function started() {
  const hub = new IpcHub();
  const [port, primary, disconnect] = portPair<ToHub, ToNode>();
  hub.attach(primary);
  const send = vi.spyOn(port, "send");
  const driver = new IpcDriver(port);
  const receiver = { onEnvelope: vi.fn(), onGap: vi.fn(), onState: vi.fn() };
  await driver.start("0000000000000001", receiver);
  return { hub, driver, receiver, send, disconnect };
}

describe("IpcDriver", () => {
  it("sends what is published in one turn as one message", async () => {
    const { driver, send } = await started();
    await Promise.all([1, 2, 3].map((n) => driver.publish(ALL, Uint8Array.of(n))));
    await driver.publish(ALL, Uint8Array.of(4));
    const counts = send.mock.calls.map(([message]) =>
      message.op === "publish" ? message.envelopes.length : message.op,
    );
    expect(counts).toEqual([3, 1]);
  });

  it("says when the primary is gone, and refuses from then on", async () => {
    const { driver, receiver, disconnect } = await started();
    const waiting = driver.subscribe(ALL);
    disconnect();
    await waiting;
    expect(receiver.onState).toHaveBeenCalledWith({ publish: "down", receive: "down" });
    await expect(driver.publish(ALL, Uint8Array.of(1))).rejects.toMatchObject({ code: "ERR_SOCKEYE_CLUSTER_PUBLISH" });
    await expect(driver.subscribe(ALL)).rejects.toMatchObject({ code: "ERR_SOCKEYE_CLUSTER_PUBLISH" });
    await driver.close();
  });

  it("does not wait for ever for a primary that was not set up", async () => {
    const [port] = portPair<ToHub, ToNode>();
    const driver = new IpcDriver(port, { confirmTimeout: 5 });
    await expect(driver.subscribe(ALL)).rejects.toThrow(/setupPrimary/);
    await driver.close();
  });

  it("refuses while the primary does not read", async () => {
    const [port] = portPair<ToHub, ToNode>();
    const driver = new IpcDriver({ ...port, queuedBytes: 11 }, { maxQueuedBytes: 10 });
    await expect(driver.publish(ALL, Uint8Array.of(1))).rejects.toMatchObject({ code: "ERR_SOCKEYE_CLUSTER_PUBLISH" });
  });

  it("passes on that something was dropped", async () => {
    const [port, primary] = portPair<ToHub, ToNode>();
    const receiver = { onEnvelope: vi.fn(), onGap: vi.fn(), onState: vi.fn() };
    await new IpcDriver(port).start("0000000000000001", receiver);
    primary.send({ sockeye: "node", op: "gap" });
    await vi.waitFor(() => expect(receiver.onGap).toHaveBeenCalledOnce());
  });

  it("sends what is under way before it closes, and leaves nothing behind", async () => {
    const { hub, driver } = await started();
    await driver.subscribe(ALL);
    const last = driver.publish(ALL, Uint8Array.of(1));
    await driver.close();
    await expect(last).resolves.toBeUndefined();
    await vi.waitFor(() => expect(hub.size).toBe(0));
  });
});
