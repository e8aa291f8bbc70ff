import { afterEach, describe, expect, it } from "vitest";
import type { EngineOptions, Socket } from "../../src/index.js";
import { eventually, get, handshake, nextSession, openWebSocket, Peer, poll, post } from "../rig.js";
import { startUws, type UwsRig } from "./rig.js";

let rig: UwsRig;
afterEach(() => rig.stop());

const TOPIC = "/\u001froom";

async function open(options: EngineOptions = {}): Promise<void> {
  rig = await startUws(options);
}

async function join(query?: string): Promise<{ peer: Peer; socket: Socket; subscribed: boolean }> {
  const session = nextSession(rig);
  const { peer } = await openWebSocket(rig, query);
  const socket = await session;
  return { peer, socket, subscribed: rig.engine.topics.subscribe(socket, TOPIC) };
}

function publish(text: string | Uint8Array, except?: Socket): void {
  rig.engine.topics.publish(TOPIC, [text], except && { except });
}

async function take(peer: Peer, count: number): Promise<Array<string | Buffer>> {
  await peer.until(() => peer.got.length >= count || peer.isOver);
  return peer.got.splice(0, count);
}

/** What a paused peer gets once it reads again. */
function pause(peer: Peer): void {
  (peer.ws as unknown as { _socket: { pause(): void } })._socket.pause();
}

function resume(peer: Peer): void {
  (peer.ws as unknown as { _socket: { resume(): void } })._socket.resume();
}

