import type { DecoderLimits } from "./contract.js";

/** What one peer may make a decoder hold or do, unless the owner says otherwise. */
export const DEFAULT_LIMITS: DecoderLimits = {
  maxAttachments: 10,
  maxAttachmentBytes: 100 * 1024 * 1024,
  maxDepth: 1000,
  maxNamespaceLength: 1024,
};
