import type { Adapter, RestoredSession } from "@sockeye/adapter-base";
import type { EncodedPacket } from "@sockeye/socketio-parser";
import type { Resumed, SessionSocket, Sessions } from "./sessions.js";

/**
 * What adapters written for the incumbent's server need of ours. Nothing here is part of the public API, and our own adapters
 * use none of it.
 */

/**
 * Whether an adapter of the incumbent's shape recovers sessions. Its base class has a `restoreSession` that does nothing, so
 * what counts is whether a class derived from that base has one of its own.
 */
export function restoresSessions(adapter: Adapter): boolean {
  const owners = prototypesOf(adapter).filter((prototype) => Object.hasOwn(prototype, "restoreSession"));
  return owners.length > 1;
}

function prototypesOf(object: object): object[] {
  const chain: object[] = [];
  for (let next = Object.getPrototypeOf(object); next !== null; next = Object.getPrototypeOf(next)) chain.push(next);
  return chain;
}

/**
 * Sessions over such an adapter (Redis Streams, for one). It logs what passes through its own `broadcast`, appends its own
 * offsets, and knows a session only from the moment it is persisted.
 */
export class LegacySessions implements Sessions {
  readonly relays = true;
  readonly behind = false;
  readonly #live = new Map<string, SessionSocket>();
  /** What is being written, by session: it is not read before that is done. */
  readonly #writing = new Map<string, Promise<unknown>>();

  constructor(
    private readonly adapter: Adapter,
    private readonly encode: (data: readonly unknown[]) => EncodedPacket,
    private readonly report: (error: Error) => void,
  ) {}

  after(write: () => void): void {
    write();
  }

  expedite(): void {}

  logged(_pid: string, encoded: EncodedPacket): EncodedPacket {
    return encoded;
  }

  positioned(_pid: string, encoded: EncodedPacket): EncodedPacket {
    return encoded;
  }

  logForSleeper(): void {}

  ended(pid: string, socket: SessionSocket, resumable: boolean): void {
    if (this.#live.get(pid) !== socket) return;
    this.#live.delete(pid);
    if (resumable) this.#persist(pid, socket.id, [...socket.rooms], socket.data);
  }

  async resume(pid: string, offset: string | undefined): Promise<Resumed> {
    this.#live.get(pid)?.abandon();
    if (offset === undefined) return { ok: false, reason: "invalid-offset" };
    try {
      await this.#writing.get(pid);
      const session = await this.adapter.restoreSession?.(pid, offset);
      return session ? this.#resumed(session) : { ok: false, reason: "unknown" };
    } catch {
      // These adapters reject alike for what is unknown, expired, or not an offset.
      return { ok: false, reason: "unknown" };
    }
  }

  suspend(pid: string, session: { sid: string; rooms: readonly string[]; data: unknown }): void {
    this.#persist(pid, session.sid, [...session.rooms], session.data);
  }

  began(pid: string, socket: SessionSocket): readonly EncodedPacket[] {
    this.#live.set(pid, socket);
    return [];
  }

  greeting(): object {
    return {};
  }

  inspect(): undefined {
    return undefined;
  }

  #persist(pid: string, sid: string, rooms: string[], data: unknown): void {
    const outcome: unknown = this.adapter.persistSession?.({ sid, pid, rooms, data });
    if (!(outcome instanceof Promise)) return;
    const written = outcome.catch(this.report).finally(() => this.#writing.delete(pid));
    this.#writing.set(pid, written);
  }

  #resumed(session: RestoredSession): Resumed {
    const { sid, rooms, data, missedPackets } = session;
    return { ok: true, sid, rooms: [...rooms], data, missed: missedPackets.map(this.encode) };
  }
}
