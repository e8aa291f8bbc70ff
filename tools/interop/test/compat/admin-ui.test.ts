import { instrument } from "@socket.io/admin-ui";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Maker } from "../../src/cell.js";
import type { Ends } from "../../src/rig.js";
import { next, until } from "../../src/signals.js";
import { Node } from "./nodes.js";

describe.each<[Maker]>([["official"], ["sockeye"]])("@socket.io/admin-ui on the %s server", (maker) => {
  let node: Node;
  let admin: Ends;
  const seen: unknown[][] = [];

  beforeAll(async () => {
    node = await Node.open(maker, {});
    instrument(node.io, { auth: false, mode: "development" });
    admin = await node.connect("/admin");
    admin.client.onAny((...args) => seen.push(args));
  });

  afterAll(() => node.close());

  const heard = (event: string) => seen.filter(([name]) => name === event).map(([, ...args]) => args);

  it("tells who connects, what they join and say, and when they leave", async () => {
    const { client, server } = await node.connect();
    const connected = () => heard("socket_connected").find(([socket]) => (socket as { id: string }).id === server.id);
    await until(() => connected() !== undefined);
    expect(connected()?.[0]).toMatchObject({ nsp: "/" });
    await server.join("kitchen");
    await until(() => heard("room_joined").some(([, room]) => room === "kitchen"));
    client.emit("hello", 1);
    await until(() => heard("event_received").length > 0);
    expect(heard("event_received").at(-1)?.slice(0, 3)).toEqual(["/", server.id, ["hello", 1]]);
    server.emit("answer", 2);
    await until(() => heard("event_sent").length > 0);
    expect(heard("event_sent").at(-1)?.slice(0, 3)).toEqual(["/", server.id, ["answer", 2]]);
    client.disconnect();
    const disconnected = () => heard("socket_disconnected").find(([, id]) => id === server.id);
    await until(() => disconnected() !== undefined);
    expect(disconnected()?.slice(0, 3)).toEqual(["/", server.id, "client namespace disconnect"]);
  });

  it("counts what the server does", async () => {
    await until(() => heard("server_stats").length > 0);
    expect(heard("server_stats").at(-1)?.[0]).toMatchObject({ clientsCount: expect.any(Number) });
  });

  it("acts on sockets at the admin's word", async () => {
    const { client, server } = await node.connect();
    admin.client.emit("join", "/", "pantry", server.id);
    await until(() => server.rooms.has("pantry"));
    const said = next(client, "word");
    admin.client.emit("emit", "/", server.id, "word", "from above");
    expect(await said).toEqual(["from above"]);
    const gone = next(client, "disconnect");
    admin.client.emit("_disconnect", "/", false, server.id);
    expect((await gone)[0]).toBe("io server disconnect");
  });
});
