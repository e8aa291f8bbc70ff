/** One small function per kind of envelope; the compiler asks for all of them. */
export type Handlers<E extends { readonly kind: string }> = {
  readonly [K in E["kind"]]: (envelope: Extract<E, { kind: K }>) => void;
};

export function dispatch<E extends { readonly kind: string }>(handlers: Handlers<E>, envelope: E): void {
  const handle = handlers[envelope.kind as E["kind"]] as (envelope: E) => void;
  handle(envelope);
}
