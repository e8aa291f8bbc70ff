import { PacketType } from "@sockeye/socketio-parser";
import type { Connection } from "./connection.js";
import type { ErrorContext, Recovery, ServerLimits } from "./contract.js";
import { Deadline, type Deadlines } from "./deadlines.js";
import { asError, type ServerErrorWhat, ServerViolation } from "./errors.js";
import { queryOf } from "./handshake.js";
import { MiddlewareRun } from "./middleware.js";
import type { Namespace } from "./namespace.js";
import { LEFT } from "./ports.js";
import type { Resumed, ResumedSession, Sessions } from "./sessions.js";
import type { Socket } from "./socket.js";
import { newSocketId } from "./socket-id.js";
import type { AnyValue } from "./typed-events.js";

/** What the flow asks of the server. */
export interface ConnectPort {
  readonly limits: ServerLimits;
  readonly deadlines: Deadlines;
  readonly middlewareTimeout: number;
  /** Whether a resumed session skips the middlewares. */
  readonly skipMiddlewares: boolean;
  /** The namespace of that name, if it exists. */
  known(name: string): AnyNamespace | undefined;
  /** The namespace of that name, or the one a client may create under it: given to `found`, perhaps later. */
  find(name: string, auth: Record<string, unknown>, found: (result: AnyNamespace | Error) => void): void;
  report(error: Error, context: ErrorContext): void;
}

type AnyNamespace = Namespace<AnyValue, AnyValue, AnyValue, AnyValue>;
type AnySocket = Socket<AnyValue, AnyValue, AnyValue, AnyValue>;

/** One client on its way into one namespace. */
interface Candidate {
  readonly connection: Connection;
  readonly namespace: AnyNamespace;
  readonly auth: Record<string, unknown>;
  /** The client marks events that it sends again; see `retry-window.ts`. */
  readonly marksRetries: boolean;
}

const OFF: Recovery = { ok: false, reason: "off" };
const NEW: Recovery = { ok: false, reason: "new" };

/** Longest session id and offset that are looked up at all. */
const LONGEST_TOKEN = 256;

/**
 * From CONNECT to `connection`: find the namespace, resume the session or make a new one, run the middlewares, let the client
 * in or tell it why not. Whatever waits in between, a connection that ends meanwhile leaves no trace.
 */
export class ConnectFlow {
  readonly #inTurn = (candidate: Candidate): void => this.#identify(candidate);

  constructor(private readonly port: ConnectPort) {}

  start(connection: Connection, requested: string, payload: Record<string, unknown>): void {
    const { name, auth } =
      connection.conn.protocol === 3 ? splitQuery(requested, payload) : { name: requested, auth: payload };
    const excess = this.#excess(connection);
    if (excess !== undefined) {
      this.#refuse(connection, name, excess);
      return;
    }
    connection.beginConnect(name);
    const known = this.port.known(name);
    if (known !== undefined) this.#whenReady(candidateOf(connection, known, auth));
    else this.#look(connection, name, auth);
  }

