import type { Ends } from "./rig.js";

/** Goes up and comes down: what was sent on this connection before, in either direction, has arrived when it resolves. */
export async function fence({ client, server }: Ends): Promise<void> {
  server.once("fence up", (answer: () => void) => answer());
  await client.emitWithAck("fence up");
  client.once("fence down", (answer: () => void) => answer());
  await server.emitWithAck("fence down");
}
