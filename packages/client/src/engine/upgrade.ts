import { TransportError } from "../errors.js";
import { type Cancel, later } from "../timers.js";
import type { TransportClass, TransportHost, TransportShape, UpgradePort } from "./contract.js";

/** Head start of WebTransport over WebSocket, milliseconds. */
const HEAD_START = 200;

/**
 * Moves a session to a better transport (Engine.IO protocol, "Upgrade"): the candidate is probed beside the running
 * transport with a ping `probe`; once its pong is here, writing stops, what is under way on the old transport is
 * brought to its end, and the candidate takes over. Between the two no packet is lost or overtaken: the server writes
 * on the old transport until our `upgrade` packet, and that leaves only after the old transport's last response.
 */
export function startUpgrade(port: UpgradePort, candidates: readonly TransportClass[]): Cancel {
  const { options } = port;
  /** What ends each attempt: those that wait for their start, and those under way. */
  const attempts = new Map<unknown, Cancel>();
  const probed = new Set<TransportShape>();
  /** The transport in use, from the moment a candidate has won. */
  let old: TransportShape | undefined;
  let adopted: TransportShape | undefined;

  const stop = (key: unknown) => {
    attempts.get(key)?.();
    return attempts.delete(key);
  };
  const stopAll = (but?: TransportShape) => {
    for (const key of [...attempts.keys()]) if (key !== but) stop(key);
  };
  const fail = (transport: TransportShape, error: TransportError) => {
    if (!stop(transport)) return;
    old?.resume();
    port.failed(error);
  };
  const failAs = (transport: TransportShape, message: string) =>
    fail(transport, new TransportError("PROBE_FAILED", message));

  const begin = (transport: TransportShape) => {
    const stopTimer = later(options, () => failAs(transport, "upgrade timeout"), options.upgradeTimeout ?? 10_000);
    attempts.set(transport, () => {
      stopTimer();
      if (transport !== adopted) transport.close();
    });
  };
  const host: TransportHost = {
    received: (transport, packet) => {
      if (!("type" in packet) || packet.type !== "pong" || packet.data !== "probe") failAs(transport, "probe error");
      else if (attempts.has(transport) && !old) {
        stopAll(transport);
        old = port.hold(transport);
        old.pause(() => {
          if (!attempts.has(transport)) return;
          adopted = transport;
          stop(transport);
          port.adopt(transport);
        });
      }
    },
    drained: (transport) => {
      // The first time: it is open.
      if (!probed.has(transport)) {
        probed.add(transport);
        transport.send([{ type: "ping", data: "probe" }]);
      }
    },
    ended: (transport, details) => {
      if (details instanceof TransportError) fail(transport, details);
      else failAs(transport, "transport closed");
    },
  };

  for (const candidate of candidates) {
    const probe = () => {
      attempts.delete(candidate);
      const transport = port.create(candidate, host);
      begin(transport);
      transport.start();
    };
    const patient = candidate.prototype.name === "websocket" && candidates.length > 1;
    if (patient) attempts.set(candidate, later(options, probe, HEAD_START));
    else probe();
  }
  return stopAll;
}
