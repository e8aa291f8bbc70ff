import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";

/** The page's own files: few, read once, each under its exact name. No path of a request ever reaches the file system. */

const FILES: Readonly<Record<string, string>> = {
  "index.html": "text/html; charset=utf-8",
  "page.css": "text/css; charset=utf-8",
  "app.js": "text/javascript; charset=utf-8",
  "conversation.js": "text/javascript; charset=utf-8",
  "names.js": "text/javascript; charset=utf-8",
  "picture.js": "text/javascript; charset=utf-8",
  "plot.js": "text/javascript; charset=utf-8",
  "sidebar.js": "text/javascript; charset=utf-8",
  "theme.js": "text/javascript; charset=utf-8",
  "wire.js": "text/javascript; charset=utf-8",
  "icon.svg": "image/svg+xml",
};

/** Nothing from elsewhere, no inline code, pictures only from here or made by the page. */
const HEADERS = {
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self' ws: wss:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cache-Control": "no-cache",
};

/** Reads the folder and returns a request listener that serves it. */
export function servePage(folder: URL): (request: IncomingMessage, response: ServerResponse) => void {
  const pages = new Map<string, { type: string; body: Buffer }>();
  for (const [name, type] of Object.entries(FILES)) {
    pages.set(`/${name}`, { type, body: readFileSync(new URL(name, folder)) });
  }
  pages.set("/", pages.get("/index.html")!);
  return (request, response) => {
    const page = pages.get((request.url ?? "").split("?", 1)[0]!);
    if (page === undefined) {
      response.writeHead(404, { ...HEADERS, "Content-Type": "text/plain; charset=utf-8" }).end("Not found\n");
      return;
    }
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.writeHead(405, { ...HEADERS, Allow: "GET, HEAD" }).end();
      return;
    }
    response.writeHead(200, { ...HEADERS, "Content-Type": page.type, "Content-Length": page.body.length });
    response.end(request.method === "HEAD" ? undefined : page.body);
  };
}
