import { describe, expect, it } from "vitest";
import { Audience, type Receiver } from "../src/load/audience.js";
import { tag } from "../src/load/sequence.js";

function event(n: number): Buffer {
  return Buffer.from(`42["b","${tag(n)}",{"n":1}]`);
}

const attachment = Buffer.alloc(512, 7);

function audienceOf(count: number, hasAttachment = false) {
  const receivers = Array.from({ length: count }, (): Receiver => ({ onMessage: () => {} }));
  const audience = new Audience(receivers, hasAttachment);
  const say = (to: number, data: Buffer, isBinary = false) => receivers[to]?.onMessage(data, 0, data.length, isBinary);
  return { audience, say };
}

describe("an audience", () => {
  it("has what it waits for when each has all of it", async () => {
    const { audience, say } = audienceOf(2);
    let complete = false;
    const arrived = audience.arrived(2).then(() => {
      complete = true;
    });
    for (const [to, n] of [
      [0, 0],
      [0, 1],
      [1, 0],
    ] as const) {
      say(to, event(n));
    }
    await Promise.resolve();
    expect(complete).toBe(false);
    say(1, event(1));
    await arrived;
  });

  it("refuses a delivery that comes twice", () => {
    const { say } = audienceOf(1);
    say(0, event(0));
    expect(() => say(0, event(0))).toThrow("delivery 1 is due, 0 came");
  });

  it("refuses a delivery that comes before another, or without it", () => {
    const { say } = audienceOf(1);
    expect(() => say(0, event(1))).toThrow("delivery 0 is due, 1 came");
  });

  it("refuses an attachment that is missing, short, or one too many", () => {
    const { say } = audienceOf(3, true);
    for (const to of [0, 1, 2]) say(to, event(0));
    expect(() => say(0, event(1))).toThrow("an attachment");
    expect(() => say(1, attachment.subarray(1), true)).toThrow("an attachment of 511 bytes");
    say(2, attachment, true);
    expect(() => say(2, attachment, true)).toThrow("no number");
  });
});
