import { z } from 'zod'
import type { Digest, Json } from '../src/domain/canonical.js'
import { digest as digestShape } from '../src/schema/ids.js'
import type { RecordedEvent, TextStore } from '../recorder/event-log.js'
import type { BundleParts } from './bundle.js'
import type { EvidenceStore } from './store.js'

/** Where the parts come from. */
export interface BundleSources {
  readonly evidence: Pick<EvidenceStore, 'get' | 'attached'>
  readonly texts: TextStore
  /** The installation's own keys. */
  readonly publicKeys: readonly { readonly keyid: string; readonly pem: string }[]
  personKey(keyid: string): Promise<string | null>
}

/** Which property names a digest of what. A reason lies in the payload store, everything else in the evidence store. */
const roles: Readonly<Record<string, string>> = {
  attestationDigest: 'attestation',
  resultDigest: 'result',
  clauseDigest: 'clause',
  modelDigest: 'manifest',
  reason: 'text',
}

const json = z.json()

function* named(value: Json | undefined): Iterable<readonly [name: string, text: string]> {
  if (typeof value !== 'object' || value === null) return
  for (const [name, inner] of Object.entries(value)) {
    if (typeof inner === 'string') yield [name, inner]
    else yield* named(inner)
  }
}

function digestsIn(events: readonly RecordedEvent[]): ReadonlyMap<Digest, string> {
  const found = new Map<Digest, string>()
  for (const [name, text] of events.flatMap(({ body }) => [...named(body)])) {
    const role = roles[name]
    const parsed = digestShape.safeParse(text)
    if (role !== undefined && parsed.success) found.set(parsed.data, role)
  }
  return found
}

function keysIn(events: readonly RecordedEvent[]): readonly string[] {
  const names = events.flatMap(({ body }) => [...named(body)])
  return [...new Set(names.filter(([name]) => name === 'keyid').map(([, keyid]) => keyid))]
}

async function textOf(texts: TextStore, id: Digest): Promise<BundleParts['texts'][number] | null> {
  const stored = await texts.getText(id)
  if (stored.kind === 'unknown') return null
  if (stored.kind === 'erased') return { digest: id, erased: true }
  return { digest: id, salt: stored.salt, text: stored.text }
}

async function keysOf(sources: BundleSources, keyids: readonly string[]) {
  const own = sources.publicKeys.map(({ keyid, pem }) => ({ keyid, pem }))
  const known = new Set(own.map(({ keyid }) => keyid))
  const found = await Promise.all(
    keyids
      .filter((keyid) => !known.has(keyid))
      .map(async (keyid) => ({ keyid, pem: await sources.personKey(keyid) })),
  )
  return [...own, ...found.flatMap(({ keyid, pem }) => (pem === null ? [] : [{ keyid, pem }]))]
}

/** What the events name, and what was attached to the promotion beside: attestations of decisions, the manifest. */
async function allDigests(
  promotion: string,
  events: readonly RecordedEvent[],
  evidence: BundleSources['evidence'],
): Promise<ReadonlyMap<Digest, string>> {
  const beside = await evidence.attached(promotion)
  return new Map([
    ...beside.map(({ name, digest }) => [digest, name] as const),
    ...digestsIn(events),
  ])
}

/** Gathers everything that the events of a promotion name. What cannot be had is named, never passed over. */
export async function collectBundle(
  of: Pick<BundleParts, 'installation' | 'promotion' | 'development' | 'events'> & {
    /** JSON text; null where there is none. */
    readonly history: string | null
  },
  sources: BundleSources,
): Promise<BundleParts> {
  const { installation, promotion, development, events } = of
  const evidence: BundleParts['evidence'][number][] = []
  const texts: BundleParts['texts'][number][] = []
  const missing: BundleParts['missing'][number][] = []
  for (const [id, role] of await allDigests(promotion, events, sources.evidence)) {
    if (role === 'text') {
      const text = await textOf(sources.texts, id)
      if (text) texts.push(text)
      else missing.push({ digest: id, role })
      continue
    }
    const stored = await sources.evidence.get(id)
    if (stored === null) missing.push({ digest: id, role })
    else evidence.push({ digest: id, role, value: json.parse(JSON.parse(stored)) })
  }
  const keys = await keysOf(sources, keysIn(events))
  const history = of.history === null ? null : json.parse(JSON.parse(of.history))
  return { installation, promotion, development, events, evidence, texts, missing, keys, history }
}
