import type { Deadlines } from "../deadlines.js";
import { EngineMisuse } from "../errors.js";
import type { ResolvedOptions } from "../options.js";
import type { Protocol } from "../session/protocol.js";
import { policyOfCors, staticPolicyOfCors } from "./cors.js";
import { chooseProtocol, type GuardHost, guard, isRefusal, type RequestKind } from "./guards.js";
import { askingOrigin, type OriginPolicy, originAllowed } from "./origins.js";
import { type Pending, PendingHandshakes } from "./pending.js";
import { type Refusal, refuse, refuseForNow, refuseOrigin } from "./refusal.js";
import type { RequestView } from "./request-view.js";

/** What admission needs to know of an engine. */
export interface AdmissionHost extends GuardHost {
  readonly protocols: ReadonlyMap<number, Protocol>;
  readonly closed: boolean;
  readonly clientsCount: number;
  readonly silentSessions: number;
  sessionsOf(address: string): number;
  generateId(request: unknown): string | PromiseLike<string>;
}

/** What a new session starts from. */
export interface Reservation {
  readonly id: string;
  readonly protocol: Protocol;
}

/** Somebody has to be asked. */
export const ASK = Symbol("sockeye ask");

/** Ids that are asked for at most, when the generator hands out one that is taken. */
const ID_ATTEMPTS = 3;

/**
 * Decides who may come in: guards, origins, limits, the application's `allowRequest`; and what a new session starts
 * from. Whoever has to be waited for gets `handshakeTimeout`. Nothing is allocated for a request that is refused.
 */
export class Admission {
  readonly #host: AdmissionHost;
  readonly #options: ResolvedOptions;
  readonly #handshakes: PendingHandshakes;
  readonly #originPolicy: OriginPolicy | undefined;

  constructor(host: AdmissionHost, options: ResolvedOptions, deadlines: Deadlines) {
    this.#host = host;
    this.#options = options;
    this.#handshakes = new PendingHandshakes(deadlines, options.handshakeTimeout);
    this.#originPolicy = originPolicyOf(options);
  }

  /** Requests that are being decided about. */
  get pending(): number {
    return this.#handshakes.size;
  }

  /**
   * Asks somebody who may take a while; `done` gets the answer, or a refusal when there is no room for one more wait or
   * time is up. An answer that comes at once costs no entry in the table. Returns a way to call the wait off (the peer
   * has left), or nothing when it is over already.
   */
  wait<T>(ask: (answer: (value: T) => void) => void, done: (value: T | Refusal) => void): (() => void) | undefined {
    let over = false;
    let pending: Pending | undefined;
    ask((value) => {
      if (over || pending?.settle() === false) return;
      over = true;
      done(value);
    });
    if (over) return undefined;
    if (this.#handshakes.size >= this.#options.maxPendingHandshakes) {
      over = true;
      done(refuseForNow({ name: "TOO_MANY_HANDSHAKES" }));
      return undefined;
    }
    pending = this.#handshakes.begin(() => done(refuseForNow({ name: "HANDSHAKE_TIMEOUT" })));
    return () => void pending.settle();
  }

