import type { DecoderLimits } from "./contract.js";

/** What one peer may make a decoder hold or do, unless the owner says otherwise. */
export const DEFAULT_LIMITS: DecoderLimits = {
  maxAttachments: 10,
  maxAttachmentBytes: 100 * 1024 * 1024,
  maxDepth: 1000,
  maxNamespaceLength: 1024,
};

/** A server hands the same options to each of its decoders: they are read once, and cost a connection nothing. */
const resolved = new WeakMap<object, DecoderLimits>();

/** Where a limit is not given, or given as `undefined`, the default holds. */
export function withDefaults(given: Partial<DecoderLimits>): DecoderLimits {
  let limits = resolved.get(given);
  if (limits === undefined) {
    limits = {
      maxAttachments: given.maxAttachments ?? DEFAULT_LIMITS.maxAttachments,
      maxAttachmentBytes: given.maxAttachmentBytes ?? DEFAULT_LIMITS.maxAttachmentBytes,
      maxDepth: given.maxDepth ?? DEFAULT_LIMITS.maxDepth,
      maxNamespaceLength: given.maxNamespaceLength ?? DEFAULT_LIMITS.maxNamespaceLength,
    };
    resolved.set(given, limits);
  }
  return limits;
}
