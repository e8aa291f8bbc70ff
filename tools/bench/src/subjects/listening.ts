import type { Server } from "node:http";
import type { AddressInfo } from "node:net";

/** On a port of 127.0.0.1 that the system chooses. */
export function listen(http: Server): Promise<number> {
  return new Promise((resolve) => {
    http.listen(0, "127.0.0.1", () => resolve((http.address() as AddressInfo).port));
  });
}
