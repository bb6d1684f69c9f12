import { canonicalJson, digestOf, type Json } from '../src/domain/canonical.js'
import type { RecordedEvent } from '../recorder/event-log.js'

/** What a bundle is made of; `collectBundle` gathers it. */
export interface BundleParts {
  readonly installation: string
  readonly promotion: string
  readonly development: boolean
  readonly events: readonly RecordedEvent[]
  /** What the evidence store holds of the digests that the events name. */
  readonly evidence: readonly {
    readonly digest: string
    readonly role: string
    readonly value: Json
  }[]
  /** Digests that the events name and nobody could give. */
  readonly missing: readonly { readonly digest: string; readonly role: string }[]
  readonly keys: readonly { readonly keyid: string; readonly pem: string }[]
  readonly texts: readonly (
    | { readonly digest: string; readonly salt: string; readonly text: string }
    | { readonly digest: string; readonly erased: true }
  )[]
  /** Temporal's history as JSON; null where it was not asked for or is gone. */
  readonly history: Json
}

export const bundleVersion = 'countersign-bundle/1'

const words: Json = {
  bundle: 'the first line: what this is; open is true until the log has sealed it',
  event: 'one event: its leaf as it stands in the log, and the salted body that bodyDigest covers',
  evidence:
    'attestation, canonical result, clause or manifest; digest is SHA-256 of RFC 8785 of value',
  key: 'a public key (SPKI, PEM); keyid ends in the first 16 hexadecimal digits of SHA-256 of its DER',
  text: 'what a person wrote; digest is SHA-256 of RFC 8785 of {salt, text}; erased where it is gone',
  missing: 'a digest that an event names and that could not be had',
  history: "Temporal's history of the run",
  manifest: 'the last line: SHA-256 of every line before it, without its line feed',
}

function byText<T>(items: readonly T[], text: (item: T) => string): readonly T[] {
  return items.toSorted((a, b) => (text(a) < text(b) ? -1 : 1))
}

function eventLines(events: readonly RecordedEvent[]): Json[] {
  const inOrder = events.toSorted((a, b) => a.position - b.position)
  return inOrder.map(({ position, leaf, salt, body }) => ({
    kind: 'event',
    position,
    leaf: { ...leaf },
    salt,
    body,
  }))
}

function linesOf(kind: string, items: readonly { readonly [key: string]: Json }[]): Json[] {
  return items.map((one) => Object.assign({ kind }, one))
}

/**
 * Writes a bundle: JSON Lines, each RFC 8785, the same bytes for the same parts.
 *
 * @param options.isRedacted leaves out what people wrote; everything else still verifies
 */
export function writeBundle(parts: BundleParts, options: { readonly isRedacted: boolean }): string {
  const { installation, promotion, development } = parts
  const { isRedacted: redacted } = options
  const texts = redacted ? [] : byText(parts.texts, ({ digest }) => digest)
  const head: Json = { kind: 'bundle', v: bundleVersion, words, open: true, redacted }
  const content: Json[] = [
    { ...head, installation, promotion, development },
    ...eventLines(parts.events),
    ...linesOf(
      'evidence',
      byText(parts.evidence, ({ digest }) => digest),
    ),
    ...linesOf(
      'key',
      byText(parts.keys, ({ keyid }) => keyid),
    ),
    ...linesOf('text', texts),
    ...linesOf(
      'missing',
      byText(parts.missing, ({ digest }) => digest),
    ),
    ...(parts.history === null ? [] : [{ kind: 'history', history: parts.history }]),
  ]
  const lines = content.map((line) => canonicalJson(line))
  const manifest = { kind: 'manifest', lines: lines.map((line) => digestOf(line)), open: true }
  return [...lines, canonicalJson(manifest), ''].join('\n')
}
