/** One operation of a codec, over and over, in a process that does nothing else. */
import type { Driver } from "../contract.js";
import { measure } from "../load/measure.js";

export function codec(operation: string): Driver {
  return async (trial) => {
    const subject = await trial.subject(trial.implementation, { operation });
    const { figures } = await measure(trial, [subject], async (until) => {
      let work = 0;
      // In slices, so that the process stays within reach.
      for (let left = until - performance.now(); left > 0; left = until - performance.now()) {
        work += (await subject.call("work", Math.min(left, 250))) as number;
      }
      return work;
    });
    return figures;
  };
}
