/** The client under load, the same for ours and the official one. */
import { ready } from "./commands.js";
import { PAYLOAD, STRETCH } from "./settings.js";

export interface AppClient {
  on(event: string, listener: (...args: never[]) => void): unknown;
  emit(event: string, ...args: unknown[]): unknown;
  disconnect(): unknown;
}

export interface ClientOptions {
  readonly transports: string[];
  readonly forceNew: boolean;
  readonly reconnection: boolean;
}

export type Connect = (url: string, options: ClientOptions) => AppClient;

const options: ClientOptions = { transports: ["websocket"], forceNew: true, reconnection: false };

export function serveClients(connect: Connect): void {
  const clients: AppClient[] = [];
  let received = 0;

  const open = (port: number) =>
    new Promise<void>((resolve, reject) => {
      const client = connect(`http://127.0.0.1:${port}`, options);
      client.on("connect", resolve);
      client.on("connect_error", reject);
      client.on("b", listener());
      clients.push(client);
    });

  /** Counts on the order of what comes, as the server's `ingest` does. */
  function listener() {
    let next = 0;
    return (n: number, value: { n?: number; length?: number }) => {
      if (n !== next) throw new Error(`event ${next} is due, ${n} came`);
      if (value.n !== PAYLOAD.n && value.length !== 512) throw new Error(`event ${n} is not as it was sent`);
      next = (next + 1) % STRETCH;
      received++;
    };
  }

  ready(0, {
    received: () => received,
    async open({ port, count, atOnce }: { port: number; count: number; atOnce: number }) {
      let begun = 0;
      const worker = async () => {
        while (begun < count) {
          begun++;
          await open(port);
        }
      };
      await Promise.all(Array.from({ length: atOnce }, worker));
    },
    close() {
      for (const client of clients.splice(0)) client.disconnect();
    },
    /** Each client keeps `depth` events under way, each sent when another was acknowledged. */
    acknowledged: ({ ms, depth }: { ms: number; depth: number }) =>
      new Promise<number>((resolve) => {
        const until = performance.now() + ms;
        let work = 0;
        let underWay = clients.length * depth;
        for (const client of clients) {
          let sent = 0;
          let next = 0;
          const send = () => {
            const n = sent++;
            client.emit("echo", { ...PAYLOAD, n }, (value: { n: number }) => {
              if (value.n !== next++) throw new Error(`acknowledgement ${next - 1} is due, ${value.n} came`);
              work++;
              if (performance.now() < until) send();
              else if (--underWay === 0) resolve(work);
            });
          };
          for (let i = 0; i < depth; i++) send();
        }
      }),
  });
}
