export { decodeBody, encodeBody, encodePackedBody } from "./bus-codec.js";
export { type CatalogMessage, EMITTER, fromCatalog, toCatalog } from "./catalog.js";
export { ClassicCodec, type ClassicParser, type List, type ListRequest } from "./classic-codec.js";
export type * from "./contract.js";
export { hearEmitter } from "./foreign-command.js";
export {
  type AttachmentReference,
  decodeAttachment,
  decodeNotification,
  encodeNotification,
  type Notification,
} from "./notification-codec.js";
export { createOfficialWireAdapter, OfficialWireAdapter, type WireTraffic } from "./official-wire-adapter.js";
export type { OfficialWireOptions } from "./options.js";
export { decodeEntry, encodeEntry, type StreamFields } from "./stream-codec.js";
