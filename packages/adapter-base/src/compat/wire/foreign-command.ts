import { ClusterViolation } from "../../cluster/errors.js";
import type { CommandReceiver, ForeignCommand } from "../../cluster/foreign/contract.js";
import { EMITTER } from "./catalog.js";
import type { Decoded } from "./contract.js";

/**
 * Hands on what an emitter of the incumbent's said, for a `CommandSource`. What is malformed is reported; what servers say
 * to each other is not for us, and neither is a question, which no emitter can hear the answer of.
 */
export function hearEmitter(decoded: Decoded, receiver: CommandReceiver): void {
  if (decoded instanceof ClusterViolation) receiver.report(decoded);
  else if (decoded.kind !== "unknown" && decoded.origin === EMITTER) {
    const command = commandOf(decoded);
    if (command !== undefined) receiver.receive(command);
  }
}

function commandOf(decoded: Exclude<Decoded, ClusterViolation>): ForeignCommand | undefined {
  switch (decoded.kind) {
    case "broadcast": {
      const { kind, rooms, except, flags, event, request } = decoded;
      return request === undefined ? { kind, rooms, except, flags, event } : undefined;
    }
    case "join":
    case "leave": {
      const { kind, rooms, except, target } = decoded;
      return { kind, rooms, except, target };
    }
    case "disconnect": {
      const { kind, rooms, except, close } = decoded;
      return { kind, rooms, except, close };
    }
    case "server-side-emit":
      return decoded.request === undefined ? { kind: decoded.kind, args: decoded.args } : undefined;
    default:
      return undefined;
  }
}
