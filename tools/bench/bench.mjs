/** `npm run bench`: the tool is TypeScript; it is bundled into .tmp (a blink) and run from there. */
import "../run/node-version.mjs";
import { pathToFileURL } from "node:url";
import { isInstalled } from "../run/repository.mjs";

if (!isInstalled()) {
  console.error("Dependencies are missing or not those of the lockfile: `npm test -- install` gets them.");
  process.exit(1);
}
const { bundleTool } = await import("./bundle.mjs");
await import(pathToFileURL(await bundleTool()).href);