  /**
   * The verdict, where nobody has to be asked for it: a refusal, or nothing for an admission. What most requests need, polls
   * and uploads of a session above all, and it leaves nothing to collect behind.
   */
  decideAtOnce(kind: RequestKind, request: RequestView): Refusal | undefined | typeof ASK {
    const refusal = this.#refuseByGuards(kind, request);
    if (refusal !== undefined) return refusal;
    if (this.#originPolicy !== undefined && askingOrigin(request) !== undefined) return ASK;
    if (request.query.get("sid")) return undefined;
    return this.#refuseWhenFull(request) ?? (this.#options.allowRequest === undefined ? undefined : ASK);
  }

  /**
   * Decides about a request; `done` is called once, synchronously when nobody has to be waited for. The order is the
   * order in which errors are reported: shape of the request, origin, then the application's own opinion.
   */
  decide(kind: RequestKind, request: RequestView, done: (refusal: Refusal | undefined) => void): void {
    const refusal = this.#refuseByGuards(kind, request);
    if (refusal !== undefined) {
      done(refusal);
      return;
    }
    if (this.#originPolicy === undefined) {
      this.#decideNewcomer(request, done);
      return;
    }
    this.#decideOrigin(request, (originRefusal) => {
      if (originRefusal !== undefined) done(originRefusal);
      else this.#decideNewcomer(request, done);
    });
  }

  #refuseByGuards(kind: RequestKind, request: RequestView): Refusal | undefined {
    return this.#host.closed ? refuseForNow({ name: "SERVER_CLOSED" }) : guard(kind, request, this.#host);
  }

  /** Requests of a session that exists have passed this before. */
  #decideNewcomer(request: RequestView, done: (refusal: Refusal | undefined) => void): void {
    const refusal = request.query.get("sid") ? undefined : this.#refuseWhenFull(request);
    if (refusal !== undefined || request.query.get("sid")) done(refusal);
    else this.#askApplication(request, done);
  }

  #decideOrigin(request: RequestView, done: (refusal: Refusal | undefined) => void): void {
    const refusal = () => refuseOrigin(request.header("origin"));
    const allowed = this.#originAllowed(request);
    if (typeof allowed === "boolean") {
      done(allowed ? undefined : refusal());
      return;
    }
    allowed.then(
      (answer) => done(answer ? undefined : refusal()),
      () => done(refusal()),
    );
  }

  /** A policy that fails lets nobody in. */
  #originAllowed(request: RequestView): boolean | Promise<boolean> {
    try {
      return originAllowed(this.#originPolicy, request);
    } catch {
      return false;
    }
  }

  #refuseWhenFull(request: RequestView): Refusal | undefined {
    const { maxSessions, maxSessionsPerAddress, maxSilentSessions } = this.#options;
    if (this.#host.clientsCount >= maxSessions) return refuseForNow({ name: "TOO_MANY_SESSIONS" });
    if (this.#host.silentSessions >= maxSilentSessions) return refuseForNow({ name: "TOO_MANY_SILENT_SESSIONS" });
    const { address } = request;
    if (address === undefined || this.#host.sessionsOf(address) < maxSessionsPerAddress) return undefined;
    return refuseForNow({ name: "TOO_MANY_SESSIONS_OF_ADDRESS", address });
  }

  #askApplication(request: RequestView, done: (refusal: Refusal | undefined) => void): void {
    const { allowRequest } = this.#options;
    if (allowRequest === undefined) {
      done(undefined);
      return;
    }
    let called = false;
    const answer = (error: unknown, success?: boolean) => {
      if (called) return;
      called = true;
      if (success && !error) return done(undefined);
      const message = typeof error === "string" && error !== "" ? error : undefined;
      done(message === undefined ? refuse(4, { error }) : refuse(4, { message }, message));
    };
    try {
      const result: unknown = allowRequest(request.raw, answer);
      // An async function may fail before it calls back; that is a refusal, not a crash.
      if (result instanceof Promise) result.catch((error: unknown) => answer(error, false));
    } catch (error) {
      answer(error, false);
    }
  }

  /** The protocol revision and the id for a new session, or why there are none. `done` is called once. */
  reserve(request: RequestView, done: (result: Reservation | Refusal) => void): void {
    const protocol = this.#refuseWhenFull(request) ?? chooseProtocol(request, this.#host.protocols);
    if (isRefusal(protocol)) {
      done(protocol);
      return;
    }
    const id = this.#generate(request);
    if (typeof id === "string") {
      done({ id, protocol });
      return;
    }
    this.wait<Reservation | Refusal>((answer) => {
      this.#awaitId(id, request, ID_ATTEMPTS).then(
        (given) => answer({ id: given, protocol }),
        (error: unknown) => answer(refuse(3, { name: "ID_GENERATION_ERROR", error })),
      );
    }, done);
  }

  /** A usable id at once if the generator gives one; else something to wait for. */
  #generate(request: RequestView): string | PromiseLike<string> {
    try {
      const id = this.#host.generateId(request.raw);
      return typeof id === "string" && this.#isFree(id) ? id : Promise.resolve(id);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async #awaitId(given: PromiseLike<string>, request: RequestView, attempts: number): Promise<string> {
    const id = await given;
    if (typeof id === "string" && this.#isFree(id)) return id;
    if (attempts > 1) return this.#awaitId(Promise.resolve(this.#host.generateId(request.raw)), request, attempts - 1);
    throw new EngineMisuse("ERR_SOCKEYE_ENGINE_SESSION_ID", "generateId gave no id, or one that is in use");
  }

  #isFree(id: string): boolean {
    return id !== "" && this.#host.findSession(id) === undefined;
  }
}

function originPolicyOf(options: ResolvedOptions): OriginPolicy | undefined {
  const { origins, cors } = options;
  if (origins !== undefined || cors === false) return origins;
  if (typeof cors === "function" || typeof cors.origin === "function") return policyOfCors(cors);
  return staticPolicyOfCors(cors);
}
