/** One column of the matrix: who talks to whom, over what, in which encoding. */

export type Maker = "sockeye" | "official";
export type TransportPlan = "polling" | "websocket" | "upgrade" | "memory";
/** `exchanged`: each maker's server and client with the other maker's parser of that encoding. */
export type Codec = "json" | "msgpack" | "json exchanged" | "msgpack exchanged";

/** Whose Engine.IO server carries the Socket.IO server, and how it was handed over. */
export type EngineMount = "attached" | "attachApp" | "bind" | "onconnection";

export interface Cell {
  readonly client: Maker;
  readonly server: Maker;
  readonly engine: Maker | "memory";
  readonly mount: EngineMount;
  readonly transport: TransportPlan;
  readonly codec: Codec;
  /** Whose in-memory adapter keeps the rooms, when not the server's own. */
  readonly adapter?: Maker;
}

const MAKERS: readonly Maker[] = ["sockeye", "official"];
const TRANSPORTS: readonly TransportPlan[] = ["polling", "websocket", "upgrade"];
const CODECS: readonly Codec[] = ["json", "msgpack"];

/** A client with a server, over every transport, in both encodings. Official with official is the control. */
export function pairCells(client: Maker, server: Maker): Cell[] {
  return CODECS.flatMap((codec) =>
    TRANSPORTS.map((transport): Cell => ({ client, server, engine: server, mount: "attached", transport, codec })),
  );
}

/** Clients with our server on uWebSockets.js. */
export function appCells(): Cell[] {
  return MAKERS.flatMap((client) =>
    pairCells(client, "sockeye").map((cell): Cell => ({ ...cell, mount: "attachApp" })),
  );
}

/** One maker's engine under the other maker's server. */
export function engineCells(): Cell[] {
  const mounts: readonly { server: Maker; engine: Maker; mount: EngineMount }[] = [
    { server: "official", engine: "sockeye", mount: "bind" },
    { server: "sockeye", engine: "official", mount: "bind" },
    { server: "sockeye", engine: "official", mount: "onconnection" },
  ];
  return mounts.flatMap((mount) =>
    MAKERS.flatMap((client) => TRANSPORTS.map((transport): Cell => ({ client, ...mount, transport, codec: "json" }))),
  );
}

/** A custom engine (a pair of queues in this process) under our server. */
export function memoryCells(): Cell[] {
  return CODECS.map(
    (codec): Cell => ({
      client: "official",
      server: "sockeye",
      engine: "memory",
      mount: "bind",
      transport: "memory",
      codec,
    }),
  );
}

/** One maker's parser under the other maker's server and client. */
export function parserCells(): Cell[] {
  return MAKERS.flatMap((maker) =>
    (["json exchanged", "msgpack exchanged"] as const).map(
      (codec): Cell => ({
        client: maker,
        server: maker,
        engine: maker,
        mount: "attached",
        transport: "websocket",
        codec,
      }),
    ),
  );
}

/** One maker's in-memory adapter under the other maker's server. */
export function adapterCells(): Cell[] {
  return MAKERS.map((server): Cell => {
    const adapter = server === "official" ? "sockeye" : "official";
    return {
      client: server,
      server,
      engine: server,
      mount: "attached",
      transport: "websocket",
      codec: "json",
      adapter,
    };
  });
}

/** What a cell is called in test names and in the report. */
export function cellName(cell: Cell): string {
  return `${cell.client} client, ${stackName(cell)}, ${cell.transport}, ${cell.codec}`;
}

export function stackName(cell: Cell): string {
  if (cell.adapter) return `${cell.server} server with ${cell.adapter} adapter`;
  if (cell.mount === "attached") return `${cell.server} server`;
  if (cell.mount === "attachApp") return `${cell.server} server on uWebSockets.js`;
  return `${cell.server} server on ${cell.engine} engine by ${cell.mount}()`;
}
