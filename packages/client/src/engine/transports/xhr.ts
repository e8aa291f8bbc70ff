import { request } from "#platform";
import type { HttpRequest } from "../contract.js";
import { Polling } from "./polling.js";

/** HTTP long-polling: with XMLHttpRequest in browsers and React Native, with `node:http` and `node:https` elsewhere. */
export class XHR extends Polling {
  protected get request(): HttpRequest {
    return request;
  }

  protected get failures() {
    return ["xhr poll error", "xhr post error"] as const;
  }
}
