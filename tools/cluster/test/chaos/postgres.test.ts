import { it } from "vitest";
import { PostgresServer } from "../../src/postgres/postgres-server.js";
import { survives } from "./survives.js";

it("three servers on PostgreSQL deliver through cut connections, a killed server and a killed PostgreSQL", async () => {
  const broker = await PostgresServer.start();
  try {
    await survives("postgres", broker);
  } finally {
    await broker.stop();
  }
}, 120_000);
