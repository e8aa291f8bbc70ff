import type { OutageOptions, StreamsAdapterOptions } from "./contract.js";
import { RedisAdapterError } from "./errors.js";

const MIB = 1024 * 1024;

const OUTAGE_DEFAULTS = {
  maxQueued: 100_000,
  maxQueuedBytes: 64 * MIB,
  publishTimeout: 10_000,
  commandTimeout: 5_000,
  probeInterval: 2_000,
  probeTimeout: 2_000,
  maxEnvelopeBytes: 8 * MIB,
};

/** @throws RedisAdapterError `ERR_SOCKEYE_REDIS_OPTION` */
export function outageOptions(given: OutageOptions): Required<OutageOptions> {
  const { queuePolicy = "drop-oldest" } = given;
  if (queuePolicy !== "drop-oldest" && queuePolicy !== "reject")
    throw badOption("queuePolicy", "drop-oldest or reject");
  return { ...positiveNumbers(given, OUTAGE_DEFAULTS), queuePolicy };
}

const STREAM_DEFAULTS = { streamCount: 1, maxLen: 10_000, readCount: 100, blockTimeInMs: 5_000 };

/** @throws RedisAdapterError `ERR_SOCKEYE_REDIS_OPTION` */
export function streamNumbers(given: StreamsAdapterOptions): typeof STREAM_DEFAULTS {
  const numbers = positiveNumbers(given, STREAM_DEFAULTS);
  for (const [name, value] of Object.entries(numbers)) {
    if (!Number.isInteger(value)) throw badOption(name, "a whole number");
  }
  return numbers;
}

/**
 * The numbers that `defaults` names, as given or by default.
 *
 * @throws RedisAdapterError `ERR_SOCKEYE_REDIS_OPTION`
 */
export function positiveNumbers<Defaults extends Readonly<Record<string, number>>>(
  given: { readonly [name in keyof Defaults]?: number },
  defaults: Defaults,
): { [name in keyof Defaults]: number } {
  const options: { [name in keyof Defaults]: number } = { ...defaults };
  for (const name of Object.keys(defaults) as (keyof Defaults & string)[]) {
    const value = given[name];
    if (value === undefined) continue;
    if (typeof value !== "number" || !(value > 0)) throw badOption(name, "a positive number");
    options[name] = value;
  }
  return options;
}

/** @throws RedisAdapterError `ERR_SOCKEYE_REDIS_OPTION` */
export function nonEmptyText(name: string, value: unknown): string {
  if (typeof value !== "string" || value === "") throw badOption(name, "a string that is not empty");
  return value;
}

export function badOption(name: string, wanted: string): RedisAdapterError {
  return new RedisAdapterError("ERR_SOCKEYE_REDIS_OPTION", `option ${name} must be ${wanted}`);
}
