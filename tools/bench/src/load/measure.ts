/** The measured window: load to warm the code up, then the same load with an eye on the clock of the CPU. */
import type { Figures, Subject, Trial } from "../contract.js";
import { percentile } from "../statistics.js";

/** Loads the subjects until `performance.now()` passes `until`, waits for what is under way, and gives the work done. */
export type Load = (until: number, latencies: number[]) => Promise<number>;

export interface Measured {
  /** `rate` is work per CPU second; `userMicros` and `systemMicros` are CPU microseconds of one piece of work. */
  readonly figures: Figures;
  readonly latencies: readonly number[];
  readonly work: number;
}

export async function measure(trial: Trial, subjects: readonly Subject[], load: Load): Promise<Measured> {
  // Asked meanwhile: a question that comes for the first time takes code apart that was compiled for the load alone, and the
  // measured window would pay for compiling it again.
  await load(performance.now() + trial.warmUpSeconds * 500, []);
  await cpuOf(subjects);
  await load(performance.now() + trial.warmUpSeconds * 500, []);
  for (const subject of subjects) await subject.startProfile();
  const before = await cpuOf(subjects);
  const ownBefore = process.cpuUsage();
  const began = performance.now();
  const latencies: number[] = [];
  const work = await load(began + trial.seconds * 1000, latencies);
  const seconds = (performance.now() - began) / 1000;
  const own = process.cpuUsage(ownBefore);
  const after = await cpuOf(subjects);
  for (const subject of subjects) await subject.stopProfile();
  const user = after.user - before.user;
  const system = after.system - before.system;
  if (work === 0) throw new Error("no work was done");
  const figures = {
    rate: work / (user + system),
    userMicros: (user / work) * 1e6,
    systemMicros: (system / work) * 1e6,
    perSecond: work / seconds,
    loadBusy: (own.user + own.system) / 1e6 / seconds,
  };
  return { figures, latencies, work };
}

export async function cpuOf(subjects: readonly Subject[]): Promise<{ user: number; system: number }> {
  const times = await Promise.all(subjects.map((subject) => subject.cpu()));
  const sum = (key: "user" | "system") => times.reduce((total, time) => total + time[key], 0);
  return { user: sum("user"), system: sum("system") };
}

export function withLatencies({ figures, latencies }: Measured): Figures {
  return { ...figures, p50: percentile(latencies, 50), p99: percentile(latencies, 99) };
}
