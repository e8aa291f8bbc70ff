/**
 * A cheap Socket.IO client on a bare TCP socket, the same for every implementation under test: its frames are masked
 * with a key of zeros, and it looks no deeper into a message than a scenario asks it to.
 */
import { connect } from "node:net";

const UPGRADE = [
  "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1",
  "Host: 127.0.0.1",
  "Upgrade: websocket",
  "Connection: Upgrade",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  "Sec-WebSocket-Version: 13",
  "\r\n",
].join("\r\n");

/** One masked text frame. */
export function frame(text) {
  const payload = Buffer.from(text);
  const long = payload.length > 125;
  const out = Buffer.alloc((long ? 8 : 6) + payload.length);
  out[0] = 0x81;
  if (long) {
    out[1] = 0xfe;
    out.writeUInt16BE(payload.length, 2);
  } else {
    out[1] = 0x80 | payload.length;
  }
  payload.copy(out, long ? 8 : 6);
  return out;
}

const CONNECT = frame("40");
const PONG = frame("3");

export class Peer {
  /** Called with each message: (buffer, start, end, isBinary). */
  onMessage = () => {};
  #rest;
  #upgraded = false;

  /** Resolves once the namespace is joined. */
  static open(port) {
    return new Promise((resolve, reject) => new Peer(port, resolve, reject));
  }

  constructor(port, resolve, reject) {
    this.socket = connect({ port, host: "127.0.0.1", noDelay: true });
    this.socket.on("error", reject);
    this.socket.on("data", (chunk) => this.#read(chunk));
    this.socket.write(UPGRADE);
    this.resolve = resolve;
  }

  write(buffer) {
    this.socket.write(buffer);
  }

  close() {
    this.socket.destroy();
  }

  #read(chunk) {
    let data = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#rest = undefined;
    if (!this.#upgraded) {
      const end = data.indexOf("\r\n\r\n");
      if (end < 0) {
        this.#rest = data;
        return;
      }
      this.#upgraded = true;
      data = data.subarray(end + 4);
    }
    let at = 0;
    while (at + 2 <= data.length) {
      let length = data[at + 1] & 0x7f;
      let header = 2;
      if (length === 126) {
        if (at + 4 > data.length) break;
        length = data.readUInt16BE(at + 2);
        header = 4;
      } else if (length === 127) {
        if (at + 10 > data.length) break;
        length = Number(data.readBigUInt64BE(at + 2));
        header = 10;
      }
      if (at + header + length > data.length) break;
      this.#message(data, at + header, at + header + length, (data[at] & 0x0f) === 2);
      at += header + length;
    }
    if (at < data.length) this.#rest = data.subarray(at);
  }

  #message(data, start, end, binary) {
    if (!binary) {
      if (data[start] === 0x30 /* open */) {
        this.socket.write(CONNECT);
        return;
      }
      if (data[start] === 0x32 /* ping */) {
        this.socket.write(PONG);
        return;
      }
      if (this.resolve !== undefined && data[start + 1] === 0x30 /* connected */) {
        const { resolve } = this;
        this.resolve = undefined;
        resolve(this);
        return;
      }
    }
    this.onMessage(data, start, end, binary);
  }
}

export async function openMany(port, count, atOnce = 100) {
  const peers = [];
  while (peers.length < count) {
    const batch = Math.min(atOnce, count - peers.length);
    peers.push(...(await Promise.all(Array.from({ length: batch }, () => Peer.open(port)))));
  }
  return peers;
}

/** The integer that starts at `at`. */
export function integerAt(data, at) {
  let value = 0;
  for (let c = data[at]; c >= 0x30 && c <= 0x39; c = data[++at]) value = value * 10 + c - 0x30;
  return value;
}
