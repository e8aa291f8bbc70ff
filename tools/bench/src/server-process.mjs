import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";

/** One server in a process of its own, reached over IPC. */
export class ServerProcess {
  #child;
  #calls = new Map();
  #next = 0;

  static start(name) {
    return new Promise((resolve, reject) => {
      const server = new ServerProcess();
      const file = fileURLToPath(new URL(`./servers/${name}.mjs`, import.meta.url));
      const child = fork(file, { execArgv: ["--expose-gc"] });
      server.#child = child;
      child.once("error", reject);
      child.once("exit", (code) => reject(new Error(`${name} ended with ${code}`)));
      child.on("message", (message) => {
        if (message.port !== undefined) {
          server.port = message.port;
          resolve(server);
          return;
        }
        server.#calls.get(message.id)?.(message.value);
        server.#calls.delete(message.id);
      });
    });
  }

  call(command, args) {
    return new Promise((resolve) => {
      const id = this.#next++;
      this.#calls.set(id, resolve);
      this.#child.send({ id, command, args });
    });
  }

  stop() {
    this.#child.removeAllListeners("exit");
    return new Promise((resolve) => {
      this.#child.once("exit", resolve);
      this.#child.kill("SIGKILL");
    });
  }
}
