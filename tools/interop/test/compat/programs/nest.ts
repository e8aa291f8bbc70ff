import "reflect-metadata";
import type { AddressInfo } from "node:net";
import { Module } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { IoAdapter } from "@nestjs/platform-socket.io";
import {
  ConnectedSocket,
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  WebSocketServer,
  WsException,
} from "@nestjs/websockets";

/** A NestJS application with a gateway. Decorators are called as the functions they are: no compiler switch is needed. */

interface AnySocket {
  readonly id: string;
  join(room: string): unknown;
}

class ChatGateway {
  server!: {
    emit(event: string, ...args: unknown[]): unknown;
    to(room: string): { emit(event: string, ...args: unknown[]): unknown };
  };

  handleConnection(client: AnySocket): void {
    this.server.emit("arrived", client.id);
  }

  hello(name: string): { event: string; data: string } {
    return { event: "greeting", data: `hello ${name}` };
  }

  add(numbers: number[]): number {
    return numbers.reduce((sum, number) => sum + number, 0);
  }

  join(room: string, client: AnySocket): string {
    client.join(room);
    this.server.to(room).emit("joined", room);
    return room;
  }

  fail(): never {
    throw new WsException("not today");
  }
}

const prototype = ChatGateway.prototype as unknown as Record<string, unknown>;

function subscribe(event: string, method: string): void {
  SubscribeMessage(event)(prototype, method, Object.getOwnPropertyDescriptor(prototype, method)!);
  MessageBody()(prototype, method, 0);
}

WebSocketServer()(prototype, "server");
for (const method of ["hello", "add", "join", "fail"]) subscribe(method, method);
ConnectedSocket()(prototype, "join", 1);
WebSocketGateway({ namespace: "chat" })(ChatGateway);

class AppModule {}
Module({ providers: [ChatGateway] })(AppModule);

async function main(): Promise<void> {
  const app = await NestFactory.create(AppModule, { logger: false });
  app.useWebSocketAdapter(new IoAdapter(app));
  await app.listen(0, "127.0.0.1");
  process.send?.({ port: (app.getHttpServer().address() as AddressInfo).port });
  process.once("SIGTERM", () => void app.close().then(() => process.exit(0)));
}

void main();
