/**
 * What a test runner has to offer for the conformance suite of this package: vitest, jest, mocha and node:test do.
 */
export interface ConformanceRunner {
  describe(name: string, define: () => void): void;
  it(name: string, run: () => Promise<void> | void): void;
  beforeEach(run: () => Promise<void> | void): void;
  afterEach(run: () => Promise<void> | void): void;
}
