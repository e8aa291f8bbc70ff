import type { IpcPort } from "../../src/cluster/drivers/ipc-messages.js";

/** Both ends of an IPC channel: messages are cloned and arrive later, in order. */
export function portPair<Out, In>(): [IpcPort<Out, In>, IpcPort<In, Out>, disconnect: () => void] {
  const link = { open: true, closed: [] as (() => void)[] };
  const toRight: ((message: Out) => void)[] = [];
  const toLeft: ((message: In) => void)[] = [];
  const disconnect = () => {
    link.open = false;
    for (const listener of link.closed.splice(0)) listener();
  };
  return [end<Out, In>(link, toRight, toLeft), end<In, Out>(link, toLeft, toRight), disconnect];
}

function end<Out, In>(
  link: { open: boolean; closed: (() => void)[] },
  out: ((message: Out) => void)[],
  incoming: ((message: In) => void)[],
): IpcPort<Out, In> {
  return {
    queuedBytes: 0,
    send(message) {
      if (!link.open) throw new TypeError("disconnected");
      const copy = structuredClone(message);
      setImmediate(() => {
        for (const listener of out) listener(copy);
      });
    },
    onMessage: (listener) => incoming.push(listener),
    onClose: (listener) => link.closed.push(listener),
    detach: () => incoming.splice(0),
  };
}
