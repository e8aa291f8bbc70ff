import type { LogPosition } from "../recovery/contract.js";
import { RecoveryTables } from "../recovery/recovery-tables.js";
import type { StoreAnswer, StoreCall } from "./ipc-messages.js";

/** What has expired is dropped this often, in milliseconds. */
const SWEEP_INTERVAL = 10_000;

/** The recovery store of a cluster of processes, in their primary. It lives as long as the primary. */
export class HubStore {
  readonly #tables = new RecoveryTables(randomEpoch());
  #sweepTimer: ReturnType<typeof setInterval> | undefined;

  /** `publish`: an envelope was appended. */
  answer(
    call: StoreCall,
    publish: (namespace: string, bytes: Uint8Array, position: LogPosition | undefined) => void,
  ): StoreAnswer["value"] {
    this.#sweepFromNowOn();
    const tables = this.#tables;
    const now = performance.now();
    switch (call.do) {
      case "open":
        return tables.open(call.namespace, call.limits);
      case "append": {
        const position = tables.append(call.namespace, call.bytes, call.wanted, now);
        publish(call.namespace, call.bytes, position);
        return position;
      }
      case "read":
        return tables.read(call.namespace, call.after, call.limit);
      case "take":
        return tables.take(call.namespace, call.pid, call.taker, call.from, now);
      default:
        this.#write(call, now);
        return undefined;
    }
  }

  #write(call: Extract<StoreCall, { do: "save" | "touch" | "append-private" | "remove" }>, now: number): void {
    switch (call.do) {
      case "save":
        this.#tables.save(call.namespace, call.records, call.lifetime, now);
        break;
      case "touch":
        this.#tables.touch(call.namespace, call.sessions, call.lifetime, now);
        break;
      case "append-private":
        this.#tables.appendPrivate(call.namespace, call.events);
        break;
      case "remove":
        this.#tables.remove(call.namespace, call.sessions);
    }
  }

  inspect(): { entries: number; sessions: number; bytes: number } {
    return this.#tables.inspect();
  }

  #sweepFromNowOn(): void {
    if (this.#sweepTimer !== undefined) return;
    this.#sweepTimer = setInterval(() => this.#tables.sweep(performance.now()), SWEEP_INTERVAL);
    (this.#sweepTimer as { unref?(): void }).unref?.();
  }
}

/** Ten digits of base 36. */
function randomEpoch(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(10)), (byte) => (byte % 36).toString(36)).join("");
}
