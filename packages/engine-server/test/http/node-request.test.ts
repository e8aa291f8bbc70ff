import { describe, expect, it } from "vitest";
import { type NodeRequest, NodeRequestView } from "../../src/http/node-request.js";

/** A request whose connection may go, and with it the address; it counts how often it was asked for it. */
class Request {
  readonly method = "GET";
  readonly headers = {};
  asked = 0;
  connected = true;
  readonly socket: { readonly remoteAddress: string | undefined };

  constructor(readonly url: string) {
    const ask = (): string | undefined => {
      this.asked++;
      return this.connected ? "192.0.2.1" : undefined;
    };
    this.socket = {
      get remoteAddress() {
        return ask();
      },
    };
  }

  view(): NodeRequestView {
    return new NodeRequestView(this as unknown as NodeRequest);
  }
}

describe("NodeRequestView", () => {
  it("knows the address of who opens a session also when the connection is gone before it is admitted", () => {
    const request = new Request("/socket.io/?EIO=4&transport=websocket");
    const view = request.view();
    request.connected = false;
    expect(view.address).toBe("192.0.2.1");
  });

  it("does not ask for the address of who has a session before somebody wants to know", () => {
    const request = new Request("/socket.io/?EIO=4&transport=polling&sid=abc");
    const view = request.view();
    expect(request.asked).toBe(0);
    expect([view.address, view.address]).toEqual(["192.0.2.1", "192.0.2.1"]);
    expect(request.asked).toBe(1);
  });
});
