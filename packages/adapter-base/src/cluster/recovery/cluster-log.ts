import type { EncodedPacket } from "@sockeye/socketio-parser";
import type { Selection } from "../../contract.js";
import type { Room, SocketId } from "../../names.js";
import type { AdapterLog } from "../../recovery/adapter-log.js";
import type { LiveSession, MissedPacket, ResumeResult, SessionRecord } from "../../recovery/contract.js";
import { type MemoryLogOptions, memoryLogOptions } from "../../recovery/options.js";
import type { NodeId } from "../contract.js";
import { ClusterSessions } from "./cluster-sessions.js";
import type { LogPosition, RecoveryStore } from "./contract.js";
import { formatOffset, tagOf } from "./offset.js";
import { selects, type VisibleRooms } from "./pending-moves.js";
import { type LogEntry, type OrderPort, type OwnBroadcast, SharedOrder } from "./shared-order.js";
import { Takeover } from "./takeover.js";

/** What a cluster's log asks of the adapter. */
export interface ClusterLogPort extends Omit<OrderPort, "deliver" | "epochChanged"> {
  /** Writes to the sockets of this node. */
  deliver(entry: LogEntry, offset: string | undefined): void;
  /** Rooms as everybody sees them. */
  readonly index: VisibleRooms;
  /** Writes to one socket of this node, without an offset. */
  deliverTo(socket: SocketId, entry: LogEntry): void;
  /** Broadcasts an event to the room of one socket, which is anywhere or asleep. */
  sendTo(socket: SocketId, encoded: EncodedPacket): void;
  /** Whether a node may be in the cluster, as far as is known. */
  mayBeMember(node: NodeId): boolean;
  /** Asks the node that has a session to let go of it; resolves when it has, or did not in time. */
  askFor(node: NodeId, pid: string): Promise<void>;
}

export interface ClusterLogOptions {
  readonly namespace: string;
  readonly limits: Partial<MemoryLogOptions>;
  readonly logTimeout: number;
  /** Milliseconds between two looks whether the log has more than arrived. */
  readonly checkInterval: number;
}

/** Between two touches of a session that nothing happens to; it may have lived that much longer than the store knows. */
const LONGEST_TOUCH_INTERVAL = 30_000;
/** Clocks, sweeps and timers are not exact. */
const MARGIN = 5_000;

/**
 * Connection state recovery over a whole cluster: the shared log, the sessions and their private logs are in a store that all
 * nodes reach, so a session is resumed on any of them, also after the node it was on was killed.
 *
 * `shared-order.ts` is the way of broadcasts, `cluster-sessions.ts` what is kept of sessions while they are here, `takeover.ts`
 * how one comes here from elsewhere.
 */
export class ClusterLog implements AdapterLog {
  readonly tag: string;
  readonly maxDisconnectionDuration: number;
  readonly #order: SharedOrder;
  readonly #sessions: ClusterSessions;
  readonly #takeover: Takeover;
  readonly #port: ClusterLogPort;
  readonly #touchInterval: number;
  #downSince: number | undefined;

