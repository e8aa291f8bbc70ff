export type { ConformanceCase } from "./bench.js";
export type { ConformanceRunner } from "./runner.js";
export type {
  ConformanceSubject,
  DeclaredException,
  RunningEngine,
  SubjectEngine,
  SubjectSocket,
  SubjectSupports,
} from "./subject.js";
export { conformanceTable, engineConformance } from "./suite.js";
export { type ClientEnd, type CloseInfo, type LinkEnd, WebTransportLink } from "./webtransport-link.js";
