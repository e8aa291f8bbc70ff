import type { EncodedPacket } from "@sockeye/socketio-parser";
import type { Room, SocketId } from "../../names.js";
import type { RoomChange } from "../../recovery/membership.js";
import { ClusterViolation } from "../errors.js";
import { readSections, type Section, SectionWriter } from "../sections.js";
import { parseLowering, stringifyLifting } from "../values.js";

/** What the store keeps of a session; numbers are places in the log of `epoch`. */
export interface StoredSession {
  readonly sid: SocketId;
  readonly rooms: readonly Room[];
  readonly data: unknown;
  readonly epoch: string;
  /** Nothing before concerns it. */
  readonly start: number;
  /** Where the node was when it wrote this. */
  readonly at: number;
  /** Everything up to here reached the peer, if it was there then. */
  readonly received: number;
  /** Places whose broadcast it had been sent before, without an offset. */
  readonly delivered: readonly number[];
  readonly changes: readonly RoomChange[];
  readonly forgottenUpTo: number;
  /** Number of the last event sent to it alone, and where the log was then. */
  readonly lastPrivate: number;
  readonly lastPrivateAt: number;
}

/** An event that was sent to one session alone. */
export interface StoredPrivateEvent {
  readonly number: number;
  readonly epoch: string;
  /** Where the log was then. */
  readonly sharedPosition: number;
  /** Number and place of the one before it. */
  readonly previous: number;
  readonly previousAt: number;
  readonly encoded: EncodedPacket;
}

/** First byte of what is written; what begins with another is of another version. */
const VERSION = 1;
const HEAD = Uint8Array.of(VERSION);

/** The application's data, as text and attachments. @throws what `JSON.stringify` throws */
export function sectionsOfData(data: unknown): Section[] {
  const attachments: Uint8Array[] = [];
  const text = stringifyLifting({ data }, attachments);
  return [text, ...attachments];
}

/** `data`: its sections. */
export function encodeSession(session: Omit<StoredSession, "data">, data: readonly Section[]): Uint8Array {
  const writer = new SectionWriter(HEAD);
  writer.text(JSON.stringify(session));
  for (const section of data) writer.section(section);
  return writer.finish();
}

/** @throws ClusterViolation */
export function decodeSession(bytes: Uint8Array): StoredSession {
  return guarded(() => {
    const [header, text, ...attachments] = sectionsOf(bytes);
    const fields = JSON.parse(String(header)) as Omit<StoredSession, "data">;
    if (!isSession(fields)) throw new ClusterViolation("fields are missing");
    const { data } = parseLowering(String(text), attachments.filter(isBytes)) as { data: unknown };
    return { ...fields, data };
  });
}

export function encodePrivateEvent(event: StoredPrivateEvent): Uint8Array {
  const { epoch, sharedPosition, previous, previousAt, encoded } = event;
  const writer = new SectionWriter(HEAD);
  writer.text(JSON.stringify([epoch, sharedPosition, previous, previousAt]));
  for (const chunk of encoded) writer.section(chunk);
  return writer.finish();
}

/** @throws ClusterViolation */
export function decodePrivateEvent(number: number, bytes: Uint8Array): StoredPrivateEvent {
  return guarded(() => {
    const [header, ...encoded] = sectionsOf(bytes);
    const [epoch, sharedPosition, previous, previousAt] = JSON.parse(String(header)) as [
      string,
      number,
      number,
      number,
    ];
    if (typeof epoch !== "string" || !areNumbers([sharedPosition, previous, previousAt])) {
      throw new ClusterViolation("fields are missing");
    }
    return { number, epoch, sharedPosition, previous, previousAt, encoded };
  });
}

function sectionsOf(bytes: Uint8Array): Section[] {
  if (bytes[0] !== VERSION) throw new ClusterViolation("of another version");
  return readSections(bytes, 1);
}

function guarded<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new ClusterViolation("what the store keeps of a session cannot be read", { cause });
  }
}

function isSession(fields: Partial<Omit<StoredSession, "data">>): boolean {
  const { sid, rooms, epoch, start, at, received, delivered, changes, forgottenUpTo } = fields;
  const texts = [sid, epoch];
  const numbers = [start, at, received, forgottenUpTo, fields.lastPrivate, fields.lastPrivateAt];
  const lists = [rooms, delivered, changes];
  return texts.every((text) => typeof text === "string") && areNumbers(numbers) && lists.every(Array.isArray);
}

function areNumbers(values: readonly unknown[]): boolean {
  return values.every(Number.isSafeInteger);
}

function isBytes(section: Section): section is Uint8Array {
  return typeof section !== "string";
}