  /** @throws AdapterError `ERR_SOCKEYE_ADAPTER_OPTION` */
  constructor(store: RecoveryStore, options: ClusterLogOptions, port: ClusterLogPort) {
    const limits = memoryLogOptions(options.limits);
    const { namespace, logTimeout, checkInterval } = options;
    const { maxDisconnectionDuration, cutNoticedWithin, maxEntries, maxPrivateEntries, maxBytes } = limits;
    const touchInterval = Math.min(LONGEST_TOUCH_INTERVAL, maxDisconnectionDuration / 4);
    const span = maxDisconnectionDuration + cutNoticedWithin + touchInterval + MARGIN;
    this.tag = tagOf(namespace);
    this.maxDisconnectionDuration = maxDisconnectionDuration;
    this.#touchInterval = touchInterval;
    this.#port = port;
    this.#order = new SharedOrder(
      store,
      { namespace, logTimeout, checkInterval, maxBytes, span, limits: { maxAge: span, maxEntries, maxPrivateEntries } },
      this.#orderPort(),
    );
    this.#sessions = new ClusterSessions(store, this.#order, {
      ...limits,
      namespace,
      self: port.self,
      touchInterval,
      lifetime: span + maxDisconnectionDuration,
      report: (error) => port.report(error as Error),
    });
    this.#takeover = new Takeover(store, this.#order, this.#sessions, {
      namespace,
      tag: this.tag,
      port,
      longestSleep: maxDisconnectionDuration,
      touchInterval,
      receivedAfter: cutNoticedWithin + MARGIN,
    });
  }

  /** To be called once, when what is broadcast in the namespace arrives here. */
  start(): Promise<void> {
    return this.#order.open();
  }

  async close(): Promise<void> {
    await this.#order.drained();
    this.#order.close();
    await this.#sessions.close();
  }

  // --- for the adapter ------------------------------------------------------------------------------------------------

  /** A recoverable broadcast of this node: delivers it when it has its place. */
  broadcast(broadcast: OwnBroadcast): void {
    // The incumbent's server tells of a session only when it ends.
    const wanted = this.#port.index.sids.size > 0;
    // Or the store might keep it for a session that has ended by now.
    if (!wanted) void this.#sessions.writer.flush();
    this.#order.broadcast(broadcast, wanted);
  }

  /** Broadcasts and what stands behind them, until their place is known. */
  get waiting(): number {
    return this.#order.waiting;
  }

  /** Whether a join or leave has not had its turn. */
  get isMoving(): boolean {
    return this.#sessions.moves.size > 0;
  }

  /** Resolves when everything that waits now has had its turn. */
  drained(): Promise<void> {
    return this.#order.drained();
  }

  /** An entry of the log arrived. */
  heard(position: LogPosition, entry: LogEntry): void {
    this.#order.heard(position, entry);
  }

  /** Another node could not log a recoverable broadcast, and sent it all the same. */
  unplaced(origin: NodeId, sequence: number): void {
    this.#order.unplaced(origin, sequence);
  }

  /** A command of another node. */
  command(run: () => void): void {
    this.#order.behindGap(run);
  }

  /** Something may have been lost on its way here. */
  gap(): void {
    void this.#order.check();
  }

  /** The store may be back. */
  returned(): void {
    this.#order.returned();
  }

  /** The peer of a session is back on another node: resolves when that node can have it. */
  release(pid: string): Promise<void> {
    return this.#takeover.release(pid);
  }

  /** The recipients of what has its turn now. */
  select(selection: Selection): Selection {
    return this.#sessions.moves.select(selection, this.#port.index);
  }

  /** Called every second or so. */
  sweep(time: number): void {
    this.#order.sweep(time);
    this.#sessions.sweep(time);
  }

  joined(room: Room, id: SocketId): void {
    this.#sessions.moved(id, room, true);
  }

  left(room: Room, id: SocketId): void {
    this.#sessions.moved(id, room, false);
  }

  /** Sessions asleep are nobody's: what they may ask for is in the store. */
  isAwaitedBySleepers(): boolean {
    return false;
  }

  // --- the turnstile --------------------------------------------------------------------------------------------------

  get behind(): boolean {
    return this.#order.behind;
  }

  after(operation: () => void, socket?: SocketId): void {
    this.#order.after(operation, socket);
  }

  expedite(socket: SocketId): void {
    this.#order.expedite(socket, (entry) => {
      const { rooms, except = new Set() } = entry.options;
      const own = this.#sessions.moves.roomsOf(socket, this.#port.index.sids.get(socket));
      if (selects({ rooms, except }, own)) this.#port.deliverTo(socket, entry);
    });
  }

  // --- sessions -------------------------------------------------------------------------------------------------------

  head(): string {
    return formatOffset(this.tag, this.#order.position);
  }

  position(pid: string): string | undefined {
    const lastPrivate = this.#sessions.lastPrivateOf(pid);
    return lastPrivate === undefined ? undefined : formatOffset(this.tag, this.#order.position, lastPrivate);
  }

  open(session: LiveSession): readonly MissedPacket[] {
    return this.#sessions.open(session);
  }

  /** What is for a session asleep goes by way of the shared log: it may be awake on another node by now. */
  appendPrivate(pid: string, encoded: EncodedPacket): string | undefined {
    const sleeper = this.#sessions.sleeper(pid);
    if (sleeper !== undefined) this.#port.sendTo(sleeper, encoded);
    const number = this.#sessions.appendPrivate(pid, encoded);
    return number === undefined ? undefined : formatOffset(this.tag, this.#order.position, number);
  }

  persist(record: SessionRecord): void {
    this.#sessions.persist(record);
  }

  forget(pid: string): void {
    this.#sessions.forget(pid);
  }

  resume(pid: string, offset: string | undefined): Promise<ResumeResult> {
    return this.#takeover.resume(pid, offset);
  }

  /** What this node keeps: the store has more. */
  inspect(): { sessions: number; sleeping: number; entries: number; bytes: number } {
    const { history } = this.#order;
    const { size: sessions, sleeping, writer } = this.#sessions;
    return { sessions, sleeping, entries: history.size + writer.events, bytes: history.bytes + writer.bytes };
  }

  #orderPort(): OrderPort {
    const port = this.#port;
    return {
      self: port.self,
      deliver: (entry, position) => port.deliver(entry, position && formatOffset(this.tag, position)),
      tell: (broadcast) => port.tell(broadcast),
      entryOf: (envelope) => port.entryOf(envelope),
      epochChanged: () => this.#sessions.epochChanged(this.#order.position),
      refused: (error) => {
        this.#downSince ??= now();
        port.refused(error);
      },
      answered: () => this.#answered(now()),
      report: (error) => port.report(error),
    };
  }

  #answered(time: number): void {
    const outage = time - (this.#downSince ?? time);
    this.#downSince = undefined;
    // What was not touched for that long may be gone.
    if (outage > this.#touchInterval) this.#sessions.writeAll();
    else this.#sessions.writer.retry();
    this.#port.answered();
  }
}

function now(): number {
  return performance.now();
}
