import type { Socket as ServerSocket } from "socket.io";
import { afterEach, describe, expect, it } from "vitest";
import { LEGACY_STACKS, type LegacyRig, type LegacySocket, openLegacy } from "../src/legacy.js";
import { collect, next, until } from "../src/signals.js";

// The last client of the generation before, with servers that let it in. The incumbent's own server is the control.

const rigs: LegacyRig[] = [];
afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.close();
});

async function open(stack: (typeof LEGACY_STACKS)[number], options?: object): Promise<LegacyRig> {
  const rig = await openLegacy(stack, options);
  rigs.push(rig);
  return rig;
}

/** Both ends of a connection in a namespace, at rest on the transport that was asked for. */
async function meet(
  rig: LegacyRig,
  options: { transports: string[]; forceBase64?: boolean },
  namespace = "/",
): Promise<{ client: LegacySocket; server: ServerSocket }> {
  const arrived = next<[ServerSocket]>(rig.io.of(namespace), "connection");
  const client = rig.client(namespace, options);
  const [[server]] = await Promise.all([arrived, next(client, "connect")]);
  const last = options.transports.at(-1) as string;
  await until(() => client.io.engine.transport.name === last && server.conn.transport.name === last);
  return { client, server };
}

const PLANS = [
  { name: "polling", transports: ["polling"] },
  { name: "websocket", transports: ["websocket"] },
  { name: "an upgrade", transports: ["polling", "websocket"] },
];

for (const stack of LEGACY_STACKS) {
  describe(`socket.io-client 2 with the server: ${stack}`, () => {
    for (const { name, transports } of PLANS) {
      for (const forceBase64 of [false, true]) {
        const options = { transports, forceBase64 };
        const how = forceBase64 ? `${name}, base64` : name;

        it(`exchanges text, bytes and acknowledgements over ${how}`, async () => {
          const rig = await open(stack);
          const { client, server } = await meet(rig, options);
          expect(server.conn.protocol).toBe(3);
          server.on("echo", (...args: unknown[]) => {
            const done = args.pop() as (...answers: unknown[]) => void;
            done(...args);
          });
          const bytes = Buffer.from([0, 1, 2, 250, 255]);
          const sent = ["héllo 🐟", 1, { a: [null, true] }, bytes, { deep: { in: [bytes] } }, "x".repeat(40_000)];
          const got = await new Promise<unknown[]>((resolve) =>
            client.emit("echo", ...sent, (...answers: unknown[]) => resolve(answers)),
          );
          expect(got).toEqual(sent);
          const heard = next(client, "news");
          server.emit("news", "déjà", { bytes }, Buffer.alloc(70_000, 7));
          expect(await heard).toEqual(["déjà", { bytes }, Buffer.alloc(70_000, 7)]);
        });

        it(`keeps many messages in order over ${how}`, async () => {
          const rig = await open(stack);
          const { client, server } = await meet(rig, options);
          const [up, down]: [number[], number[]] = [[], []];
          server.on("n", (n: number) => up.push(n));
          client.on("n", (n: number) => down.push(n));
          for (let n = 0; n < 200; n++) {
            client.emit("n", n, ...(n % 50 === 0 ? [Buffer.from([n])] : []));
            server.emit("n", n, ...(n % 50 === 0 ? [Buffer.from([n])] : []));
          }
          await until(() => up.length === 200 && down.length === 200);
          const expected = Array.from({ length: 200 }, (_, n) => n);
          expect(up).toEqual(expected);
          expect(down).toEqual(expected);
        });
      }

      it(`reaches rooms and namespaces over ${name}`, async () => {
        const rig = await open(stack);
        const { client, server } = await meet(rig, { transports }, "/chat");
        expect(server.id).toBe(client.id);
        await server.join("room");
        const heard = next(client, "news");
        rig.io
          .of("/chat")
          .to("room")
          .emit("news", "both", Buffer.from([1]));
        expect(await heard).toEqual(["both", Buffer.from([1])]);
      });

      it(`stays alive on the client's pings over ${name}`, async () => {
        const rig = await open(stack, { pingInterval: 60, pingTimeout: 10_000 });
        const { client, server } = await meet(rig, { transports });
        await collect(server.conn, "heartbeat", 4);
        expect(server.connected).toBe(true);
        expect(client.connected).toBe(true);
      });

      it(`notices the end at both ends over ${name}`, async () => {
        const rig = await open(stack);
        const first = await meet(rig, { transports });
        const left = next(first.server, "disconnect");
        first.client.close();
        expect((await left)[0]).toMatch(/client namespace disconnect|transport close/);
        const second = await meet(rig, { transports });
        const dropped = next(second.client, "disconnect");
        second.server.disconnect(true);
        expect((await dropped)[0]).toMatch(/io server disconnect|transport close/);
      });
    }

    it("refuses it when the option is off", async () => {
      const rig = await open(stack, { allowEIO3: false });
      const [error] = await next<[unknown]>(rig.client("/", { transports: ["polling"] }), "connect_error");
      expect(String(error)).toMatch(/error/);
      expect(rig.io.engine.clientsCount).toBe(0);
    });

    it("hears a refusal of a middleware", async () => {
      const rig = await open(stack);
      rig.io.of("/closed").use((_socket, go) => go(new TypeError("not you")));
      expect(await next(rig.client("/closed", { transports: ["polling"] }), "error")).toEqual(["not you"]);
    });
  });
}
