/** 16 hexadecimal digits, new for each process start. */
export type NodeId = string;

export function randomNodeId(): NodeId {
  const [high, low] = crypto.getRandomValues(new Uint32Array(2)) as Uint32Array & [number, number];
  return textOf(high, low);
}

/** A node's id as two numbers of 32 bits. */
export interface NodeNumbers {
  readonly high: number;
  readonly low: number;
}

/** Of those that were asked for last: a process says nearly everything in the name of one node, and hears few. */
const numbers = new Map<NodeId, NodeNumbers>();
const ids = new Map<number, NodeNumbers & { readonly id: NodeId }>();
const MOST_KNOWN = 1024;

export function numbersOf(id: NodeId): NodeNumbers {
  const known = numbers.get(id);
  if (known !== undefined) return known;
  if (numbers.size >= MOST_KNOWN) numbers.clear();
  const found = { high: Number.parseInt(id.slice(0, 8), 16), low: Number.parseInt(id.slice(8), 16) };
  numbers.set(id, found);
  return found;
}

export function nodeOf(high: number, low: number): NodeId {
  const known = ids.get(high);
  if (known?.low === low) return known.id;
  if (ids.size >= MOST_KNOWN) ids.clear();
  const id = textOf(high, low);
  ids.set(high, { high, low, id });
  return id;
}

function textOf(high: number, low: number): NodeId {
  return hex(high) + hex(low);
}

function hex(value: number): string {
  return value.toString(16).padStart(8, "0");
}
