import type { CommandReceiver, CommandSource } from "@sockeye/adapter-base";
import { hearEmitter } from "@sockeye/adapter-base/wire";
import type { Line } from "../line/line.js";
import { isOfficialChannelName, officialChannelName } from "../names.js";
import { attachmentStatementsFor } from "./attachments.js";
import { Hearing } from "./hearing.js";

export interface EmitterSourceOptions {
  readonly channelPrefix: string;
  readonly tableName: string;
  readonly maxQueuedBytes: number;
}

/** What the incumbent's emitters say, heard on the driver's own connection. Attachments are left for those to remove who know them. */
export class EmitterSource implements CommandSource {
  readonly #line: Line;
  readonly #channelPrefix: string;
  readonly #hearing: Hearing;
  readonly #open = new Set<string>();

  constructor(line: Line, { channelPrefix, tableName, maxQueuedBytes }: EmitterSourceOptions) {
    this.#line = line;
    this.#channelPrefix = channelPrefix;
    this.#hearing = new Hearing(line, attachmentStatementsFor(tableName), maxQueuedBytes, () => undefined);
  }

  linkUp(): void {
    this.#hearing.linkUp();
  }

  linkDown(): void {
    this.#hearing.linkDown();
  }

  /** A namespace whose name PostgreSQL does not take for a channel cannot be named by an emitter either. */
  async open(namespace: string, receiver: CommandReceiver): Promise<void> {
    if (!isOfficialChannelName(this.#channelPrefix, namespace)) return;
    const name = officialChannelName(this.#channelPrefix, namespace);
    this.#open.add(namespace);
    const hearer = {
      namespace,
      receive: (decoded: Parameters<typeof hearEmitter>[0]) => hearEmitter(decoded, receiver),
    };
    await this.#line.ear.subscribe(name, this.#hearing.sinkFor(hearer));
  }

  async close(namespace: string): Promise<void> {
    if (!this.#open.delete(namespace)) return;
    await this.#line.ear.unsubscribe(officialChannelName(this.#channelPrefix, namespace));
  }
}
