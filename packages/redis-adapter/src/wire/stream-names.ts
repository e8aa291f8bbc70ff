/**
 * Which of several streams a namespace is in, as the incumbent deals them out: a signed remainder, so that some names end in a
 * negative number.
 */
export function streamOf(streamName: string, streamCount: number, namespace: string): string {
  if (streamCount <= 1) return streamName;
  let hash = 0;
  for (let i = 0; i < namespace.length; i++) hash = (Math.imul(hash, 31) + namespace.charCodeAt(i)) | 0;
  return `${streamName}-${hash % streamCount}`;
}
