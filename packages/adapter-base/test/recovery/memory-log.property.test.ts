import fc from "fast-check";
import { expect, it } from "vitest";
import type { OutgoingBroadcast, Selection } from "../../src/contract.js";
import { InMemoryAdapter } from "../../src/in-memory-adapter.js";
import type { MemoryLog } from "../../src/recovery/memory-log.js";
import { StubHost } from "../support/stub-host.js";

/** The client end: what arrived, and the last offset seen. */
class Peer {
  readonly received: number[] = [];
  readonly expected: number[] = [];
  /** Rooms as a plain model has them; kept while asleep. */
  readonly rooms: Set<string>;
  linkUp = true;
  offset: string | undefined;

  constructor(readonly id: string) {
    this.rooms = new Set([id]);
  }

  receive(event: number | undefined, offset: string | undefined): void {
    if (!this.linkUp) return;
    if (event !== undefined) this.received.push(event);
    this.offset = offset ?? this.offset;
  }
}

/** A server of one namespace: enough of it to open, cut and resume sessions in the order the contract asks for. */
class Server extends StubHost {
  readonly peers = ["a", "b", "c"].map((id) => new Peer(id));
  readonly sleeping = new Set<Peer>();
  readonly adapter = new InMemoryAdapter(this.target, { recovery: {} });
  readonly log = this.adapter.recovery as MemoryLog;
  #events = 0;

  constructor() {
    super();
    for (const peer of this.peers) this.#admit(peer, [peer.id]);
  }

  override deliver(broadcast: OutgoingBroadcast, selection: Selection): void {
    selection.forEach((id) => {
      const offset = broadcast.flags.volatile ? this.log.position(id) : broadcast.offset;
      this.#peer(id).receive(broadcast.flags.volatile ? undefined : numberOf(broadcast.encoded), offset);
    });
  }

  broadcast(rooms: string[], except: string[], volatile: boolean): void {
    const event = ++this.#events;
    const options = { rooms: new Set(rooms), except: new Set(except), flags: { volatile } };
    this.adapter.broadcast({ type: 2, data: ["event", event] }, options);
    options.rooms.clear();
    for (const peer of this.peers) {
      const included = rooms.length === 0 || rooms.some((room) => peer.rooms.has(room));
      if (!volatile && included && !except.some((room) => peer.rooms.has(room))) peer.expected.push(event);
    }
  }

  emit(peer: Peer): void {
    const event = ++this.#events;
    const offset = this.log.appendPrivate(peer.id, this.encode({ type: 2, data: ["event", event] }));
    if (!this.sleeping.has(peer)) peer.receive(event, offset);
    peer.expected.push(event);
  }

  join(peer: Peer, room: string): void {
    if (this.sleeping.has(peer)) return;
    this.adapter.addAll(peer.id, new Set([room]));
    peer.rooms.add(room);
  }

  leave(peer: Peer, room: string): void {
    if (this.sleeping.has(peer)) return;
    this.adapter.del(peer.id, room);
    peer.rooms.delete(room);
  }

  notice(peer: Peer): void {
    if (this.sleeping.has(peer)) return;
    peer.linkUp = false;
    const rooms = [...this.adapter.socketRooms(peer.id)!];
    this.log.persist({ pid: peer.id, sid: peer.id, rooms, data: peer.expected.length });
    this.adapter.delAll(peer.id);
    this.sleeping.add(peer);
  }

  /** The peer is back, noticed before or not; its link holds for some of what it missed, or for good. */
  back(peer: Peer, holdsFor: number): void {
    this.notice(peer);
    const result = this.log.resume(peer.id, peer.offset);
    if (!result.ok) throw new RangeError(`not resumed: ${result.reason}`);
    expect(this.log.resume(peer.id, peer.offset)).toEqual({ ok: false, reason: "unknown" });
    peer.linkUp = true;
    this.sleeping.delete(peer);
    this.#admit(peer, result.session.rooms);
    for (const [nth, { encoded, offset }] of result.missed.entries()) {
      if (nth === holdsFor) peer.linkUp = false;
      peer.receive(numberOf(encoded), offset);
    }
  }

  #admit(peer: Peer, rooms: readonly string[]): void {
    this.adapter.addAll(peer.id, new Set(rooms));
    this.log.open({ pid: peer.id, sid: peer.id, rooms: this.adapter.socketRooms(peer.id)! });
  }

  #peer(id: string): Peer {
    return this.peers.find((peer) => peer.id === id)!;
  }
}

function numberOf(encoded: readonly unknown[]): number {
  return JSON.parse(String(encoded[0]))[1];
}

const peer = fc.nat({ max: 2 });
const room = fc.constantFrom("x", "y");
const target = fc.subarray(["x", "y", "a", "b"], { maxLength: 2 });
const step = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.constant("broadcast" as const), target, target, fc.boolean()) },
  { weight: 3, arbitrary: fc.tuple(fc.constant("emit" as const), peer) },
  { weight: 2, arbitrary: fc.tuple(fc.constant("join" as const), peer, room) },
  { weight: 2, arbitrary: fc.tuple(fc.constant("leave" as const), peer, room) },
  { weight: 2, arbitrary: fc.tuple(fc.constant("cut" as const), peer) },
  { weight: 1, arbitrary: fc.tuple(fc.constant("notice" as const), peer) },
  { weight: 2, arbitrary: fc.tuple(fc.constant("back" as const), peer, fc.nat({ max: 3 })) },
);

// Invariant: however broadcasts, private events, joins, leaves, cuts (noticed at once, late, or not before the peer is
// back) and resumptions that break off are interleaved, a peer that comes back at last has received exactly what was
// sent to it while it was in the room, once each, in the order of sending.
it("loses, doubles and reorders nothing", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80, size: "max" }), (steps) => {
      const server = new Server();
      for (const [kind, ...args] of steps) {
        if (kind === "broadcast") server.broadcast(...(args as [string[], string[], boolean]));
        else run(server, kind, server.peers[args[0] as number]!, args[1] as never);
      }
      for (const peer of server.peers) {
        server.back(peer, Number.POSITIVE_INFINITY);
        expect(peer.received).toEqual(peer.expected);
      }
      server.log.close();
    }),
    { numRuns: 500 },
  );
});

function run(server: Server, kind: string, peer: Peer, detail: never): void {
  if (kind === "emit") server.emit(peer);
  if (kind === "join") server.join(peer, detail);
  if (kind === "leave") server.leave(peer, detail);
  if (kind === "cut") peer.linkUp = false;
  if (kind === "notice") server.notice(peer);
  if (kind === "back") server.back(peer, detail);
}
