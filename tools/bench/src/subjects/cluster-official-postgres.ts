import { createAdapter } from "@socket.io/postgres-adapter";
import pg from "pg";
import { Server } from "socket.io";
import { nodeSettings, openNode } from "./cluster-node.js";
import { ready } from "./commands.js";

const pool = new pg.Pool({ connectionString: process.env.POSTGRES_URL ?? "" });
ready(await openNode(Server, createAdapter(pool, { channelPrefix: nodeSettings.prefix }), nodeSettings));
