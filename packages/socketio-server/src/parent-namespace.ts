import type {
  Adapter,
  BroadcastOptions,
  HostSocket,
  OutgoingEvent,
  Room,
  SocketDetails,
  SocketId,
} from "@sockeye/adapter-base";
import { Deadline, type Deadlines } from "./deadlines.js";
import { ServerUsageError } from "./errors.js";
import { Namespace, type NamespaceServer } from "./namespace.js";
import type { Socket } from "./socket.js";
import type { AnyValue, DefaultEventsMap, EventsMap } from "./typed-events.js";

/** Decides whether a client may create the namespace it asks for. `auth` is what the client passed. */
export type NamespaceMatcher = (
  name: string,
  auth: Record<string, AnyValue>,
  next: (error: Error | null | undefined, success: boolean) => void,
) => void;

/** How children come and go. */
export interface ChildPolicy {
  /** Whether an empty child is removed. */
  readonly removeEmpty: boolean;
  /** Milliseconds that it is kept first. */
  readonly linger: number;
  readonly deadlines: Deadlines;
  /** A child was created. */
  created(child: Namespace<AnyValue, AnyValue, AnyValue, AnyValue>): void;
  /** A child is to be forgotten. */
  removed(child: Namespace<AnyValue, AnyValue, AnyValue, AnyValue>): void;
}

/**
 * All namespaces whose name matches: `io.of(/^\/room-\d+$/)`. Broadcasts reach the sockets of every child; middlewares and
 * `connection` listeners, added now or later, serve every child.
 */
export class ParentNamespace<
  ListenEvents extends EventsMap = DefaultEventsMap,
  EmitEvents extends EventsMap = ListenEvents,
  ServerSideEvents extends EventsMap = DefaultEventsMap,
  SocketData = AnyValue,
> extends Namespace<ListenEvents, EmitEvents, ServerSideEvents, SocketData> {
  readonly children: Set<Namespace<ListenEvents, EmitEvents, ServerSideEvents, SocketData>>;
  readonly #hub: NamespaceServer;
  readonly #policy: ChildPolicy;

  /** Made by the server: `io.of(pattern)`. */
  constructor(server: AnyValue, hub: NamespaceServer, name: string, policy: ChildPolicy) {
    const children = new Set<Namespace<ListenEvents, EmitEvents, ServerSideEvents, SocketData>>();
    super(server, hub, name, { adapter: new FanOutAdapter(children) });
    this.children = children;
    this.#hub = hub;
    this.#policy = policy;
  }

  /** @internal */
  createChild(name: string): Namespace<ListenEvents, EmitEvents, ServerSideEvents, SocketData> {
    const vacancy = new Vacancy(() => this.#remove(child));
    const child: Namespace<ListenEvents, EmitEvents, ServerSideEvents, SocketData> = new Namespace(
      this.server,
      this.#hub,
      name,
      { parent: this.#parentOf(vacancy) },
    );
    this.children.add(child);
    this.#policy.created(child);
    return child;
  }

  #parentOf(vacancy: Vacancy) {
    const parent = this;
    return {
      get chain() {
        return parent.chain;
      },
      heard: (socket: Socket<ListenEvents, EmitEvents, ServerSideEvents, SocketData>) => {
        parent.notify(["connect", socket]);
        parent.notify(["connection", socket]);
      },
      childEmptied: () => {
        if (this.#policy.removeEmpty) this.#policy.deadlines.set(vacancy, this.#policy.linger);
      },
    };
  }

  #remove(child: Namespace<ListenEvents, EmitEvents, ServerSideEvents, SocketData>): void {
    if (!child.isEmpty || !this.children.delete(child)) return;
    this.#policy.removed(child);
  }
}

/** An empty child on its way out. */
class Vacancy extends Deadline {
  constructor(private readonly remove: () => void) {
    super();
  }

  override expire(): void {
    this.remove();
  }
}

/** The adapter of a parent: every operation is done by the adapters of its children. */
class FanOutAdapter implements Adapter {
  readonly rooms = new Map<Room, Set<SocketId>>();
  readonly sids = new Map<SocketId, Set<Room>>();

  constructor(private readonly children: ReadonlySet<{ readonly adapter: Adapter }>) {}

  async serverCount(): Promise<number> {
    const counts = await Promise.all([...this.children].map((child) => child.adapter.serverCount()));
    return counts.reduce((sum, count) => sum + count, 0);
  }

  addAll(): void {}
  del(): void {}
  delAll(): void {}

  broadcast(event: OutgoingEvent, options: BroadcastOptions): void {
    // Adapters write their namespace, and some an offset, into the packet: each gets its own.
    for (const child of this.children) {
      child.adapter.broadcast({ ...event, data: [...event.data] as [string, ...unknown[]] }, options);
    }
  }

  broadcastWithAck(
    event: OutgoingEvent,
    options: BroadcastOptions,
    clientCount: (count: number) => void,
    ack: (...args: unknown[]) => void,
    gone?: () => void,
  ): void {
    const isLocal = options.flags?.local === true;
    let recipients = 0;
    const add = (count: number): void => {
      recipients += count;
    };
    for (const child of this.children) {
      const packet = { ...event, data: [...event.data] as [string, ...unknown[]] };
      child.adapter.broadcastWithAck(packet, options, isLocal ? add : clientCount, ack, gone);
    }
    // One server: the caller waits for one report, whatever the number of children.
    if (isLocal) clientCount(recipients);
  }

  async sockets(rooms: Set<Room>): Promise<Set<SocketId>> {
    const found = await Promise.all([...this.children].map((child) => child.adapter.sockets(rooms)));
    return new Set(found.flatMap((ids) => [...ids]));
  }

  socketRooms(): undefined {
    return undefined;
  }

  async fetchSockets(): Promise<(HostSocket | SocketDetails)[]> {
    throw new ServerUsageError("PARENT_NAMESPACE", "fetchSockets() is not supported on parent namespaces");
  }

  addSockets(options: BroadcastOptions, rooms: Room[]): void {
    for (const child of this.children) child.adapter.addSockets(options, rooms);
  }

  delSockets(options: BroadcastOptions, rooms: Room[]): void {
    for (const child of this.children) child.adapter.delSockets(options, rooms);
  }

  disconnectSockets(options: BroadcastOptions, close: boolean): void {
    for (const child of this.children) child.adapter.disconnectSockets(options, close);
  }

  serverSideEmit(args: unknown[]): void {
    for (const child of this.children) child.adapter.serverSideEmit([...args]);
  }

  on(): this {
    return this;
  }
}
