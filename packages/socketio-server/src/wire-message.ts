import type { BroadcastFlags } from "@sockeye/adapter-base";
import type { EngineServer, EngineWriteOptions, PreparedMessage } from "@sockeye/engine-server";
import type { EncodedPacket } from "@sockeye/socketio-parser";

/** Options objects are shared by all writes. They are not frozen, because engines from elsewhere write their defaults into them. */
const PLAIN: EngineWriteOptions = {};
const UNCOMPRESSED: EngineWriteOptions = { compress: false };
const VOLATILE: EngineWriteOptions = { volatile: true };
const VOLATILE_UNCOMPRESSED: EngineWriteOptions = { compress: false, volatile: true };

/** What an engine is told about one packet. */
export function writeOptions(flags: BroadcastFlags, volatile = flags.volatile === true): EngineWriteOptions {
  if (flags.compress === false) return volatile ? VOLATILE_UNCOMPRESSED : UNCOMPRESSED;
  return volatile ? VOLATILE : PLAIN;
}

/** One encoded packet on its way to many connections; what an engine made of it is made once. */
export class WireMessage {
  #engine: EngineServer | undefined = undefined;
  #prepared: PreparedMessage | undefined = undefined;

  constructor(
    readonly encoded: EncodedPacket,
    readonly flags: BroadcastFlags,
  ) {}

  get volatile(): boolean {
    return this.flags.volatile === true;
  }

  /** The message as `engine`, which has the capability, wants it. */
  preparedFor(engine: EngineServer): PreparedMessage {
    if (this.#prepared === undefined || this.#engine !== engine) {
      this.#engine = engine;
      this.#prepared = engine.prepare!(this.encoded, writeOptions(this.flags));
    }
    return this.#prepared;
  }
}
