/** The four functions that every test runner has; the suites need no more. */
export interface TestRunner {
  describe(name: string, define: () => void): void;
  it(name: string, run: () => void | Promise<void>): void;
  beforeEach(run: () => void | Promise<void>): void;
  afterEach(run: () => void | Promise<void>): void;
}
