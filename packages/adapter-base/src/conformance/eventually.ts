import { setTimeout as sleep } from "node:timers/promises";

/** Waits until an assertion holds; after `timeout` milliseconds its failure is the test's. */
export async function eventually(assertion: () => void, timeout = 3000): Promise<void> {
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
