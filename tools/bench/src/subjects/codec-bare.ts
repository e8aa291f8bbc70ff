/** The ceiling of codecs: the engine's own JSON on the arguments alone, without header, validation or attachments. */
import { type Operation, type SampleName, samples, serveOperations } from "./codec-samples.js";

const operations: Record<string, Operation> = {};
for (const name of ["event", "event-of-namespace", "ack", "nested"] satisfies SampleName[]) {
  const { data } = samples[name];
  const text = JSON.stringify(data);
  operations[`json-${name}-encode`] = () => JSON.stringify(data);
  operations[`json-${name}-decode`] = () => JSON.parse(text);
}
serveOperations(operations);
