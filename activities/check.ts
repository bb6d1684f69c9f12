import type { Digest, Json } from '../src/domain/canonical.js'
import type { Finding, Outcome } from '../src/schema/check.js'

/** One file of a snapshot: path with `/`, size in bytes, SHA-256 in bare hexadecimal. */
export interface ManifestEntry {
  readonly path: string
  readonly size: number
  readonly sha256: string
}

/** The candidate's bytes as a check sees them: the private copy, or a local folder under `countersign check`. */
export interface ModelFiles {
  readonly modelDigest: Digest
  /** Sorted by path bytes; without a root `model.sig`. */
  readonly manifest: readonly ManifestEntry[]
  /** The bytes of the root `model.sig`; null where there is none. */
  signature(): Promise<Uint8Array | null>
  /** Some bytes of one file; fewer than asked for only at its end. */
  read(path: string, offset: number, length: number): Promise<Uint8Array>
  /** Where the file lies on this machine, for a child process. Its name there says nothing. */
  localPath(path: string): string
}

/** What an engine is given beside its clause and its files. */
export interface CheckRun {
  readonly signal: AbortSignal
  /** Called at least every few seconds while it works; text for the heartbeat, never a byte of the model. */
  readonly onProgress: (what: string) => void
}

/** What an engine answers. The same for the same inputs: no times, durations or hosts in it. */
export interface CheckAnswer {
  readonly outcome: Outcome
  readonly findings: readonly Finding[]
  /** All that was read beside the model, by name and digest. */
  readonly inputs: { readonly [name: string]: Digest }
  readonly result: Json
  /** One line for lists, at most 300 characters. */
  readonly summary: string
  readonly engine: { readonly name: string; readonly version: string }
}
