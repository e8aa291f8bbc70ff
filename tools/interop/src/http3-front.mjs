// Runs under deno: ends HTTP/3 and hands the streams of WebTransport sessions on to a TCP port of the same machine.
//
//   deno run --allow-net --allow-read --unstable-net http3-front.mjs UDP-PORT TCP-PORT CERTIFICATE KEY
//
// Each bidirectional stream becomes one TCP connection: first a line of JSON that says for which URL the session was
// opened, then the bytes of the stream in both directions. The end of either is the end of the session.

const [udpPort, tcpPort, certificate, key] = Deno.args;

const endpoint = new Deno.QuicEndpoint({ hostname: "127.0.0.1", port: Number(udpPort) });
const listener = endpoint.listen({
  cert: Deno.readTextFileSync(certificate),
  key: Deno.readTextFileSync(key),
  alpnProtocols: ["h3"],
  // Deno does not read the capsule by which a browser closes its session: the connection falls silent, and that ends it.
  maxIdleTimeout: 2_000,
});
console.log("listening");

// Whoever started this program has gone when its input ends.
Deno.stdin.readable.pipeTo(new WritableStream()).finally(() => Deno.exit());

async function serve(connection) {
  const session = await Deno.upgradeWebTransport(connection);
  await session.ready;
  for await (const stream of session.incomingBidirectionalStreams) join(session, stream).catch(() => {});
}

async function join(session, stream) {
  const tcp = await Deno.connect({ hostname: "127.0.0.1", port: Number(tcpPort) });
  await tcp.write(new TextEncoder().encode(`${JSON.stringify({ url: session.url })}\n`));
  const leave = () => {
    try {
      tcp.close();
    } catch {
      // It is closed.
    }
  };
  session.closed.then(leave, leave);
  stream.readable.pipeTo(tcp.writable).catch(leave);
  await tcp.readable.pipeTo(stream.writable).catch(() => {});
  // The stream has ended; ending the connection at once would discard what the page has not read of it yet.
  await new Promise((resolve) => setTimeout(resolve, 300));
  session.close();
}

for (;;) {
  const connection = await listener.accept();
  serve(connection).catch(() => {});
}
