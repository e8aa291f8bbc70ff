import type { Transform } from "node:stream";
import { createDeflate, createGzip, type ZlibOptions } from "node:zlib";

/** Content codings that we can produce, the preferred one first. */
export type ContentCoding = "gzip" | "deflate";

/** The coding to use for a client that sent this `Accept-Encoding`, if any. */
export function chooseCoding(acceptEncoding: string | undefined): ContentCoding | undefined {
  if (acceptEncoding === undefined) return undefined;
  const accepted = new Set<string>();
  for (const part of acceptEncoding.split(",")) {
    const [name = "", ...parameters] = part.split(";");
    if (!parameters.some(isZeroQuality)) accepted.add(name.trim().toLowerCase());
  }
  if (accepted.has("gzip")) return "gzip";
  return accepted.has("deflate") ? "deflate" : undefined;
}

export function createCompressor(coding: ContentCoding, options: ZlibOptions): Transform {
  return coding === "gzip" ? createGzip(options) : createDeflate(options);
}

function isZeroQuality(parameter: string): boolean {
  const [name = "", value = ""] = parameter.split("=");
  return name.trim().toLowerCase() === "q" && Number(value.trim()) === 0;
}
