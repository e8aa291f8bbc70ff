import { WebTransportClient as Client } from "../../src/conformance/webtransport-client.js";
import type { WebTransportRequest } from "../../src/index.js";
import type { Rig } from "../rig.js";

/** A WebTransport client of a rig's engine. */
export class WebTransportClient extends Client {
  /** Hands the session to the engine; opens no stream yet. */
  static arrive(rig: Rig, request?: WebTransportRequest): WebTransportClient {
    const client = new WebTransportClient();
    rig.engine.onWebTransportSession(client.link.server, request);
    return client;
  }

  /** Opens the stream and sends the open packet: of a new session, or of the one with this id. */
  static open(rig: Rig, sid?: string, request?: WebTransportRequest): Promise<WebTransportClient> {
    return WebTransportClient.arrive(rig, request).open(sid);
  }
}
