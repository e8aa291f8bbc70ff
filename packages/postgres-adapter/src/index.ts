export { createAdapter, type PostgresAdapterOptions } from "./adapter.js";
export type * from "./contract.js";
export { PostgresDriver } from "./driver.js";
export { PostgresAdapterError, type PostgresAdapterErrorCode, PostgresViolation } from "./errors.js";
export type { PostgresOptions } from "./options.js";
export { createSchema, type SchemaOptions, schemaSql } from "./schema.js";
