export { type ClusterEmitterOptions, ClusterEmitterWay } from "./cluster-way.js";
export { encodeCommand } from "./command-envelope.js";
export type * from "./contract.js";
export { Emitter, EmitterOperator, type EmitterOptions } from "./emitter.js";
export { EmitterError, type EmitterErrorCode } from "./errors.js";
export type * from "./typed-events.js";
