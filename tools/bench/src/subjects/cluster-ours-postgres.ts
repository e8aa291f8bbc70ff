import { createAdapter } from "@sockeye/postgres-adapter";
import { Server } from "@sockeye/socketio-server";
import pg from "pg";
import { nodeSettings, openNode } from "./cluster-node.js";
import { ready } from "./commands.js";

const pool = new pg.Pool({ connectionString: process.env.POSTGRES_URL ?? "" });
const adapter = createAdapter(pool, { channelPrefix: nodeSettings.prefix, createSchema: true });
ready(await openNode(Server, adapter, nodeSettings));
