import type { AdapterTarget, ClusterAdapter } from "@sockeye/adapter-base";

type Factory = (namespace: AdapterTarget) => ClusterAdapter;

/** By name, with a broker of a given address. */
export async function adapterNamed(name: string, url: string): Promise<Factory> {
  const open = ADAPTERS[name];
  if (open === undefined) throw new Error(`no adapter is called ${name}`);
  return open(url);
}

const ADAPTERS: Readonly<Record<string, (url: string) => Promise<Factory>>> = {};
