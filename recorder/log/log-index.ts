/** Where everything lies: byte offsets only, so that memory grows by a few words per event and not by its body. */
export interface LogIndex {
  /** Offset behind the line end of leaf n; the same for bodies. */
  readonly leafEnds: number[]
  readonly bodyEnds: number[]
  /** The positions of a stream's events; the event with sequence number n is the n-th. */
  readonly streams: Map<string, number[]>
}

export function createLogIndex(): LogIndex {
  return { leafEnds: [], bodyEnds: [], streams: new Map() }
}

export function nextSeqOf(index: LogIndex, stream: string): number {
  return index.streams.get(stream)?.length ?? 0
}

/** How many bytes of either file belong to the first `count` events. */
export function bytesOf(index: LogIndex, count: number): { leaves: number; bodies: number } {
  return { leaves: index.leafEnds[count - 1] ?? 0, bodies: index.bodyEnds[count - 1] ?? 0 }
}

export function addToIndex(
  index: LogIndex,
  stream: string,
  leafBytes: number,
  bodyBytes: number,
): void {
  const { leaves, bodies } = bytesOf(index, index.leafEnds.length)
  const positions = index.streams.get(stream) ?? []
  positions.push(index.leafEnds.length)
  index.streams.set(stream, positions)
  index.leafEnds.push(leaves + leafBytes)
  index.bodyEnds.push(bodies + bodyBytes)
}

/** Forgets every event from a position on. */
export function cutIndex(index: LogIndex, count: number): void {
  index.leafEnds.length = count
  index.bodyEnds.length = count
  for (const [stream, positions] of index.streams) {
    const kept = positions.filter((position) => position < count)
    if (kept.length === 0) index.streams.delete(stream)
    else index.streams.set(stream, kept)
  }
}
