import type { Row, Value } from "../src/contract.js";
import type { Database, Link, LinkListener, Statement } from "../src/database/contract.js";

/** Lets everything that is due run: microtasks, and what was put off to the end of the turn. */
export async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
}

interface Asked {
  readonly statement: Statement;
  readonly values: readonly Value[];
  answer(rows?: readonly Row[]): Promise<void>;
  fail(error: Error): Promise<void>;
}

/** A link whose statements are answered by the test. */
export class FakeLink implements Link {
  readonly asked: Asked[] = [];
  readonly listening: string[] = [];
  isClosed = false;
  readonly #onClose: (() => void)[] = [];

  constructor(readonly listener?: LinkListener) {}

  query(statement: Statement, values: readonly Value[]): Promise<readonly Row[]> {
    return new Promise((resolve, reject) => {
      this.#onClose.push(() => reject(new Error("closed")));
      this.asked.push({
        statement,
        values,
        async answer(rows = []) {
          resolve(rows);
          await turn();
        },
        async fail(error) {
          reject(error);
          await turn();
        },
      });
    });
  }

  async listen(channels: readonly string[]): Promise<void> {
    this.listening.push(...channels);
  }

  async unlisten(): Promise<void> {}

  close(): void {
    this.isClosed = true;
    for (const reject of this.#onClose) reject();
  }
}

/** A database to which the test says whether it can be reached. */
export class FakeDatabase implements Database {
  readonly links: FakeLink[] = [];
  refusal: Error | undefined;
  readonly asked: { readonly statement: Statement; readonly values: readonly Value[] }[] = [];
  rows: readonly Row[] = [];
  tries = 0;

  async query(statement: Statement, values: readonly Value[]): Promise<readonly Row[]> {
    this.asked.push({ statement, values });
    if (this.refusal !== undefined) throw this.refusal;
    return this.rows;
  }

  async run(): Promise<void> {}

  async connect(listener: LinkListener): Promise<Link> {
    this.tries++;
    if (this.refusal !== undefined) throw this.refusal;
    const link = new FakeLink(listener);
    this.links.push(link);
    return link;
  }

  close(): void {}
}

export function withCode(code: string): Error {
  return Object.assign(new Error(`error ${code}`), { code });
}
