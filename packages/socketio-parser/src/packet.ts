/** The packets of Socket.IO protocol v5, one type per kind. https://socket.io/docs/v4/socket-io-protocol/ */

/** Digits on the wire. */
export const PacketType = {
  CONNECT: 0,
  DISCONNECT: 1,
  EVENT: 2,
  ACK: 3,
  CONNECT_ERROR: 4,
  BINARY_EVENT: 5,
  BINARY_ACK: 6,
} as const;

export type PacketType = (typeof PacketType)[keyof typeof PacketType];

/** Peer asks for a namespace (data: its auth payload), or the server grants it (data: `{ sid, pid? }`). */
export interface ConnectPacket {
  readonly type: typeof PacketType.CONNECT;
  readonly nsp: string;
  readonly data?: Readonly<Record<string, unknown>> | undefined;
}

export interface DisconnectPacket {
  readonly type: typeof PacketType.DISCONNECT;
  readonly nsp: string;
}

/** Event: `data` is its name followed by its arguments; `id` is set when an acknowledgement is asked for. */
export interface EventPacket {
  readonly type: typeof PacketType.EVENT | typeof PacketType.BINARY_EVENT;
  readonly nsp: string;
  readonly data: readonly [event: string | number, ...args: unknown[]];
  readonly id?: number | undefined;
}

export interface AckPacket {
  readonly type: typeof PacketType.ACK | typeof PacketType.BINARY_ACK;
  readonly nsp: string;
  readonly data: readonly unknown[];
  readonly id: number;
}

export interface ConnectErrorPacket {
  readonly type: typeof PacketType.CONNECT_ERROR;
  readonly nsp: string;
  /** `{ message, data? }`; a bare string or other value when an EIO=3 peer is answered. */
  readonly data: unknown;
}

export type Packet = ConnectPacket | DisconnectPacket | EventPacket | AckPacket | ConnectErrorPacket;