  #look(connection: Connection, name: string, auth: Record<string, unknown>): void {
    this.#search(name, auth, (result) => {
      if (result instanceof Error) this.#turnAway(connection, name, result);
      else this.#whenReady(candidateOf(connection, result, auth));
    });
  }

  /** A function of the application may decide whether the namespace exists, and has as long as a middleware. */
  #search(name: string, auth: Record<string, unknown>, found: (result: AnyNamespace | Error) => void): void {
    const { deadlines, middlewareTimeout } = this.port;
    const search = new Search(found, middlewareTimeout);
    deadlines.set(search, middlewareTimeout);
    this.port.find(name, auth, (result) => {
      deadlines.clear(search);
      search.finish(result);
    });
  }

  #excess(connection: Connection): Error | undefined {
    const { namespacesPerConnection, pendingConnects } = this.port.limits;
    if (connection.connectingCount >= pendingConnects) {
      return refusal("TOO_MANY_CONNECTS", `more than ${pendingConnects} CONNECTs are under way`);
    }
    if (connection.namespaceCount + connection.connectingCount >= namespacesPerConnection) {
      return refusal("TOO_MANY_NAMESPACES", `more than ${namespacesPerConnection} namespaces are joined`);
    }
    return undefined;
  }

  /** Always a turn later: several CONNECTs in one breath are one, and the answer never overtakes the question. */
  #whenReady(candidate: Candidate): void {
    const starting = candidate.namespace.starting;
    if (starting === undefined) process.nextTick(this.#inTurn, candidate);
    else {
      starting.then(
        () => this.#identify(candidate),
        (thrown) => this.#turnAway(candidate.connection, candidate.namespace.name, asError(thrown)),
      );
    }
  }

  #identify(candidate: Candidate): void {
    const sessions = candidate.namespace.sessions;
    const { pid, offset } = candidate.auth;
    if (candidate.connection.closed) return;
    if (sessions === undefined || !isToken(pid)) {
      this.#enterAnew(candidate, sessions === undefined ? OFF : NEW);
      return;
    }
    const resumed = sessions.resume(pid, isToken(offset) ? offset : undefined);
    if (resumed instanceof Promise) {
      resumed.then(
        (result) => this.#resume(candidate, pid, result, sessions),
        (thrown) => {
          this.port.report(asError(thrown), {
            socket: undefined,
            event: "adapter",
            namespace: candidate.namespace.name,
          });
          this.#enterAnew(candidate, { ok: false, reason: "unavailable" });
        },
      );
    } else {
      this.#resume(candidate, pid, resumed, sessions);
    }
  }

  #enterAnew(candidate: Candidate, recovery: Recovery): void {
    const { namespace, connection, auth } = candidate;
    const pid = namespace.sessions === undefined ? undefined : newSocketId();
    const id = connection.conn.protocol === 3 ? idOfOld(connection, namespace.name) : newSocketId();
    const socket = namespace.createSocket(connection, {
      id,
      pid,
      auth,
      recovery,
      data: undefined,
      marksRetries: candidate.marksRetries,
    });
    // Without middlewares nobody is asked, and nothing was waited for since the connection was looked at.
    if (namespace.chain.length === 0) this.#admit(candidate, socket, pid, undefined);
    else this.#interrogate(candidate, socket, () => this.#admit(candidate, socket, pid, undefined));
  }

  #resume(candidate: Candidate, pid: string, result: Resumed, sessions: Sessions): void {
    if (!result.ok) {
      this.#enterAnew(candidate, result);
      return;
    }
    // The connection ended while the log was asked: the session goes back to where it was.
    if (candidate.connection.closed) {
      sessions.suspend(pid, result);
      return;
    }
    const recovery: Recovery = { ok: true, missed: result.missed.length };
    const { auth, marksRetries } = candidate;
    const seed = { id: result.sid, pid, auth, recovery, data: result.data, marksRetries };
    const socket = candidate.namespace.createSocket(candidate.connection, seed);
    if (this.port.skipMiddlewares) this.#admit(candidate, socket, pid, result);
    else this.#resumeAfterMiddlewares(candidate, socket, pid, result, sessions);
  }

  /** While the middlewares run, the session sleeps on: what is sent meanwhile is logged, and read once the client is in. */
  #resumeAfterMiddlewares(
    candidate: Candidate,
    socket: AnySocket,
    pid: string,
    session: ResumedSession,
    sessions: Sessions,
  ): void {
    sessions.suspend(pid, session);
    this.#interrogate(candidate, socket, () => {
      const again = sessions.resume(pid, candidate.auth.offset as string | undefined);
      const admit = (result: Resumed): void => {
        if (result.ok && !candidate.connection.closed) this.#admit(candidate, socket, pid, result);
        // It was there a moment ago: the client comes back, and is told why it is gone.
        else this.#abort(candidate, socket);
      };
      if (again instanceof Promise) again.then(admit, () => this.#abort(candidate, socket));
      else admit(again);
    });
  }

  #interrogate(candidate: Candidate, socket: AnySocket, passed: () => void): void {
    const { namespace } = candidate;
    const { chain } = namespace;
    if (chain.length === 0) {
      this.#decided(candidate, socket, null, passed);
      return;
    }
    const settings = {
      deadlines: this.port.deadlines,
      timeout: this.port.middlewareTimeout,
      thrown: (error: Error) => this.port.report(error, { socket, event: "middleware", namespace: namespace.name }),
    };
    new MiddlewareRun(chain, socket, settings, (error) => {
      this.#decided(candidate, socket, error, passed);
    }).start();
  }

  #decided(candidate: Candidate, socket: AnySocket, error: Error | null, passed: () => void): void {
    const { connection, namespace } = candidate;
    if (connection.closed) {
      this.#discard(candidate, socket);
    } else if (error !== null) {
      this.#discard(candidate, socket);
      this.#turnAway(connection, namespace.name, error);
    } else {
      passed();
    }
  }

  #admit(candidate: Candidate, socket: AnySocket, pid: string | undefined, session: ResumedSession | undefined): void {
    const { connection, namespace } = candidate;
    connection.settleConnect(namespace.name);
    namespace.admit(socket, pid, session);
    connection.send({
      type: PacketType.CONNECT,
      nsp: namespace.name,
      data: connection.conn.protocol === 3 ? undefined : this.#greeting(candidate, socket, pid),
    });
    namespace.announce(socket);
  }

  /** The payload of CONNECT: `sid` alone, unless there is a session, or the client asked for more. */
  #greeting(
    { namespace, marksRetries }: Candidate,
    socket: AnySocket,
    pid: string | undefined,
  ): Record<string, unknown> {
    const greeting: Record<string, unknown> = { sid: socket.id };
    if (pid !== undefined) Object.assign(greeting, { pid, ...namespace.sessions?.greeting(pid) });
    const { recovery } = socket;
    if (pid !== undefined && !recovery.ok && recovery.reason !== "new") greeting.recovery = recovery.reason;
    if (marksRetries) Object.assign(greeting, { tag: namespace.retries.tag, dedup: true });
    return greeting;
  }

  #discard(candidate: Candidate, socket: AnySocket): void {
    socket[LEFT]("transport close");
    candidate.namespace.discard(socket);
    candidate.connection.settleConnect(candidate.namespace.name);
  }

  #abort(candidate: Candidate, socket: AnySocket): void {
    this.#discard(candidate, socket);
    candidate.connection.close();
  }

  #turnAway(connection: Connection, name: string, error: Error): void {
    connection.settleConnect(name);
    this.#refuse(connection, name, error);
  }

  #refuse(connection: Connection, nsp: string, error: Error & { data?: unknown; retryAfter?: unknown }): void {
    const { message, data, retryAfter } = error;
    const old = connection.conn.protocol === 3;
    const reason: Record<string, unknown> = { message };
    if (data !== undefined) reason.data = data;
    if (typeof retryAfter === "number") reason.retryAfter = retryAfter;
    try {
      connection.send({ type: PacketType.CONNECT_ERROR, nsp, data: old ? (data ?? message) : reason });
    } catch (unserializable) {
      this.port.report(asError(unserializable), { socket: undefined, event: "middleware", namespace: nsp });
      connection.send({ type: PacketType.CONNECT_ERROR, nsp, data: old ? message : { message } });
    }
  }
}

