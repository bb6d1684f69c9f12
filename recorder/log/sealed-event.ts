import { createHash, createHmac } from 'node:crypto'
import { z } from 'zod'
import { canonicalJson, type Digest } from '../../src/domain/canonical.js'
import { digest, personId, slug, timestamp } from '../../src/schema/ids.js'
import type { Leaf, NewEvent, RecordedEvent } from '../event-log.js'
import { parseOrRefuse, streamName } from '../event-rules.js'
import { isJsonObject } from '../json-value.js'

/** An event ready to be written: one line for the log and one for the payload store, without line ends. */
export interface SealedEvent {
  readonly leafLine: string
  readonly bodyLine: string
}

export const leafSchema = z.strictObject({
  v: z.literal(1),
  stream: streamName,
  seq: z.int().min(0),
  type: slug,
  at: timestamp,
  person: personId.nullable(),
  bodyDigest: digest,
})

const bodyRecord = z.strictObject({
  body: z.custom<NewEvent['body']>(isJsonObject),
  salt: z.string().regex(/^[0-9a-f]{64}$/),
})

function sha256(bytes: string | Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

/**
 * The salt of one event. It is derived, not drawn, so that a retried append yields the same bytes; the key keeps
 * anybody else from guessing a body by trying out digests.
 */
function saltOf(
  saltKey: Uint8Array,
  { stream, seq, type, at, person }: Omit<Leaf, 'v' | 'bodyDigest'>,
  body: NewEvent['body'],
): string {
  const source = canonicalJson([stream, seq, type, at, person, body])
  return createHmac('sha256', saltKey).update(source).digest('hex')
}

export function sealEvent(
  saltKey: Uint8Array,
  stream: string,
  seq: number,
  { type, at, person, body }: NewEvent,
): SealedEvent {
  const salt = saltOf(saltKey, { stream, seq, type, at, person }, body)
  const bodyLine = canonicalJson({ body, salt })
  const bodyDigest = sha256(bodyLine)
  const leafLine = canonicalJson({ v: 1, stream, seq, type, at, person, bodyDigest })
  return { leafLine, bodyLine }
}

/** Reads a leaf's line. @throws Error when the line is not exactly what a recorder writes */
export function parseLeaf(line: string): Leaf {
  const leaf: Leaf = parseOrRefuse(leafSchema, JSON.parse(line), 'leaf')
  if (canonicalJson({ ...leaf }) !== line) throw new Error('the line is not canonical JSON')
  return leaf
}

/** Opens the body that a leaf promised. @throws Error when it is another body, or the digest does not fit */
export function openBody(leaf: Leaf, bodyLine: string): z.infer<typeof bodyRecord> {
  if (sha256(bodyLine) !== leaf.bodyDigest) {
    throw new Error(`the body is not the one that leaf ${leaf.seq} of ${leaf.stream} promised`)
  }
  return parseOrRefuse(bodyRecord, JSON.parse(bodyLine), 'body')
}

/** @throws Error when the lines do not belong together or are not what a recorder writes */
export function openEvent(position: number, leafLine: string, bodyLine: string): RecordedEvent {
  const leaf = parseLeaf(leafLine)
  return { position, leaf, ...openBody(leaf, bodyLine) }
}

/**
 * Proves a leaf's header: the salt was derived from it, so a changed time or person shows although no digest covers it.
 *
 * @throws Error when the header is not the one that was sealed with this key
 */
export function assertSealedWith(saltKey: Uint8Array, { leaf, salt, body }: RecordedEvent): void {
  if (saltOf(saltKey, leaf, body) !== salt) {
    throw new Error(`the leaf is not the one that was sealed: its header or the salt key changed`)
  }
}
