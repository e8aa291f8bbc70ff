/** What a client says, in any runtime and module system: connects in every way, and leaves nothing behind. */
const WAYS = [["polling"], ["websocket"], ["polling", "websocket"]];

/** The next event `name` of an emitter, with all its arguments. */
function next(emitter, name) {
  return new Promise((resolve) => emitter.once(name, (...args) => resolve(args)));
}

const bytesOf = (value) => [...new Uint8Array(value.buffer ?? value, value.byteOffset ?? 0, value.byteLength)];

/** @returns {Promise<object>} what came back */
async function converse(io, url, transports) {
  const socket = io(url, { transports, forceNew: true, reconnection: false });
  const failed = next(socket, "connect_error").then(([error]) => Promise.reject(error));
  const conversation = exchange(socket, transports);
  return Promise.race([failed, conversation]);
}

async function exchange(socket, transports) {
  await next(socket, "connect");
  const { engine } = socket.io;
  if (transports.length > 1 && engine.transport.name !== transports[1]) await next(engine, "upgrade");
  const echoed = await socket.emitWithAck("echo", { text: "é🐟", bytes: Uint8Array.of(1, 2, 250) });
  const said = next(socket, "said");
  socket.emit("say", { deep: [new Uint8Array(300).fill(7)] });
  const [{ deep }] = await said;
  // The server asks, and gets an acknowledgement with bytes in it.
  socket.on("question", (question, answer) => answer({ question, bytes: Uint8Array.of(9) }));
  const answered = next(socket, "answered");
  socket.emit("ask me", "why");
  const [{ question, bytes }] = await answered;
  const transport = engine.transport.name;
  const left = next(socket, "disconnect");
  socket.disconnect();
  return {
    transport,
    text: echoed.text,
    echoed: bytesOf(echoed.bytes),
    said: bytesOf(deep[0]).length,
    question,
    answer: bytesOf(bytes),
    reason: (await left)[0],
  };
}

/** Which one this is, by its own word. */
function runtime() {
  const { bun, deno, node } = process.versions;
  if (bun) return `Bun ${bun}`;
  return deno ? `Deno ${deno}` : `Node.js ${node}`;
}

/**
 * Every way from every entry point; the results go out as one line. Nobody ends the program after that: it ends when
 * nothing is left to wait for.
 */
async function talk({ io, websocket, msgpack }) {
  const [url, msgpackUrl] = process.argv.slice(2);
  const results = [];
  for (const way of WAYS) results.push(await converse(io, url, way));
  results.push(await converse(websocket, url, ["websocket"]));
  for (const way of WAYS) results.push(await converse(msgpack, msgpackUrl, way));
  console.log(JSON.stringify({ runtime: runtime(), results }));
}

module.exports = { converse, talk };
