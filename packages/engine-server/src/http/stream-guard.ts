import type { Duplex } from "node:stream";

/** Ends a stream that fails. An error that nobody listens for would end the process (CVE-2022-41940). */
export function guardStream(stream: Duplex): void {
  if (!stream.listeners("error").includes(destroy)) stream.on("error", destroy);
}

function destroy(this: Duplex): void {
  this.destroy();
}
