/** The client as the one that is measured; what it talks to is made of bare sockets. */
import type { Driver, Subject } from "../contract.js";
import { Counterpart, type Link } from "../load/counterpart.js";
import { serverFrame } from "../load/frames.js";
import { cpuOf, measure } from "../load/measure.js";
import { sleep } from "../load/patience.js";
import { ATTACHMENT, PAYLOAD, STRETCH } from "../subjects/settings.js";

const CLIENTS = 10;

async function withClients(subject: Subject): Promise<Counterpart> {
  const counterpart = await Counterpart.open();
  await subject.call("open", { port: counterpart.port, count: CLIENTS, atOnce: CLIENTS });
  return counterpart;
}

/** Events that come in, 16 in a write; each stretch of them is waited for. */
export function receive(kind: "text" | "binary"): Driver {
  return async (trial) => {
    const subject = await trial.subject(trial.implementation);
    const counterpart = await withClients(subject);
    const writes = stretchOf(kind);
    let sent = 0;
    const { figures } = await measure(trial, [subject], async (until) => {
      const first = sent;
      while (performance.now() < until) {
        for (const link of counterpart.links) for (const write of writes) link.write(write);
        sent += STRETCH * counterpart.links.size;
        await received(subject, sent);
      }
      return sent - first;
    });
    await sleep(50);
    await received(subject, sent);
    return figures;
  };
}

/** Asking costs the client little beside some thousand events. */
async function received(subject: Subject, expected: number): Promise<void> {
  let count = 0;
  for (const until = performance.now() + 20_000; performance.now() < until; await sleep(2)) {
    count = (await subject.call("received")) as number;
    if (count > expected) throw new Error(`${expected} events were sent, ${count} received`);
    if (count === expected) return;
  }
  throw new Error(`${expected} events were sent, ${count} received`);
}

const BATCH = 16;

function stretchOf(kind: "text" | "binary"): Buffer[] {
  const frames = Array.from({ length: STRETCH }, (_, n) =>
    kind === "text"
      ? serverFrame(`42${JSON.stringify(["b", n, PAYLOAD])}`)
      : Buffer.concat([serverFrame(`451-["b",${n},{"_placeholder":true,"num":0}]`), serverFrame(ATTACHMENT)]),
  );
  return Array.from({ length: STRETCH / BATCH }, (_, i) => Buffer.concat(frames.slice(i * BATCH, (i + 1) * BATCH)));
}

export function acknowledged(depth: number): Driver {
  return async (trial) => {
    const subject = await trial.subject(trial.implementation);
    await withClients(subject);
    const { figures } = await measure(
      trial,
      [subject],
      async (until) => (await subject.call("acknowledged", { ms: until - performance.now(), depth })) as number,
    );
    return figures;
  };
}

/** Only their coming is measured. */
export function clientConnects(batch: number, atOnce: number): Driver {
  return async (trial) => {
    const subject = await trial.subject(trial.implementation);
    const counterpart = await Counterpart.open();
    const round = async () => {
      const before = await cpuOf([subject]);
      await subject.call("open", { port: counterpart.port, count: batch, atOnce });
      const after = await cpuOf([subject]);
      await subject.call("close");
      await nobodyLeft(counterpart.links);
      return after.user + after.system - before.user - before.system;
    };
    await round();
    await subject.startProfile();
    let seconds = 0;
    let work = 0;
    for (const until = performance.now() + trial.seconds * 1000; performance.now() < until; work += batch) {
      seconds += await round();
    }
    await subject.stopProfile();
    return { rate: work / seconds };
  };
}

async function nobodyLeft(links: ReadonlySet<Link>): Promise<void> {
  for (let waited = 0; waited < 1_000; waited++) {
    if (links.size === 0) return;
    await sleep(20);
  }
  throw new Error(`${links.size} clients are still there 20 s after they said goodbye`);
}
