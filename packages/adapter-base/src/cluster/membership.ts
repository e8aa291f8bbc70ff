import type { NodeId } from "./contract.js";
import type { Hello } from "./envelope.js";

interface Member {
  lastHeard: number;
  /** Absent until it has introduced itself. */
  parser: string | undefined;
  version: number;
  readonly namespaces: Set<string>;
}

/** The other nodes of the cluster, as far as this one knows. Pure: time comes in as an argument, in milliseconds. */
export class Membership {
  readonly #members = new Map<NodeId, Member>();

  get nodes(): NodeId[] {
    return [...this.#members.keys()];
  }

  has(node: NodeId): boolean {
    return this.#members.has(node);
  }

  /** The nodes that serve a namespace. */
  nodesWith(namespace: string): NodeId[] {
    return this.nodes.filter((node) => this.#members.get(node)!.namespaces.has(namespace));
  }

  /** Whether every node that serves a namespace has this parser, and it has a name. */
  share(parser: string | undefined, namespace: string): boolean {
    if (!parser) return false;
    for (const member of this.#members.values()) {
      if (member.namespaces.has(namespace) && member.parser !== parser) return false;
    }
    return true;
  }

  /** Anything from a node shows that it lives. */
  heard(node: NodeId, now: number): void {
    const member = this.#members.get(node);
    if (member === undefined) {
      this.#members.set(node, { lastHeard: now, parser: undefined, version: -1, namespaces: new Set() });
    } else member.lastHeard = now;
  }

  /** Whether what is known of a node is out of date, so that it has to introduce itself (again). */
  isStale(node: NodeId, version: number): boolean {
    return this.#members.get(node)?.version !== version;
  }

  introduced({ origin, namespaces, parser, version }: Hello): void {
    const member = this.#members.get(origin);
    if (member === undefined || version < member.version) return;
    member.parser = parser;
    member.version = version;
    member.namespaces.clear();
    for (const namespace of namespaces) member.namespaces.add(namespace);
  }

  /** A change that follows on what is known; after a gap, `isStale` will tell. */
  changed(node: NodeId, namespace: string, open: boolean, version: number): void {
    const member = this.#members.get(node);
    if (member === undefined || version !== member.version + 1) return;
    member.version = version;
    if (open) member.namespaces.add(namespace);
    else member.namespaces.delete(namespace);
  }

  left(node: NodeId): void {
    this.#members.delete(node);
  }

  /** This node stood still for so long: it cannot have heard anybody meanwhile. */
  excuse(duration: number): void {
    for (const member of this.#members.values()) member.lastHeard += duration;
  }

  /** Removes and returns the nodes that were not heard of since a time. */
  expire(heardSince: number): NodeId[] {
    const silent = this.nodes.filter((node) => this.#members.get(node)!.lastHeard < heardSince);
    for (const node of silent) this.#members.delete(node);
    return silent;
  }
}
