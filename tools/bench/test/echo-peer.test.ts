import { describe, expect, it } from "vitest";
import { EchoPeer } from "../src/load/echo-peer.js";
import { FrameReader } from "../src/load/frames.js";

/** A peer whose frames are read here, and to which answers are said here. */
function exchange() {
  const sent: string[] = [];
  const reader = new FrameReader({
    message: (data, start, end) => sent.push(data.toString("utf8", start, end)),
  });
  const peer = {
    onMessage: (_data: Buffer, _start: number, _end: number, _isBinary: boolean) => {},
    write: (frame: Buffer) => reader.push(Buffer.from(frame)),
  };
  const echo = new EchoPeer(peer, "ack");
  const say = (text: string) => peer.onMessage(Buffer.from(text), 0, Buffer.byteLength(text), false);
  return { echo, sent, say };
}

/** What a server makes of it. */
function answerTo(request = ""): string {
  return request.replace(/^42(\d+)\["echo",/, "43$1[");
}

describe("an echo peer", () => {
  it("takes the answers to what it sent, one after the other", () => {
    const { echo, sent, say } = exchange();
    let echoes = 0;
    echo.onEcho = () => echoes++;
    for (let i = 0; i < 2_000; i++) {
      echo.send();
      say(answerTo(sent[i]));
    }
    expect(echoes).toBe(2_000);
    expect(new Set(sent).size).toBe(1_024);
  });

  it("refuses answers out of order, twice, or changed", () => {
    for (const wrong of [
      (answers: string[]) => answers.reverse(),
      ([first = ""]: string[]) => [first, first],
      ([first = ""]: string[]) => [first.replace("x", "y")],
      ([first = ""]: string[]) => [`${first} `],
    ]) {
      const { echo, sent, say } = exchange();
      echo.send();
      echo.send();
      expect(() => wrong(sent.map(answerTo)).forEach(say)).toThrow(/^echo \d/);
    }
  });
});
