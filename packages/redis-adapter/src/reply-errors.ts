/** Redis begins its errors with a word in capitals; what clients say about connections begins otherwise. */
const OF_REDIS = /^[A-Z][A-Z0-9]{2,} /;

/** Redis is there and will take it later: it loads, fails over, or is busy. */
const PASSING = /^(LOADING|READONLY|CLUSTERDOWN|TRYAGAIN|MASTERDOWN|BUSY|NOREPLICAS|MOVED|ASK) /;

/** Whether trying again makes no sense: Redis understood, and refused. */
export function isRefusal(error: unknown): boolean {
  const message = error instanceof Error ? error.message : "";
  return OF_REDIS.test(message) && !PASSING.test(message);
}
