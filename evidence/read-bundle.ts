import { z } from 'zod'
import { canonicalJson, digestOf, digestOfJson } from '../src/domain/canonical.js'
import { digest, personId, timestamp } from '../src/schema/ids.js'
import { bundleVersion } from './bundle.js'

const json = z.json()

const head = z.strictObject({
  kind: z.literal('bundle'),
  v: z.literal(bundleVersion),
  words: z.record(z.string(), z.string()),
  open: z.boolean(),
  redacted: z.boolean(),
  installation: z.string(),
  promotion: z.string(),
  development: z.boolean(),
})

const event = z.strictObject({
  kind: z.literal('event'),
  position: z.int(),
  leaf: z.strictObject({
    v: z.literal(1),
    stream: z.string(),
    seq: z.int(),
    type: z.string(),
    at: timestamp,
    person: personId.nullable(),
    bodyDigest: digest,
  }),
  salt: z.string(),
  body: z.record(z.string(), json),
})

const evidence = z.strictObject({
  kind: z.literal('evidence'),
  digest,
  role: z.string(),
  value: json,
})
const key = z.strictObject({ kind: z.literal('key'), keyid: z.string(), pem: z.string() })
const text = z.union([
  z.strictObject({ kind: z.literal('text'), digest, salt: z.string(), text: z.string() }),
  z.strictObject({ kind: z.literal('text'), digest, erased: z.literal(true) }),
])
const missing = z.strictObject({ kind: z.literal('missing'), digest, role: z.string() })
const history = z.strictObject({ kind: z.literal('history'), history: json })
const manifest = z.strictObject({
  kind: z.literal('manifest'),
  lines: z.array(digest),
  open: z.boolean(),
})

const line = z.union([head, event, evidence, key, text, missing, history, manifest])

type Line = z.output<typeof line>
type LineOf<Kind extends Line['kind']> = Extract<Line, { kind: Kind }>

export interface Bundle {
  readonly head: LineOf<'bundle'>
  readonly events: readonly LineOf<'event'>[]
  readonly evidence: readonly LineOf<'evidence'>[]
  readonly keys: readonly LineOf<'key'>[]
  readonly texts: readonly LineOf<'text'>[]
  readonly missing: readonly LineOf<'missing'>[]
  readonly history: LineOf<'history'> | null
  readonly manifest: LineOf<'manifest'>
}

function of<Kind extends Line['kind']>(
  lines: readonly Line[],
  kind: Kind,
): readonly LineOf<Kind>[] {
  return lines.filter((one): one is LineOf<Kind> => one.kind === kind)
}

/** The parts of a bundle. @throws SyntaxError or ZodError where it is none; it proves nothing about the content */
export function parseBundle(bundle: string): Bundle {
  const lines = bundle
    .split('\n')
    .slice(0, -1)
    .map((one) => line.parse(JSON.parse(one)))
  const [first] = of(lines, 'bundle')
  const last = lines.at(-1)
  if (!first || lines[0] !== first) throw new SyntaxError('the first line is not the head')
  if (last?.kind !== 'manifest') throw new SyntaxError('the last line is not the manifest')
  return {
    head: first,
    events: of(lines, 'event'),
    evidence: of(lines, 'evidence'),
    keys: of(lines, 'key'),
    texts: of(lines, 'text'),
    missing: of(lines, 'missing'),
    history: of(lines, 'history')[0] ?? null,
    manifest: last,
  }
}

function lineFaults(bundle: string, { manifest: { lines: expected } }: Bundle): string[] {
  const lines = bundle.split('\n').slice(0, -2)
  const faults = lines.flatMap((one, at) => {
    if (canonicalJson(json.parse(JSON.parse(one))) !== one)
      return [`line ${at + 1} is not RFC 8785`]
    return digestOf(one) === expected[at] ? [] : [`line ${at + 1} is not the one of the manifest`]
  })
  return lines.length === expected.length ? faults : [...faults, 'the manifest has other lines']
}

function eventFaults({ events, head: { promotion } }: Bundle): string[] {
  const own = events.filter(({ leaf }) => leaf.stream === `promotion:${promotion}`)
  const gaps = own.flatMap(({ leaf }, at) => (leaf.seq === at ? [] : [`event ${at} is missing`]))
  const changed = events.flatMap(({ leaf, body, salt }) =>
    digestOfJson({ body, salt }) === leaf.bodyDigest
      ? []
      : [`the body of ${leaf.stream} ${leaf.seq} is not the recorded one`],
  )
  return own.length === 0 ? ['there is no event', ...changed] : [...gaps, ...changed]
}

function storeFaults(bundle: Bundle): string[] {
  const stored = bundle.evidence.flatMap((one) =>
    digestOfJson(one.value) === one.digest ? [] : [`evidence ${one.digest} was changed`],
  )
  const texts = bundle.texts.flatMap((one) =>
    'erased' in one || digestOfJson({ salt: one.salt, text: one.text }) === one.digest
      ? []
      : [`text ${one.digest} was changed`],
  )
  return [...stored, ...texts]
}

/**
 * Whether a bundle agrees with itself: canonical lines, the manifest, dense sequence numbers, every digest. It says
 * nothing about its origin: signatures and proofs are another matter.
 *
 * @returns what does not agree, in words; empty where all does
 */
export function verifyBundleShape(bundle: string): readonly string[] {
  try {
    const parsed = parseBundle(bundle)
    return [...lineFaults(bundle, parsed), ...eventFaults(parsed), ...storeFaults(parsed)]
  } catch (error) {
    return [
      `it cannot be read: ${error instanceof Error ? error.message.slice(0, 300) : 'malformed'}`,
    ]
  }
}
