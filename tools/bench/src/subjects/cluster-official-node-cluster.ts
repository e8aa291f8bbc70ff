import cluster from "node:cluster";
import { createAdapter, setupPrimary } from "@socket.io/cluster-adapter";
import { Server } from "socket.io";
import { nodeSettings, openNode } from "./cluster-node.js";
import { serveAsWorker, serveWorkers } from "./cluster-workers.js";

if (cluster.isPrimary) {
  setupPrimary();
  await serveWorkers();
} else {
  await serveAsWorker((index) => openNode(Server, createAdapter(), { ...nodeSettings, index }));
}
