import type { Server } from "node:http";
import type { AddressInfo } from "node:net";

/** On a port of 127.0.0.1 that the system chooses; workers of node:cluster would share one otherwise. */
export function listen(http: Server): Promise<number> {
  return new Promise((resolve) => {
    http.listen({ port: 0, host: "127.0.0.1", exclusive: true }, () => resolve((http.address() as AddressInfo).port));
  });
}
