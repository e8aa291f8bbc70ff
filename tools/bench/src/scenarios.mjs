/**
 * What is measured. A scenario drives one server for about `seconds` and returns the work done; the driver reads the
 * server's CPU time around it. A lost, doubled or reordered delivery throws: it is never a number.
 */
import { frame, integerAt, openMany, Peer } from "./peer.mjs";

const PAYLOAD = { text: "x".repeat(64), n: 1 };

export const scenarios = {
  "broadcast to 1,000": broadcast({ peers: 1_000 }),
  "room of 100 among 1,000": broadcast({ peers: 1_000, members: 100, room: "r" }),
  "all but a room of 100": broadcast({ peers: 1_000, members: 100, except: "r" }),
  "binary 512 B to 1,000": broadcast({ peers: 1_000, kind: "binary" }),
  "burst of 10 to 1,000": broadcast({ peers: 1_000, burst: 10 }),
  "echo with ack, depth 16": echo({ peers: 50, depth: 16 }),
  "echo with ack, depth 1": echo({ peers: 50, depth: 1 }),
  "ingest, 16 frames a write": ingest({ peers: 50, batch: 16 }),
  "connect, WebSocket": connects({ atOnce: 50 }),
};

function broadcast({ peers: count, members = 0, room, except, kind = "text", burst = 1 }) {
  const expected = room ? members : except ? count - members : count;
  return async (server, seconds) => {
    const peers = await openMany(server.port, count);
    const join = frame('420["join","r"]');
    for (let i = 0; i < members; i++) {
      await new Promise((resolve) => {
        peers[i].onMessage = resolve;
        peers[i].write(join);
      });
    }
    let outstanding = 0;
    let done;
    // "42["b",N," or "451-["b",N,": the number stands after the event name.
    const at = kind === "binary" ? 9 : 7;
    for (const peer of peers) {
      let next = 0;
      peer.onMessage = (data, start, _end, binary) => {
        if (binary) return;
        const n = integerAt(data, start + at);
        if (n !== next++) throw new Error(`delivery ${next - 1} expected, ${n} came`);
        if (--outstanding === 0) done();
      };
    }
    return measure(server, seconds, async (until) => {
      let from = 0;
      while (performance.now() < until) {
        outstanding = expected * burst;
        const arrived = new Promise((resolve) => {
          done = resolve;
        });
        server.call("broadcast", { from, count: burst, room, except, payload: PAYLOAD, kind });
        await arrived;
        from += burst;
      }
      return from * expected;
    });
  };
}

function echo({ peers: count, depth }) {
  return async (server, seconds) => {
    const peers = await openMany(server.port, count);
    let work = 0;
    let running = true;
    let open = 0;
    let drained;
    const start = peers.map((peer) => {
      let sent = 0;
      let next = 0;
      const send = () => {
        open++;
        peer.write(frame(`42${sent++}["echo",{"text":"${PAYLOAD.text}","n":1}]`));
      };
      peer.onMessage = (data, begin) => {
        if (integerAt(data, begin + 2) !== next++) throw new Error("an acknowledgement out of order");
        work++;
        open--;
        if (running) send();
        else if (open === 0) drained();
      };
      return () => {
        for (let i = 0; i < depth; i++) send();
      };
    });
    return measure(server, seconds, async (until) => {
      for (const begin of start) begin();
      await new Promise((resolve) => setTimeout(resolve, until - performance.now()));
      running = false;
      await new Promise((resolve) => {
        drained = resolve;
      });
      return work;
    });
  };
}

function ingest({ peers: count, batch }) {
  return async (server, seconds) => {
    const peers = await openMany(server.port, count);
    const chunk = Buffer.concat(
      Array.from({ length: batch }, () => frame(`42["ingest",{"text":"${PAYLOAD.text}","n":1}]`)),
    );
    const flush = frame('421["echo",1]');
    return measure(server, seconds, async (until) => {
      let sent = 0;
      while (performance.now() < until) {
        await Promise.all(
          peers.map(
            (peer) =>
              new Promise((resolve) => {
                peer.onMessage = resolve;
                for (let i = 0; i < 8; i++) peer.write(chunk);
                peer.write(flush);
              }),
          ),
        );
        sent += count * 8 * batch;
      }
      const received = await server.call("received");
      if (received !== sent) throw new Error(`${sent} sent, ${received} received`);
      return sent;
    });
  };
}

function connects({ atOnce }) {
  return (server, seconds) =>
    measure(server, seconds, async (until) => {
      let work = 0;
      while (performance.now() < until) {
        const peers = await Promise.all(Array.from({ length: atOnce }, () => Peer.open(server.port)));
        work += peers.length;
        for (const peer of peers) peer.close();
      }
      return work;
    });
}

async function measure(server, seconds, run) {
  const before = await server.call("cpu");
  const work = await run(performance.now() + seconds * 1_000);
  const cpu = (await server.call("cpu")) - before;
  return { work, cpu, perCpuSecond: work / cpu };
}

/** Memory of idle connections, and what is left after they went. */
export async function memory(server, count) {
  const empty = await server.call("memory");
  const peers = await openMany(server.port, count);
  const idle = await server.call("memory");
  for (const peer of peers) peer.close();
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  const left = await server.call("memory");
  return {
    heap: (idle.heap - empty.heap) / count,
    rss: (idle.rss - empty.rss) / count,
    left: (left.heap - empty.heap) / count,
  };
}
