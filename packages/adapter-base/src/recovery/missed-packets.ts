import type { EncodedPacket } from "@sockeye/socketio-parser";
import type { MissedPacket } from "./contract.js";

interface MissedBroadcast {
  readonly position: number;
  readonly encoded: EncodedPacket;
}

interface MissedEvent {
  readonly number: number;
  /** It comes after the broadcast at this position and before the next. */
  readonly sharedPosition: number;
  readonly encoded: EncodedPacket;
}

/** What a session missed, each private event after the broadcasts that had been sent before it. Both lists are in order. */
export function inOrderOfSending(
  broadcasts: readonly MissedBroadcast[],
  events: readonly MissedEvent[],
  offsetOf: (sharedPosition: number, privateNumber?: number) => string,
): MissedPacket[] {
  const missed: MissedPacket[] = [];
  const takeEvent = ({ sharedPosition, number, encoded }: MissedEvent): void => {
    missed.push({ encoded, offset: offsetOf(sharedPosition, number) });
  };
  let next = 0;
  for (const { position, encoded } of broadcasts) {
    while (next < events.length && events[next]!.sharedPosition < position) takeEvent(events[next++]!);
    missed.push({ encoded, offset: offsetOf(position) });
  }
  while (next < events.length) takeEvent(events[next++]!);
  return missed;
}
