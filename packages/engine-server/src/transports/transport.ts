import type { EnginePacket } from "@sockeye/engine-parser";
import type { OutgoingPacket } from "../session/outbox.js";
import { isBad, type Protocol } from "../session/protocol.js";
import type { Transport, TransportOwner } from "./contract.js";

/** What all transports share: who owns them, and that they end once. */
export abstract class BaseTransport implements Transport {
  abstract readonly name: string;
  abstract readonly ready: boolean;
  abstract readonly upgradable: boolean;
  abstract readonly bufferedAmount: number;
  abstract readonly bytesRead: number;

  readonly protocol: Protocol;
  /** Whether the peer takes binary frames; else binary travels as base64. */
  readonly supportsBinary: boolean;
  #owner: TransportOwner | undefined;
  #ended = false;

  constructor(protocol: Protocol, supportsBinary: boolean) {
    this.protocol = protocol;
    this.supportsBinary = supportsBinary;
  }

  abstract send(batch: readonly OutgoingPacket[]): void;
  abstract close(violation?: Error): void;
  abstract abort(): void;
  abstract retire(): void;

  /** MUST be called before anything can arrive. */
  adopt(owner: TransportOwner): void {
    this.#owner = owner;
  }

  dismiss(violation?: Error): void {
    this.close(violation);
  }

  get ended(): boolean {
    return this.#ended;
  }

  get writable(): boolean {
    return this.ready && this.bufferedAmount === 0 && this.#owner?.hasQueued(this) === false;
  }

  /** Whether the peer has shown that the handshake reached it: a connection that stands shows it by standing. */
  get confirmed(): boolean {
    return true;
  }

  /** Bytes received of a message that is not whole yet. */
  get unfinishedBytes(): number {
    return 0;
  }

  protected get owner(): TransportOwner | undefined {
    return this.#owner;
  }

  /** Hands on what a frame was decoded to. */
  protected receiveFrame(frame: string | Buffer): void {
    const packet = this.protocol.decodePacket(frame);
    if (isBad(packet)) this.#owner?.onMalformed(this, packet);
    else this.receivePacket(packet);
  }

  protected receivePacket(packet: EnginePacket): void {
    if (packet.type === "message") this.#owner?.onMessage(this, packet.data ?? "");
    else this.#owner?.onControlPacket(this, packet);
  }

  /** From here on nobody is told anything. */
  protected disown(): void {
    this.#owner = undefined;
    this.#ended = true;
  }

  protected end(error?: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    const owner = this.#owner;
    this.#owner = undefined;
    owner?.onTransportEnd(this, error);
  }
}
