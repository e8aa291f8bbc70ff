export { type AdapterFactory, createAdapter, type PostgresAdapterOptions } from "./adapter.js";
export type * from "./contract.js";
export { PostgresAdapterError, type PostgresAdapterErrorCode, PostgresViolation } from "./errors.js";
export { PostgresDriver } from "./native/driver.js";
export type { PostgresOptions } from "./options.js";
export { type PrimaryOptions, setupPrimary } from "./primary.js";
export { createSchema, type SchemaOptions, schemaSql } from "./schema.js";
export { PostgresWireBus } from "./wire/wire-bus.js";
