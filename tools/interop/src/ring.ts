/**
 * The compatibility ring: other people's packages with our server, as the tests under `test/compat` use them, and clusters of
 * both makes, as those of `tools/cluster` do.
 */

export interface RingMember {
  readonly package: string;
  readonly proven: string;
  readonly remarks: string;
}

export const ring: readonly RingMember[] = [
  {
    package: "`@socket.io/redis-adapter` (redis, ioredis, sharded)",
    proven:
      "two of our nodes; one of ours with one of the incumbent's: broadcasts, binary, rooms, acknowledgements, `fetchSockets` and remote sockets, `serverSideEmit`, namespaces, `disconnectSockets`",
    remarks: "without recovery, as with the incumbent",
  },
  {
    package: "`@socket.io/redis-streams-adapter`",
    proven: "the same",
    remarks: "",
  },
  {
    package: "`@socket.io/postgres-adapter`",
    proven: "the same",
    remarks:
      "with a pool of several connections the adapter may change the order of broadcasts; so it does under the incumbent",
  },
  {
    package: "`@socket.io/cluster-adapter` and `@socket.io/sticky`",
    proven:
      "two workers behind one port, clients by polling, WebSocket and upgrade: stickiness, broadcasts, rooms, acknowledgements, `fetchSockets`",
    remarks:
      "under load one in some 400 WebSockets loses its first frame to the primary, which still reads; so it does under the incumbent: `connectTimeout` ends the wait",
  },
  {
    package: "`@socket.io/redis-emitter`",
    proven: "emits, rooms, except, binary, joins, leaves, disconnects, `serverSideEmit`",
    remarks: "",
  },
  {
    package: "`@socket.io/admin-ui`",
    proven:
      "`instrument()` in development mode: who connects, joins, says what and leaves, statistics; the admin's join, emit and disconnect",
    remarks: "the same tests run on the incumbent's server",
  },
  {
    package: "`@nestjs/platform-socket.io`",
    proven:
      "an application with a gateway whose `socket.io` is our server: handlers, acknowledgements, rooms, exceptions, shutdown",
    remarks: "the same tests run on the incumbent's server",
  },
  {
    package: "`socket.io-client` 2 (Engine.IO 3)",
    proven:
      "with `allowEIO3`, by polling, WebSocket and upgrade: events, binary, acknowledgements, broadcasts, namespaces, refusals",
    remarks: "the same tests run on the incumbent's server",
  },
];

export interface MixedCluster {
  readonly cluster: string;
  readonly proven: string;
}

/** Official servers, ours, and our adapter on the official server, all in one cluster. */
export const mixedClusters: readonly MixedCluster[] = [
  {
    cluster: "Redis: pub/sub, sharded pub/sub (static, dynamic, dynamic-private), streams (one, several)",
    proven:
      "whatever one says, the others do: broadcasts of every kind, order, rooms, acknowledgements, `fetchSockets` and remote sockets, joins, leaves, disconnects, `serverSideEmit`, namespaces and rooms of any name; Redis killed and back",
  },
  {
    cluster: "the same over a Redis Cluster of three, with `createCluster` of node-redis and `Cluster` of ioredis",
    proven: "rooms spread over its nodes, order, questions; connections to each node cut (our servers)",
  },
  {
    cluster: "PostgreSQL",
    proven: "the conformance suite between both; small, large and binary messages in order; connections cut",
  },
  {
    cluster: "`@socket.io/redis-emitter`, `@socket.io/postgres-emitter` into our clusters, native or not",
    proven: "emits, rooms, except, binary, joins, leaves, disconnects, `serverSideEmit`",
  },
  {
    cluster: "our emitters into clusters of the incumbent",
    proven: "the same, typed; acknowledgements where the bus can answer",
  },
];
