import cluster from "node:cluster";
import { createNodeClusterAdapter, setupPrimary } from "@sockeye/adapter-base/node-cluster";
import { Server } from "@sockeye/socketio-server";
import { nodeSettings, openNode } from "./cluster-node.js";
import { serveAsWorker, serveWorkers } from "./cluster-workers.js";

if (cluster.isPrimary) {
  setupPrimary();
  await serveWorkers();
} else {
  await serveAsWorker((index) => openNode(Server, createNodeClusterAdapter(), { ...nodeSettings, index }));
}