/** A refusal that the client can recognise by `data.code`. */
export function refusal(what: ServerErrorWhat, message: string): ServerViolation {
  const error = new ServerViolation(what, message);
  return Object.assign(error, { data: { code: error.code } });
}

function isToken(value: unknown): value is string {
  return typeof value === "string" && value.length <= LONGEST_TOKEN;
}

/** A look for a namespace; it ends once. */
class Search extends Deadline {
  #found: ((result: AnyNamespace | Error) => void) | undefined;

  constructor(
    found: (result: AnyNamespace | Error) => void,
    private readonly timeout: number,
  ) {
    super();
    this.#found = found;
  }

  finish(result: AnyNamespace | Error): void {
    const found = this.#found;
    this.#found = undefined;
    found?.(result);
  }

  override expire(): void {
    this.finish(refusal("MIDDLEWARE_TIMEOUT", `the namespace was not decided about within ${this.timeout} ms`));
  }
}

/** `dedup` is our client's, not the application's: it is no part of what the application sees as `auth`. */
function candidateOf(connection: Connection, namespace: AnyNamespace, payload: Record<string, unknown>): Candidate {
  if (payload.dedup !== true) return { connection, namespace, auth: payload, marksRetries: false };
  const { dedup, ...auth } = payload;
  return { connection, namespace, auth, marksRetries: dedup };
}

/** Clients of protocol 3 know their ids beforehand: they are made of the engine's. */
function idOfOld(connection: Connection, namespace: string): string {
  return namespace === "/" ? connection.conn.id : `${namespace}#${connection.conn.id}`;
}

/** Clients of protocol 3 pass their auth as the query of the namespace: `/chat?token=x`. */
function splitQuery(requested: string, payload: Record<string, unknown>) {
  const at = requested.indexOf("?");
  if (at === -1) return { name: requested, auth: payload };
  return { name: requested.slice(0, at), auth: queryOf(requested) as Record<string, unknown> };
}
