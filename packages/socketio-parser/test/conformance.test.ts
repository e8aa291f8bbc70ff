import * as officialMsgpack from "socket.io-msgpack-parser";
import * as officialJson from "socket.io-parser";
import { describe, it } from "vitest";
import * as compact from "../src/compact/index.js";
import { codecConformance, type Supports } from "../src/conformance/index.js";
import { type Parser, parser } from "../src/index.js";
import { parser as msgpack } from "../src/msgpack/index.js";
import { OFFICIAL_JSON, OFFICIAL_MSGPACK } from "./official-exceptions.js";

const ALL: Supports = {
  codes: true,
  decode: true,
  pending: true,
  withOffset: true,
  limits: ["maxAttachments", "maxAttachmentBytes", "maxDepth", "maxNamespaceLength"],
};
const NONE: Supports = { codes: false, decode: false, pending: false, withOffset: false, limits: [] };

codecConformance({ describe, it }, { name: "ours, JSON", parser, wire: "json", supports: ALL });
codecConformance({ describe, it }, { name: "ours, MessagePack", parser: msgpack, wire: "msgpack", supports: ALL });
codecConformance(
  { describe, it },
  {
    name: "ours, compact",
    parser: compact.parser,
    wire: "json",
    supports: { ...NONE, codes: "one", decode: true, limits: ["maxAttachments"] },
    exceptions: {
      "throws for an object that would read as a placeholder beside bytes":
        "a client that sends one ends its own connection only, the check is left to the codec of servers",
    },
  },
);
codecConformance(
  { describe, it },
  {
    name: "official, JSON",
    parser: officialJson as unknown as Parser,
    wire: "json",
    supports: NONE,
    exceptions: OFFICIAL_JSON,
  },
);
codecConformance(
  { describe, it },
  {
    name: "official, MessagePack",
    parser: officialMsgpack as unknown as Parser,
    wire: "msgpack",
    supports: NONE,
    exceptions: OFFICIAL_MSGPACK,
  },
);
