import { describe, expectTypeOf, it } from "vitest";
import {
  type DisconnectDescription,
  type DisconnectDetails,
  io,
  Manager,
  type Socket,
  type SocketView,
} from "../src/index.js";

/** One map for each direction, shared with the server's types by name and shape. */
interface ServerToClient {
  news: (text: string, n: number) => void;
  question: (text: string, answer: (yes: boolean) => void) => void;
}
interface ClientToServer {
  hello: (name: string) => void;
  save: (id: number, done: (revision: number) => void) => void;
  find: (done: (error: Error, found: string[]) => void) => void;
  silent: () => void;
}

const typed = (): Socket<ServerToClient, ClientToServer> => io("http://types", { autoConnect: false });
const untyped = (): Socket => io("http://types", { autoConnect: false });

describe("a typed socket", () => {
  it("listens to what the server emits", () => {
    const socket = typed();
    socket.on("news", (text, n) => {
      expectTypeOf(text).toEqualTypeOf<string>();
      expectTypeOf(n).toEqualTypeOf<number>();
    });
    socket.once("question", (_text, answer) => expectTypeOf(answer).toEqualTypeOf<(yes: boolean) => void>());
    // @ts-expect-error: an event of the other direction
    socket.on("hello", () => {});
    // @ts-expect-error: wrong argument
    socket.on("news", (_text: number) => {});
    socket.on("news", async () => {});
  });

  it("knows the library's own events", () => {
    for (const socket of [typed(), untyped()] as Socket[]) {
      socket.on("connect", () => {});
      socket.on("connect_error", (error) => {
        expectTypeOf(error.message).toEqualTypeOf<string>();
        expectTypeOf(error.data).toEqualTypeOf<unknown>();
      });
      socket.on("disconnect", (reason, details) => {
        expectTypeOf(reason).toExtend<string>();
        expectTypeOf(details).toEqualTypeOf<DisconnectDetails | undefined>();
        expectTypeOf<DisconnectDescription>().toEqualTypeOf<DisconnectDetails>();
      });
    }
  });

  it("emits what the server listens to", () => {
    const socket = typed();
    socket.emit("hello", "me");
    socket.emit("silent");
    socket.emit("save", 1, (revision) => expectTypeOf(revision).toEqualTypeOf<number>());
    // @ts-expect-error: an event of the other direction
    socket.emit("news", "x", 1);
    // @ts-expect-error: wrong argument
    socket.emit("hello", 1);
    // @ts-expect-error: an argument is missing
    socket.emit("hello");
    socket.disconnect();
  });

  it("acknowledgements get an error first after timeout() and signal()", () => {
    const socket = typed();
    socket.timeout(1).emit("save", 1, (error, revision) => {
      expectTypeOf(error).toEqualTypeOf<Error | null>();
      expectTypeOf(revision).toEqualTypeOf<number>();
    });
    socket.signal(AbortSignal.abort()).emit("save", 1, (error) => expectTypeOf(error).toEqualTypeOf<Error | null>());
  });

  it("keeps its class after every modifier", () => {
    const socket = typed();
    const calls = () => {
      socket
        .timeout(5)
        .compress(false)
        .emit("save", 1, (error) => expectTypeOf(error).toEqualTypeOf<Error | null>());
      socket.volatile.timeout(5).signal(AbortSignal.abort()).timeout(5).compress(true).emit("silent");
      socket.timeout(5).onAny(() => {});
      const view: SocketView = untyped();
      view
        .timeout(5)
        .compress(false)
        .onAny(() => {});
    };
    expectTypeOf(calls).toBeFunction();
    expectTypeOf(untyped().timeout(5)).toExtend<Socket>();
  });

  it("emitWithAck resolves to the answer, and is there for events that have one", () => {
    const socket = typed();
    const calls = () => [
      expectTypeOf(socket.emitWithAck("save", 1)).resolves.toEqualTypeOf<number>(),
      expectTypeOf(socket.timeout(1).emitWithAck("save", 1)).resolves.toEqualTypeOf<number>(),
      expectTypeOf(socket.emitWithAck("find")).resolves.toEqualTypeOf<string[]>(),
      // @ts-expect-error: no acknowledgement there
      socket.emitWithAck("hello", "me"),
    ];
    expectTypeOf(calls).toBeFunction();
  });
});

describe("an untyped socket", () => {
  it("takes anything", () => {
    const socket = untyped();
    socket.on("anything", (a, b) => {
      expectTypeOf(a).toBeAny();
      expectTypeOf(b).toBeAny();
    });
    socket.emit("anything", 1, "two", () => {});
    const call = () => socket.emitWithAck("anything", 1);
    expectTypeOf(call).returns.resolves.toBeAny();
  });
});

describe("the other entrances", () => {
  it("carry the maps", () => {
    expectTypeOf(io<ServerToClient, ClientToServer>()).toEqualTypeOf<Socket<ServerToClient, ClientToServer>>();
    const manager = new Manager<ServerToClient, ClientToServer>("http://types", { autoConnect: false });
    expectTypeOf(manager.socket("/")).toEqualTypeOf<Socket<ServerToClient, ClientToServer>>();
    expectTypeOf(manager.socket("/").io.socket("/x")).toEqualTypeOf<SocketView>();
    expectTypeOf(manager.reconnectionDelay()).toEqualTypeOf<number>();
  });

  it("take enumerations for names", () => {
    enum Name {
      A = "a",
      B = "b",
    }
    interface Events {
      [Name.A]: (n: number) => void;
      [Name.B]: () => void;
    }
    const socket = io<Events>("http://types", { autoConnect: false });
    socket.on(Name.A, (n) => expectTypeOf(n).toEqualTypeOf<number>());
    socket.emit(Name.B);
  });
});
