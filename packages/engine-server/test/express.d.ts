// Only what the tests use: these packages bring no types of their own.
declare module "express" {
  interface Application {
    (request: unknown, response: unknown): void;
    get(path: string, handler: (request: unknown, response: { send(body: string): unknown }) => void): void;
  }
  export default function express(): Application;
}

declare module "express-session" {
  type Middleware = (request: unknown, response: unknown, next: (error?: unknown) => void) => void;
  export default function session(options: object): Middleware;
}
