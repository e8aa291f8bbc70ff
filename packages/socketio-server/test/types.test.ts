import { describe, expectTypeOf, it } from "vitest";
import {
  type AckError,
  type BroadcastOperator,
  type DefaultEventsMap,
  type DisconnectReason,
  type ExtendedError,
  type Namespace,
  type RemoteSocket,
  Server,
  type Socket,
} from "../src/index.js";
import { inMemory } from "./support/memory.js";

// biome-ignore lint/suspicious/noExplicitAny: the tests say where the types say `any`
type Anything = any;

/** Checked by the compiler: a wrong type here is a failed type check. The bodies run, too, so what they call exists. */

interface ClientToServer {
  hello: (name: string) => void;
  sum: (a: number, b: number, answer: (sum: number) => void) => void;
}

interface ServerToClient {
  news: (text: string, at?: Date) => void;
  ask: (question: string, answer: (yes: boolean) => void) => void;
  bare: (answer: () => void) => void;
  nothing: () => void;
  optional: (text: string, answer?: (n: number) => void) => void;
}

interface BetweenServers {
  ping: (n: number) => void;
  count: (answer: (n: number) => void) => void;
}

interface Data {
  user: string;
}

type Typed = Server<ClientToServer, ServerToClient, BetweenServers, Data>;
type TypedSocket = Socket<ClientToServer, ServerToClient, BetweenServers, Data>;

const typed = (): Typed => inMemory().io as unknown as Typed;

describe("types of a typed server", () => {
  it("name what middlewares refuse with", () => {
    typed().use((socket, next) => {
      const error: ExtendedError = new Error("refused");
      error.data = { after: 5 };
      next(error);
      const refuse: (error?: ExtendedError) => void = next;
      refuse();
      socket.nsp.use((_, goOn) => goOn());
      expectTypeOf(socket.nsp.server).toEqualTypeOf<Anything>();
    });
  });

  it("listen to what clients send", () => {
    const io = typed();
    io.on("connection", (socket) => {
      expectTypeOf(socket).toEqualTypeOf<TypedSocket>();
      expectTypeOf(socket.data).toEqualTypeOf<Data>();
      expectTypeOf(socket.nsp).toEqualTypeOf<Namespace<ClientToServer, ServerToClient, BetweenServers, Data>>();
      socket.on("hello", (name) => expectTypeOf(name).toEqualTypeOf<string>());
      socket.on("hello", async (name) => expectTypeOf(name).toEqualTypeOf<string>());
      socket.once("sum", (a, b, answer) => {
        expectTypeOf([a, b]).toEqualTypeOf<number[]>();
        expectTypeOf(answer).toEqualTypeOf<(sum: number) => void>();
      });
      socket.on("disconnect", (reason) => expectTypeOf(reason).toEqualTypeOf<DisconnectReason>());
      socket.on("disconnecting", (reason) => expectTypeOf(reason).toEqualTypeOf<DisconnectReason>());
      socket.on("error", (error) => expectTypeOf(error).toEqualTypeOf<Error>());
      // @ts-expect-error: only the server emits it
      socket.on("news", () => {});
      // @ts-expect-error: a number is no name
      socket.on("hello", (name: number) => name);
      expectTypeOf(socket.nsp.name).toEqualTypeOf<string>();
      socket.nsp.emit("news", "x");
      expectTypeOf(socket.nsp.sockets.get("x")).toEqualTypeOf<TypedSocket | undefined>();
    });
    io.on("new_namespace", (namespace) => {
      expectTypeOf(namespace).toExtend<Namespace<ClientToServer, ServerToClient, BetweenServers, Data>>();
    });
    io.use((socket, next) => {
      expectTypeOf(socket).toEqualTypeOf<TypedSocket>();
      next();
    });
    io.use(async (socket) => void socket.data.user);
  });

  it("emit to one client", () => {
    const calls = async (socket: TypedSocket) => {
      socket.emit("news", "text");
      socket.emit("news", "text", new Date());
      socket.emit("ask", "why", (yes) => expectTypeOf(yes).toEqualTypeOf<boolean>());
      socket.timeout(1).emit("ask", "why", (error, yes) => {
        expectTypeOf(error).toEqualTypeOf<Error>();
        expectTypeOf(yes).toEqualTypeOf<boolean>();
      });
      socket.volatile.compress(true).emit("news", "text");
      expectTypeOf(await socket.emitWithAck("ask", "why")).toEqualTypeOf<boolean>();
      expectTypeOf(await socket.timeout(1).emitWithAck("ask", "why")).toEqualTypeOf<boolean>();
      socket.emit("nothing");
      expectTypeOf(await socket.emitWithAck("optional", "x")).toEqualTypeOf<number>();
      expectTypeOf(await socket.emitWithAck("bare")).toEqualTypeOf<undefined>();
      // @ts-expect-error: without an acknowledgement
      socket.emitWithAck("nothing");
      // @ts-expect-error: no such event
      socket.emit("hello", "x");
      // @ts-expect-error: wrong argument
      socket.emit("news", 1);
      // @ts-expect-error: without an acknowledgement
      socket.emitWithAck("news", "x");
      expectTypeOf(socket.to("room")).toEqualTypeOf<BroadcastOperator<ServerToClient, Data>>();
    };
    expectTypeOf(calls).toBeFunction();
  });

  it("emit to many", () => {
    const calls = async (io: Typed, socket: TypedSocket) => {
      io.emit("news", "text");
      // @ts-expect-error: an acknowledgement needs timeout()
      io.emit("ask", "why", () => {});
      // @ts-expect-error: an acknowledgement needs timeout()
      io.to("room").emit("ask", "why", () => {});
      for (const many of [io, io.of("/"), io.to("room"), io.local.volatile, socket.broadcast, socket.to("room")]) {
        many.timeout(1).emit("ask", "why", (error, answers) => {
          expectTypeOf(error).toEqualTypeOf<Error>();
          expectTypeOf(answers).toEqualTypeOf<boolean[]>();
        });
        many.timeout(1).emit("news", "text");
        expectTypeOf(await many.timeout(1).emitWithAck("ask", "why")).toEqualTypeOf<boolean[]>();
        expectTypeOf(await many.emitWithAck("ask", "why")).toEqualTypeOf<boolean[]>();
        // @ts-expect-error: without an acknowledgement
        many.emitWithAck("news", "x");
      }
      // @ts-expect-error: wrong argument
      io.except("room").emit("news", 1);
    };
    expectTypeOf(calls).toBeFunction();
  });

  it("remote sockets", () => {
    const calls = async (io: Typed) => {
      const [remote] = await io.in("room").fetchSockets();
      if (remote === undefined) return;
      expectTypeOf(remote).toEqualTypeOf<RemoteSocket<ServerToClient, Data>>();
      expectTypeOf(remote.data).toEqualTypeOf<Data>();
      remote.emit("news", "text");
      remote.timeout(1).emit("ask", "why", (error, yes) => {
        expectTypeOf(error).toEqualTypeOf<Error>();
        expectTypeOf(yes).toEqualTypeOf<boolean>();
      });
      expectTypeOf(await remote.emitWithAck("ask", "why")).toEqualTypeOf<boolean>();
      expectTypeOf(await remote.timeout(1).emitWithAck("ask", "why")).toEqualTypeOf<boolean>();
    };
    expectTypeOf(calls).toBeFunction();
  });

  it("events between servers", () => {
    const io = typed();
    io.on("ping", (n) => expectTypeOf(n).toEqualTypeOf<number>());
    io.of("/x").on("count", (answer) => expectTypeOf(answer).toEqualTypeOf<(n: number) => void>());
    io.serverSideEmit("ping", 1);
    io.serverSideEmit("count", (error, counts) => {
      expectTypeOf(error).toEqualTypeOf<Error>();
      expectTypeOf(counts).toEqualTypeOf<number[]>();
    });
    expectTypeOf(io.serverSideEmitWithAck<"count">).returns.resolves.toEqualTypeOf<number[]>();
    // @ts-expect-error: wrong argument
    io.serverSideEmit("ping", "x");
    // @ts-expect-error: servers do not send it to each other
    const refused = () => io.serverSideEmit("news", "x");
    expectTypeOf(refused).toBeFunction();
  });

  it("names of an enum", () => {
    enum Names {
      Join = "join",
    }
    interface Events {
      [Names.Join]: (room: string) => void;
    }
    const io = inMemory().io as unknown as Server<Events>;
    io.on("connection", (socket) => {
      socket.on(Names.Join, (room) => expectTypeOf(room).toEqualTypeOf<string>());
      socket.emit(Names.Join, "x");
    });
  });
});

