/** The browser that the demo's tests drive. Not a running service: only its path is wanted. */
import { existsSync } from "node:fs";
import { findProgram, installPackage } from "./debian.mjs";

const names = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

/** @type {import("./service.mjs").Service} */
export const chromium = {
  name: "chromium",
  variable: "CHROMIUM_PATH",
  advice: "install Debian's chromium, or set CHROMIUM_PATH to a Chromium or Chrome program",

  isAnswering: async (path) => existsSync(path),

  async start(say) {
    let program = findProgram(...names);
    if (program === undefined && (await installPackage("chromium", say))) program = findProgram(...names);
    if (program === undefined) return undefined;
    return { address: program, detail: "started by the tests that need it", close: async () => {} };
  },
};
