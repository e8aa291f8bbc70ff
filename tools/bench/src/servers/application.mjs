/**
 * The application under load, the same for every Socket.IO implementation: echoes, counts, and broadcasts on demand.
 * It is told what to do over IPC and answers with CPU time and memory.
 */
export function application(io) {
  let received = 0;
  io.on("connection", (socket) => {
    socket.on("echo", (value, ack) => ack(value));
    socket.on("event", (value) => socket.emit("event", value));
    socket.on("ingest", () => {
      received++;
    });
    socket.on("join", (room, ack) => {
      socket.join(room);
      ack();
    });
  });
  const binary = Buffer.alloc(512, 7);
  const commands = {
    broadcast({ from, count, room, except, payload, kind }) {
      for (let n = from; n < from + count; n++) {
        let target = io;
        if (room) target = target.to(room);
        if (except) target = target.except(except);
        if (kind === "binary") target.emit("b", n, binary);
        else target.emit("b", n, payload);
      }
    },
    received: () => received,
  };
  serveCommands(commands);
}

/** Answers the driver: `cpu` and `memory` always, the rest by `commands`. */
export function serveCommands(commands) {
  process.on("message", async ({ id, command, args }) => {
    let value;
    if (command === "cpu") {
      const { user, system } = process.cpuUsage();
      value = (user + system) / 1e6;
    } else if (command === "memory") {
      for (let i = 0; i < 4; i++) {
        globalThis.gc();
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      const { heapUsed, rss } = process.memoryUsage();
      value = { heap: heapUsed, rss };
    } else {
      value = commands[command](args);
    }
    process.send({ id, value });
  });
  process.on("disconnect", () => process.exit(0));
}

export function announce(port) {
  process.send({ port });
}