describe("types of an untyped server", () => {
  it("take everything", () => {
    const io = inMemory().io;
    expectTypeOf(io).toEqualTypeOf<Server<DefaultEventsMap, DefaultEventsMap, DefaultEventsMap, Anything>>();
    io.on("connection", (socket) => {
      socket.on("x", (a, b) => expectTypeOf([a, b]).toEqualTypeOf<Anything[]>());
      socket.emit("x", 1, { a: 1 }, (answer: string) => answer);
      socket.data.anything = 1;
    });
    io.on("custom", (a: number) => a);
    io.emit("x", 1);
    io.timeout(5).emit("x", (error: AckError | null, responses: number[]) => [error, responses]);
    io.to("a").except(["b"]).emit("x", 1, 2);
    const answers = async () => {
      expectTypeOf(await io.timeout(1).emitWithAck("x")).toBeAny();
    };
    expectTypeOf(answers).toBeFunction();
  });

  it("listen and emit maps are the same when only one is given", () => {
    expectTypeOf<Server<ServerToClient>>().toEqualTypeOf<
      Server<ServerToClient, ServerToClient, DefaultEventsMap, Anything>
    >();
    expectTypeOf(Server).toBeConstructibleWith(3000, { connectTimeout: 1 });
    expectTypeOf(Server).toBeConstructibleWith("3000");
    expectTypeOf(Server).toBeConstructibleWith({ cors: { origin: "*" }, path: "/x", pingTimeout: 1 });
  });
});
