/** Socket.IO packets as the load generator needs them, in the two codecs. */
import { pack, unpack } from "msgpackr";
import { clientFrame } from "./frames.js";

export interface Wire {
  /** Joins the main namespace. */
  readonly connect: Buffer;
  /** An event, as a frame that is ready to be written. */
  event(args: readonly unknown[], id?: number): Buffer;
  /** Whether a message is the answer to `connect`. */
  isConnected(data: Buffer, start: number, isBinary: boolean): boolean;
  /** Whether a message is the acknowledgement `id` of one number, 1. */
  isAckOfOne(message: Buffer, id: number): boolean;
}

export const json: Wire = {
  connect: clientFrame("40"),
  event: (args, id) => clientFrame(`42${id ?? ""}${JSON.stringify(args)}`),
  isConnected: (data, start, isBinary) => !isBinary && data[start] === 0x34 && data[start + 1] === 0x30,
  isAckOfOne: (message, id) => message.toString("latin1") === `43${id}[1]`,
};

/** The first message on a MessagePack connection is that answer; there is no other before it. */
export const msgpack: Wire = {
  connect: clientFrame(pack({ type: 0, nsp: "/" })),
  event: (args, id) => clientFrame(pack({ type: 2, nsp: "/", data: args, ...(id === undefined ? {} : { id }) })),
  isConnected: (_data, _start, isBinary) => isBinary,
  isAckOfOne(message, id) {
    const packet = unpack(message);
    return packet.type === 3 && packet.id === id && packet.data.length === 1 && packet.data[0] === 1;
  },
};
