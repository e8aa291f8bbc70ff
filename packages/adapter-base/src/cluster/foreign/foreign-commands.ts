import { asError } from "../../errors.js";
import type { Command } from "../envelope.js";
import type { CommandReceiver, CommandSource, ForeignCommand } from "./contract.js";

export interface ForeignCommandsPort {
  readonly namespace: string;
  /** Carries out a command on this node. */
  carryOut(command: Command): void;
  report(error: Error): void;
}

/** The sources of one namespace: what they say is done as if a node had said it, whom nobody answers. */
export class ForeignCommands implements CommandReceiver {
  readonly #sources: readonly CommandSource[];
  readonly #port: ForeignCommandsPort;
  #closed = false;

  constructor(sources: readonly CommandSource[], port: ForeignCommandsPort) {
    this.#sources = sources;
    this.#port = port;
  }

  /** A source that cannot be opened is reported: the cluster works without it. */
  async open(): Promise<void> {
    await Promise.all(this.#sources.map((source) => this.#settled(() => source.open(this.#port.namespace, this))));
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#sources.map((source) => this.#settled(() => source.close(this.#port.namespace))));
  }

  receive(command: ForeignCommand): void {
    if (this.#closed) return;
    try {
      this.#port.carryOut({ ...command, origin: "", sequence: 0, namespace: this.#port.namespace });
    } catch (thrown) {
      this.report(asError(thrown));
    }
  }

  report(error: Error): void {
    this.#port.report(error);
  }

  async #settled(act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (thrown) {
      this.report(asError(thrown));
    }
  }
}
