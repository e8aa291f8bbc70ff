import { Namespace as NamespaceClass } from "./namespace.js";
import type { NamespaceOf } from "./socket.js";
import type { AnyValue, DefaultEventsMap, EventsMap } from "./typed-events.js";

export const Namespace = NamespaceClass;

/** A namespace: what `io.of(name)` returns, and what a socket has as `socket.nsp`. */
export type Namespace<
  ListenEvents extends EventsMap = DefaultEventsMap,
  EmitEvents extends EventsMap = ListenEvents,
  ServerSideEvents extends EventsMap = DefaultEventsMap,
  SocketData = AnyValue,
> = NamespaceOf<ListenEvents, EmitEvents, ServerSideEvents, SocketData>;
