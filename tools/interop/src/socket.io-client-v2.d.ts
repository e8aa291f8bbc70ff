/** The client of Socket.IO 2 has no types of its own that would fit here. */
declare module "socket.io-client-v2" {
  export interface SocketV2 {
    readonly id: string;
    readonly io: { readonly engine: { readonly transport: { readonly name: string } } };
    on(event: string, listener: (...args: unknown[]) => void): this;
    off(event: string, listener: (...args: unknown[]) => void): this;
    emit(event: string, ...args: unknown[]): this;
    close(): this;
  }
  export default function connect(url: string, options?: object): SocketV2;
}
