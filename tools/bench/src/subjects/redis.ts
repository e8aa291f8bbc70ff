import { createClient, type RedisClientType } from "redis";

/** A connection of the `redis` package, which all adapters under test take. */
export async function openRedis(): Promise<RedisClientType> {
  const client = createClient({ url: process.env.REDIS_URL ?? "" }) as RedisClientType;
  client.on("error", (error) => {
    throw error;
  });
  await client.connect();
  return client;
}