describe("topics of uWebSockets.js", () => {
  it("reach all subscribers, and nobody else", async () => {
    await open();
    const [a, b] = [await join(), await join()];
    const other = await openWebSocket(rig);
    publish("hello");
    publish(Uint8Array.of(1, 2, 3));
    for (const { peer } of [a, b]) expect(await take(peer, 2)).toEqual(["4hello", Buffer.from([1, 2, 3])]);
    other.peer.ws.send("2");
    await other.peer.closed();
    expect(other.peer.got).toEqual([]);
  });

  it("keep the order of what is written before and after", async () => {
    await open();
    const members = [await join(), await join(), await join()];
    const expected: string[] = [];
    for (let n = 0; n < 200; n++) {
      // Sizes on both sides of the library's own limits: its cork buffer, its batches, its large messages.
      const text = `${n} ${"x".repeat((n * 997) % 40_000)}`;
      if (n % 3 === 1) publish(text);
      else for (const { socket } of members) socket.send(text);
      expected.push(`4${text}`);
    }
    for (const { peer } of members) expect(await take(peer, 200)).toEqual(expected);
  });

  it("keep the order within a callback of a write, too", async () => {
    await open();
    const [a, b] = [await join(), await join()];
    a.socket.send("first", undefined, () => publish("third"));
    b.socket.send("second");
    expect(await take(a.peer, 2)).toEqual(["4first", "4third"]);
    expect(await take(b.peer, 2)).toEqual(["4second", "4third"]);
  });

  it("keep the parts of a message together", async () => {
    await open();
    const { peer, socket } = await join();

    socket.send("before");
    rig.engine.topics.publish(TOPIC, ["51-[]", Uint8Array.of(7)]);
    socket.send("after");
    expect(await take(peer, 4)).toEqual(["4before", "451-[]", Buffer.from([7]), "4after"]);
  });

  it("leave out who is excepted", async () => {
    await open();
    const [a, b] = [await join(), await join()];
    publish("not for a", a.socket);
    publish("for both");
    expect(await take(a.peer, 1)).toEqual(["4for both"]);
    expect(await take(b.peer, 2)).toEqual(["4not for a", "4for both"]);
  });

  it("do not mind an exception that is no subscriber, or no longer connected", async () => {
    await open();
    const [a, gone] = [await join(), await join()];
    gone.socket.close(true);
    await eventually(() => rig.engine.clientsCount === 1);
    await handshake(rig);
    const polling = [...Object.values(rig.engine.clients)].find((one) => one.transport.name === "polling");
    publish("1", gone.socket);
    publish("2", polling);
    expect(await take(a.peer, 2)).toEqual(["41", "42"]);
  });

  it("cannot reach sessions that need another form: polling, base64, revision 3", async () => {
    await open({ allowEIO3: true });
    expect((await join("EIO=4&transport=websocket&b64=1")).subscribed).toBe(false);
    const session = nextSession(rig);
    await get(rig, "EIO=3&transport=websocket").catch(() => undefined);
    const old = new Peer(rig, "EIO=3&transport=websocket");
    expect(rig.engine.topics.subscribe(await session, TOPIC)).toBe(false);
    await old.opened();
    const polling = nextSession(rig);
    await handshake(rig);
    expect(rig.engine.topics.subscribe(await polling, TOPIC)).toBe(false);
    expect(rig.engine.topics.size).toBe(0);
  });

  it("take sessions in that have come over from polling, behind what waits for them", async () => {
    await open();
    const session = nextSession(rig);
    const { sid } = await handshake(rig);
    const socket = await session;
    const peer = await new Peer(rig, `EIO=4&transport=websocket&sid=${sid}`).opened();
    peer.ws.send("2probe");
    expect(await take(peer, 1)).toEqual(["3probe"]);
    socket.send("waits");
    socket.once("upgrade", () => {
      expect(rig.engine.topics.subscribe(socket, TOPIC)).toBe(true);
      publish("published");
    });
    peer.ws.send("5");
    expect(await take(peer, 2)).toEqual(["4waits", "4published"]);
  });

  it("let go of who unsubscribes or leaves", async () => {
    await open();
    const [a, b, c] = [await join(), await join(), await join()];
    publish("1");
    rig.engine.topics.unsubscribe(a.socket, TOPIC);
    b.peer.ws.terminate();
    await eventually(() => rig.engine.clientsCount === 2);
    publish("2");
    expect(await take(c.peer, 2)).toEqual(["41", "42"]);
    a.socket.send("3");
    expect(await take(a.peer, 2)).toEqual(["41", "43"]);
    expect(rig.engine.topics.size).toBe(1);
    c.peer.ws.terminate();
    await eventually(() => rig.engine.topics.size === 0);
    expect(rig.engine.inspect()).toMatchObject({ sessions: 1, dirty: 0 });
  });

  it("keep the order for a reader that pauses, and count what waits for it", async () => {
    await open({ maxOutboxBytes: 64e6 });
    const [slow, quick] = [await join(), await join()];
    pause(slow.peer);
    const expected: string[] = [];
    for (let n = 0; n < 60; n++) {
      const text = `${n} ${"x".repeat(300_000)}`;
      if (n % 2 === 0) publish(text);
      else slow.socket.send(text);
      expected.push(`4${text}`);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    expect(slow.socket.bufferedAmount).toBeGreaterThan(5e6);
    expect(await take(quick.peer, 30)).toEqual(expected.filter((_, n) => n % 2 === 0));
    expect(slow.socket.transport.ready).toBe(false);
    resume(slow.peer);
    expect(await take(slow.peer, 60)).toEqual(expected);
    await eventually(() => slow.socket.bufferedAmount === 0);
    publish("at the end");
    expect(await take(slow.peer, 1)).toEqual(["4at the end"]);
  });

  it("end a reader that does not read, by its budget, and nobody else", async () => {
    await open({ maxOutboxBytes: 4e6 });
    const [slow, quick] = [await join(), await join()];
    const end = new Promise((resolve) => slow.socket.on("close", resolve));
    pause(slow.peer);
    let most = 0;
    const text = "x".repeat(50_000);
    let published = 0;
    while (slow.socket.readyState === "open" && published < 2_000) {
      publish(text);
      published++;
      most = Math.max(most, slow.socket.bufferedAmount);
      await new Promise(setImmediate);
    }
    expect(await end).toBe("slow consumer");
    expect(most).toBeLessThan(6e6);
    expect(await take(quick.peer, published)).toHaveLength(published);
    expect(rig.engine.topics.size).toBe(1);
  });

  it("do not lose what polling members are written beside them", async () => {
    await open();
    const { peer } = await join();
    const session = nextSession(rig);
    const { sid } = await handshake(rig);
    const socket = await session;

    rig.engine.topics.publish(TOPIC, ["both"]);
    socket.writePrepared(rig.engine.prepare(["both"]));
    expect((await poll(rig, sid)).body).toBe("4both");
    expect(await take(peer, 1)).toEqual(["4both"]);
    await post(rig, sid, "1");
  });
});
