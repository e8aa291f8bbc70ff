import cluster, { type Worker } from "node:cluster";
import type { AdapterTarget } from "../../contract.js";
import type { InMemoryAdapterOptions } from "../../in-memory-adapter.js";
import { type ClusterAdapter, createClusterAdapter } from "../cluster-adapter.js";
import { ClusterError } from "../errors.js";
import type { ClusterOptions } from "../options.js";
import type { UplinkOptions } from "./hub-uplink.js";
import { IpcDriver } from "./ipc-driver.js";
import { IpcHub } from "./ipc-hub.js";
import {
  type Addressed,
  type IpcLimits,
  type IpcPort,
  isFor,
  type StoreCall,
  type ToHub,
  type ToNode,
} from "./ipc-messages.js";

export type { UplinkOptions } from "./hub-uplink.js";
export type { IpcLimits } from "./ipc-messages.js";

/** The part of `process` and of a `Worker` that is used. */
interface Endpoint {
  send?(message: object, callback: (error: Error | null) => void): boolean;
  isConnected?(): boolean;
  readonly connected?: boolean;
  on(event: "message" | "disconnect", listener: (message: unknown) => void): unknown;
  off(event: "message" | "disconnect", listener: (message: unknown) => void): unknown;
}

/** What the primary does for its workers. */
export interface Primary {
  /** The uplink has started, if there is one; rejects with what it rejects with. */
  readonly ready: Promise<void>;
  /** Takes no more workers along, and closes the uplink. Those that run should have ended. */
  close(): Promise<void>;
}

/**
 * In the primary process, before the first `cluster.fork()`: passes the workers' envelopes on. Workers that exist already
 * are taken along.
 *
 * ```ts
 * if (cluster.isPrimary) {
 *   // Optional: bytes travel as they are, not as base64 in JSON.
 *   cluster.setupPrimary({ serialization: "advanced" });
 *   setupPrimary();
 *   for (let i = 0; i < availableParallelism(); i++) cluster.fork();
 * }
 * ```
 *
 * With an `uplink` the workers are nodes of a wider cluster, over one connection; packages for brokers may make one for you.
 *
 * @throws ClusterError `ERR_SOCKEYE_CLUSTER_OPTION` when the uplink does not echo
 */
export function setupPrimary(options: IpcLimits & UplinkOptions = {}): Primary {
  const hub = new IpcHub(options);
  const attach = (worker: Worker) => hub.attach(portOf<ToNode, ToHub>(worker as unknown as Endpoint, "hub"));
  for (const worker of Object.values(cluster.workers ?? {})) if (worker !== undefined) attach(worker);
  cluster.on("fork", attach);
  return {
    ready: hub.ready,
    close() {
      cluster.off("fork", attach);
      return hub.close();
    },
  };
}

/**
 * For the `adapter` option of a server in a worker of node:cluster.
 *
 * @throws ClusterError `ERR_SOCKEYE_CLUSTER_OPTION` in a process that is not a worker
 */
export function createNodeClusterAdapter(
  options: Omit<ClusterOptions, "driver"> & InMemoryAdapterOptions & IpcLimits = {},
): (nsp: AdapterTarget) => ClusterAdapter {
  if (process.send === undefined) {
    throw new ClusterError("ERR_SOCKEYE_CLUSTER_OPTION", "this process is not a worker of node:cluster");
  }
  return createClusterAdapter({
    ...options,
    driver: new IpcDriver(portOf<ToHub, ToNode>(process as Endpoint, "node")),
  });
}

/** Sent with what is no envelope: comes out as it went in where the channel carries bytes. */
const SAMPLE = Uint8Array.of(1);

/**
 * IPC between processes is JSON, and bytes are base64 in it, unless the application has asked for `serialization: "advanced"`: each side
 * sees that by the sample that the other has sent. What is base64 says so.
 */
function portOf<Out extends ToHub | ToNode, In extends ToHub | ToNode>(
  endpoint: Endpoint,
  side: In["sockeye"],
): IpcPort<Out, In> {
  const listening: ["message" | "disconnect", (message: unknown) => void][] = [];
  const listen = (event: "message" | "disconnect", listener: (message: unknown) => void) => {
    listening.push([event, listener]);
    endpoint.on(event, listener);
  };
  let queuedBytes = 0;
  let carriesBytes = false;
  const outgoing = (message: Out): object => {
    if (!hasBytes(message)) return { ...message, sample: SAMPLE };
    return carriesBytes ? message : { ...withBytes(message, toBase64), base64: true };
  };
  return {
    get queuedBytes() {
      return queuedBytes;
    },
    send(message) {
      const isConnected = endpoint.isConnected?.() ?? endpoint.connected;
      if (!isConnected) throw new ClusterError("ERR_SOCKEYE_CLUSTER_PUBLISH", "the other process has disconnected");
      const size = sizeOf(message);
      queuedBytes += size;
      // Without a callback, a write to a process that was just killed is an `error` event. Its `disconnect` follows either way.
      endpoint.send?.(outgoing(message), () => {
        queuedBytes -= size;
      });
    },
    onMessage: (listener) =>
      listen("message", (message) => {
        if (!isFor<In>(message, side)) return;
        carriesBytes ||= "sample" in message && message.sample instanceof Uint8Array;
        listener("base64" in message ? withBytes(message, fromBase64) : message);
      }),
    onClose: (listener) => listen("disconnect", listener),
    detach() {
      for (const [event, listener] of listening.splice(0)) endpoint.off(event, listener);
    },
  };
}

function sizeOf(message: object): number {
  if ("envelopes" in message) return bytesIn(message.envelopes as readonly Addressed[]);
  if (!("calls" in message)) return 0;
  const calls = message.calls as Extract<ToHub, { op: "store" }>["calls"];
  return calls.reduce((sum, { call }) => sum + sizeOfCall(call), 0);
}

function sizeOfCall(call: StoreCall): number {
  if (call.do === "append") return call.bytes.byteLength;
  if (call.do === "save") return bytesIn(call.records);
  return call.do === "append-private" ? bytesIn(call.events) : 0;
}

function bytesIn(items: readonly { readonly bytes: Uint8Array }[]): number {
  return items.reduce((sum, { bytes }) => sum + bytes.byteLength, 0);
}

/** Under these names messages carry bytes. */
const BYTES: ReadonlySet<string> = new Set(["bytes", "envelope"]);

function hasBytes(message: object): boolean {
  return "envelopes" in message || "calls" in message || "answers" in message;
}

/** A message with its bytes in another form. */
function withBytes<M extends object>(message: M, convert: (bytes: never) => unknown): M {
  return converted(message, convert) as M;
}

function converted(value: unknown, convert: (bytes: never) => unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => converted(item, convert));
  if (typeof value !== "object" || value === null) return value;
  const copy: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(value)) {
    copy[name] = BYTES.has(name) ? convert(field as never) : converted(field, convert);
  }
  return copy;
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

function fromBase64(sent: string): Uint8Array {
  return Buffer.from(sent, "base64");
}
