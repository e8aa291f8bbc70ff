import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Answer, ResponseReader } from "../src/load/http-line.js";

function read(chunks: readonly Buffer[]): Answer[] {
  const answers: Answer[] = [];
  const reader = new ResponseReader((answer) => answers.push(answer));
  for (const chunk of chunks) reader.push(chunk);
  return answers;
}

function response({ status, body }: Answer): Buffer {
  return Buffer.from(
    `HTTP/1.1 ${status} Fine\r\nx: y\r\ncontent-length: ${Buffer.byteLength(body)}\r\nz: 1\r\n\r\n${body}`,
  );
}

describe("the response reader", () => {
  it("gives the same answers wherever the bytes are cut in two", () => {
    const answers = [
      { status: 200, body: '43["ü"]' },
      { status: 400, body: "" },
      { status: 200, body: "\r\n\r\n" },
    ];
    const bytes = Buffer.concat(answers.map(response));
    fc.assert(
      fc.property(fc.nat(bytes.length), (at) => {
        expect(read([bytes.subarray(0, at), bytes.subarray(at)])).toEqual(answers);
      }),
    );
  });

  it("refuses a response whose end it could not know", () => {
    expect(() => read([Buffer.from("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")])).toThrow(
      "Content-Length",
    );
  });
});
