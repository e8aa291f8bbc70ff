import type { Broadcast, Disconnect, Join, Leave, ServerSideEmit } from "../envelope.js";

/**
 * A second way in: commands of processes that are no nodes of the cluster and do not speak its protocol, such as the
 * incumbent's emitters. A source listens where they publish and puts what they say in the cluster's terms; each node has
 * a source of its own, so each does what concerns its own sockets and tells nobody.
 *
 * A source
 * - MUST deliver the commands of one sender in order, and only those of namespaces that are open.
 * - MUST validate what it hears; what is malformed is reported through `report` and dropped, what is not for it is ignored.
 * - MUST NOT throw or reject outside the promises it returned, and MUST reconnect by itself.
 * - MUST settle what `open` returned within a time of its own when the backend is away: a server's start waits for it. A rejection
 *   is reported, and the node works without the source.
 */
export interface CommandSource {
  /** Resolves when commands for the namespace published afterwards, by anybody, arrive here. */
  open(namespace: string, receiver: CommandReceiver): Promise<void>;
  /** Releases what `open` made. Idempotent. */
  close(namespace: string): Promise<void>;
}

export interface CommandReceiver {
  /** MUST NOT throw. */
  receive(command: ForeignCommand): void;
  report(error: Error): void;
}

/** A command without sender and number: nobody waits for an answer. */
export type ForeignCommand = Unsigned<Broadcast | Join | Leave | Disconnect | ServerSideEmit>;

type Unsigned<C> = C extends { kind: unknown }
  ? Omit<C, "origin" | "sequence" | "namespace" | "request" | "packet" | "parser">
  : never;
