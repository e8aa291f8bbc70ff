import { setTimeout as sleep } from "node:timers/promises";

const PATIENCE = 10_000;
let patience = PATIENCE;

/** Waits until an assertion holds; after `timeout` milliseconds (10,000 by default) its failure is the test's. */
export async function eventually(assertion: () => void, timeout = patience): Promise<void> {
  const deadline = performance.now() + timeout;
  for (;;) {
    try {
      assertion();
      return;
    } catch (failure) {
      if (performance.now() > deadline) throw failure;
      await sleep(2);
    }
  }
}

/** Runs what is expected to fail without waiting long for it. Nothing else may run at the same time. */
export async function impatiently(run: () => void | Promise<void>): Promise<void> {
  patience = 300;
  try {
    await run();
  } finally {
    patience = PATIENCE;
  }
}
