import type { Finding } from '../../src/schema/check.js'
import { verdictClass, type VerdictClass } from '../../src/schema/governance.js'

/** A file that claims a format and breaks its rules. `offset` is in bytes, or in characters for text. */
export class Malformed extends Error {
  override readonly name = 'Malformed'
  readonly offset: number

  constructor(message: string, offset: number) {
    super(message)
    this.offset = offset
  }
}

/** A range of another file of the model that an ONNX file keeps its tensors in. */
export interface ExternalRange {
  readonly path: string
  readonly end: number
}

/** What one file is, how far it may be trusted, and why. */
export interface FileVerdict {
  readonly format: string
  readonly verdict: VerdictClass
  readonly findings: readonly Finding[]
  readonly external?: readonly ExternalRange[]
}

/** Where a class stands between inert (0) and malicious. */
export function classRank(verdict: VerdictClass): number {
  return verdictClass.options.indexOf(verdict)
}

/** The worst of some classes; inert where there is none. */
export function worstClass(verdicts: readonly VerdictClass[]): VerdictClass {
  return verdicts.reduce<VerdictClass>((a, b) => (classRank(b) > classRank(a) ? b : a), 'inert')
}

export function inert(format: string, findings: readonly Finding[] = []): FileVerdict {
  return { format, verdict: 'inert', findings }
}
