/** What a heap is made of, from two snapshots: objects by their constructor or kind, how many more there are in the second. */
import { readFileSync } from "node:fs";

interface Snapshot {
  readonly snapshot: {
    readonly meta: { readonly node_fields: readonly string[]; readonly node_types: readonly (readonly string[])[] };
  };
  readonly nodes: readonly number[];
  readonly strings: readonly string[];
}

export interface Kind {
  readonly name: string;
  readonly count: number;
  readonly bytes: number;
}

/** The largest growth between two snapshots, for each of `connections`. */
export function growth(before: string, after: string, connections: number, most: number): Kind[] {
  const old = kindsOf(before);
  const kinds = [...kindsOf(after)].map(([name, { count, bytes }]) => ({
    name,
    count: (count - (old.get(name)?.count ?? 0)) / connections,
    bytes: (bytes - (old.get(name)?.bytes ?? 0)) / connections,
  }));
  return kinds.sort((a, b) => b.bytes - a.bytes).slice(0, most);
}

function kindsOf(file: string): Map<string, { count: number; bytes: number }> {
  const { snapshot, nodes, strings } = JSON.parse(readFileSync(file, "utf8")) as Snapshot;
  const { node_fields: fields, node_types: types } = snapshot.meta;
  const [type, name, size] = ["type", "name", "self_size"].map((field) => fields.indexOf(field)) as [
    number,
    number,
    number,
  ];
  const kinds = new Map<string, { count: number; bytes: number }>();
  for (let at = 0; at < nodes.length; at += fields.length) {
    const kind = nameOf(types[type]?.[nodes[at + type] as number] ?? "", strings[nodes[at + name] as number] ?? "");
    const sum = kinds.get(kind) ?? { count: 0, bytes: 0 };
    sum.count++;
    sum.bytes += nodes[at + size] as number;
    kinds.set(kind, sum);
  }
  return kinds;
}

/** Strings and closures by what they are; objects by their constructor. */
function nameOf(type: string, name: string): string {
  if (type === "object" || type === "native") return name;
  if (type === "closure") return `closure ${name || "(anonymous)"}`;
  if (type === "code" || type === "hidden" || type === "array" || type === "object shape") return `(${type}) ${name}`;
  return `(${type})`;
}
