import { request } from "#platform";
import { Polling } from "./polling.js";

/** HTTP long-polling: with XMLHttpRequest in browsers and React Native, with `node:http` and `node:https` elsewhere. */
export class XHR extends Polling {
  protected readonly request = request;
  protected readonly failures = ["xhr poll error", "xhr post error"] as const;
}
