import { MemoryEngine, type MemoryPeer } from "@sockeye/testkit";
import { type ErrorContext, Server, type ServerOptions } from "../../src/index.js";
import { keep, type Reported } from "./harness.js";

export interface InMemory {
  readonly io: Server;
  readonly engine: MemoryEngine;
  readonly reported: Reported;
}

/** A server over the in-memory engine: the wire without a network. */
export function inMemory(options: Partial<ServerOptions> = {}): InMemory {
  const reported: Reported = [];
  const onError = (error: Error, context: ErrorContext) => reported.push({ error, context });
  const io = keep(new Server({ onError, ...options }));
  const engine = new MemoryEngine();
  io.bind(engine);
  return { io, engine, reported };
}

/** All that waits behind the current turn has run: ticks, microtasks, and the deliveries they cause. */
export async function turn(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** A peer that has joined `/`. */
export async function joined(engine: MemoryEngine, connect = "0"): Promise<MemoryPeer> {
  const peer = engine.connect();
  peer.send(connect);
  await turn();
  return peer;
}

/** Text frames that arrived, without CONNECT packets. */
export function texts(peer: MemoryPeer): string[] {
  return peer.received.filter((data): data is string => typeof data === "string" && !data.startsWith("0"));
}
