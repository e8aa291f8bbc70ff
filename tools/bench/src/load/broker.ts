/** What connects the nodes of a cluster, as far as its own CPU time can be seen from here. */
import { readdirSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import pg from "pg";
import type { Subject } from "../contract.js";

export interface Broker {
  /** So far; undefined where it runs elsewhere. */
  cpuSeconds(): Promise<number | undefined>;
  /** For node:cluster: the primary process passes everything on. */
  watch(primary: Subject): void;
  close(): Promise<void>;
}

export async function openBroker(
  kind: "redis" | "postgres" | "node-cluster",
  { REDIS_URL = "", POSTGRES_URL = "" }: Readonly<Record<string, string>>,
): Promise<Broker> {
  if (kind === "redis") return broker(() => redisCpu(new URL(REDIS_URL)));
  if (kind === "node-cluster") return broker(async () => undefined);
  const client = new pg.Client(POSTGRES_URL);
  await client.connect();
  await client.query(TABLE);
  const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  const postmaster = parentOf(rows[0]?.pid ?? 0);
  return broker(
    async () => cpuOfFamily(postmaster),
    () => client.end(),
  );
}

/** The table that the official adapter for PostgreSQL expects to find. */
const TABLE = `CREATE TABLE IF NOT EXISTS socket_io_attachments
  (id bigserial UNIQUE, created_at timestamptz DEFAULT NOW(), payload bytea)`;

function broker(cpuSeconds: () => Promise<number | undefined>, close = async () => {}): Broker {
  let primary: Subject | undefined;
  return {
    async cpuSeconds() {
      if (primary === undefined) return cpuSeconds();
      const { user, system } = await primary.cpu();
      return user + system;
    },
    watch(subject) {
      primary = subject;
    },
    close,
  };
}

function redisCpu({ hostname, port }: URL): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port || 6379), hostname);
    let text = "";
    socket.on("error", reject);
    socket.on("data", (chunk) => {
      text += chunk;
      const used = [...text.matchAll(/used_cpu_(?:sys|user):([\d.]+)\r\n/g)];
      if (used.length < 2) return;
      socket.destroy();
      resolve(used.reduce((sum, [, seconds]) => sum + Number(seconds), 0));
    });
    socket.write("INFO cpu\r\n");
  });
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return undefined;
  }
}

/** In /proc/PID/stat, the second field after the name. */
function parentOf(pid: number | string): number {
  const text = read(`/proc/${pid}/stat`) ?? "";
  return Number(text.slice(text.lastIndexOf(")") + 2).split(" ")[1] ?? 0);
}

/** PostgreSQL is a process with one thread for each connection, and their parent. Nanoseconds on a CPU come first in schedstat. */
function cpuOfFamily(parent: number): number | undefined {
  if (parent <= 1) return undefined;
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const family = pids.filter((pid) => Number(pid) === parent || parentOf(pid) === parent);
  const times = family.map((pid) => Number((read(`/proc/${pid}/schedstat`) ?? "0").split(" ")[0]));
  return times.reduce((sum, nanoseconds) => sum + nanoseconds, 0) / 1e9;
}
