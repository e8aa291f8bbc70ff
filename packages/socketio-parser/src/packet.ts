/** The packets of Socket.IO protocol v5, one type per kind. https://socket.io/docs/v4/socket-io-protocol/ */

/** Digits on the wire. Constants of their own as well: bundlers write the digit in their place. */
export const CONNECT = 0;
export const DISCONNECT = 1;
export const EVENT = 2;
export const ACK = 3;
export const CONNECT_ERROR = 4;
export const BINARY_EVENT = 5;
export const BINARY_ACK = 6;

export const PacketType = { CONNECT, DISCONNECT, EVENT, ACK, CONNECT_ERROR, BINARY_EVENT, BINARY_ACK } as const;

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
