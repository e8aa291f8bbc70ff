import { TransportError } from "../errors.js";
import { type Cancel, later } from "../timers.js";
import type { TransportHost, UpgradePort } from "./contract.js";
import type { Transport } from "./transport.js";

/** Head start of WebTransport over WebSocket, milliseconds. */
const HEAD_START = 200;

/**
 * Moves a session to a better transport (Engine.IO protocol, "Upgrade"): the candidate is probed beside the running
 * transport with a ping `probe`; once its pong is here, writing stops, what is under way on the old transport is
 * brought to its end, and the candidate takes over. Between the two no packet is lost or overtaken: the server writes
 * on the old transport until our `upgrade` packet, and that leaves only after the old transport's last response.
 */
export function startUpgrade(port: UpgradePort, names: readonly string[]): Cancel {
  const probes = new Map<Transport, Cancel>();
  const waiting: Cancel[] = [];

  const drop = (transport: Transport) => {
    probes.get(transport)?.();
    probes.delete(transport);
    transport.close();
  };
  const fail = (transport: Transport, error: TransportError) => {
    if (!probes.has(transport)) return;
    drop(transport);
    port.failed(transport, error);
  };
  const cancel = () => {
    for (const each of waiting) each();
    for (const each of [...probes.keys()]) drop(each);
  };

  const win = (transport: Transport) => {
    probes.get(transport)!();
    probes.delete(transport);
    cancel();
    // Still to be closed if the session ends meanwhile, or the candidate fails; it answers to this host until then.
    probes.set(
      transport,
      later(port.options, () => fail(transport, probeError("upgrade timeout")), deadline),
    );
    port.hold(transport);
    port.current().pause(() => {
      if (!probes.has(transport)) return;
      probes.get(transport)!();
      probes.delete(transport);
      port.adopt(transport);
    });
  };

  const host: TransportHost = {
    opened: (transport) => transport.send([{ type: "ping", data: "probe" }]),
    received: (transport, packet) => {
      if (!("type" in packet) || packet.type !== "pong" || packet.data !== "probe") {
        fail(transport, probeError("probe error"));
      } else if (probes.has(transport)) win(transport);
    },
    drained: () => {},
    ended: (transport) => fail(transport, probeError("transport closed")),
    failed: fail,
  };

  const deadline = port.options.upgradeTimeout ?? 10_000;
  const probe = (name: string) => {
    const transport = port.create(name);
    transport.host = host;
    probes.set(
      transport,
      later(port.options, () => fail(transport, probeError("upgrade timeout")), deadline),
    );
    transport.open();
  };

  for (const name of names) {
    if (name === "websocket" && names.includes("webtransport")) {
      waiting.push(later(port.options, () => probe(name), HEAD_START));
    } else probe(name);
  }
  return cancel;
}

function probeError(message: string): TransportError {
  return new TransportError("PROBE_FAILED", message);
}
