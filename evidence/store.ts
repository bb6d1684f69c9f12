import { randomBytes } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { canonicalJson, digestOf, type Digest, type Json } from '../src/domain/canonical.js'
import { PromotionError } from '../src/domain/errors.js'
import { syncFolder } from '../src/sync-folder.js'

/** Attestations, canonical results, clauses and manifests by the digest of their bytes. Written once, never changed. */
export interface EvidenceStore {
  /** Stores the RFC 8785 form of a value, durably, and says its digest. The same value again is a success. */
  put(value: Json): Promise<Digest>
  /** The bytes with that digest, verified; null where there are none. @throws PromotionError `EVIDENCE_MISSING` when they were changed */
  get(digest: Digest): Promise<string | null>
  /** Remembers under a name that a piece of evidence belongs to a promotion. The same again is a success. */
  attach(promotion: string, name: string, digest: Digest): Promise<void>
  /** What was attached to a promotion, by name. */
  attached(promotion: string): Promise<readonly Attached[]>
  /** Every promotion to which something was attached. */
  promotions(): Promise<readonly string[]>
}

export interface Attached {
  readonly name: string
  readonly digest: Digest
}

async function writeDurably(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const draft = `${path}.${randomBytes(6).toString('hex')}.draft`
  const handle = await open(draft, 'wx', 0o644)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  } finally {
    await handle.close()
  }
  await rename(draft, path)
  await syncFolder(dirname(path))
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}

/** An evidence store in a folder: `root/sha256/ab/<hex>.json`. */
export function createFileEvidenceStore(root: string): EvidenceStore {
  const pathOf = (digest: Digest) => {
    const hex = digest.slice('sha256:'.length)
    return join(root, 'sha256', hex.slice(0, 2), `${hex}.json`)
  }

  const get = async (digest: Digest) => {
    const text = await readIfThere(pathOf(digest))
    if (text !== null && digestOf(text) !== digest) {
      const remedy = 'restore the evidence store from a backup'
      throw new PromotionError('EVIDENCE_MISSING', `evidence ${digest} was changed`, { remedy })
    }
    return text
  }

  return {
    async put(value) {
      const text = canonicalJson(value)
      const digest = digestOf(text)
      if ((await get(digest)) === null) await writeDurably(pathOf(digest), text)
      return digest
    },
    get,
    async attach(promotion, name, digest) {
      const path = attachedPath(root, promotion, name)
      if ((await readIfThere(path)) !== digest) await writeDurably(path, digest)
    },
    promotions: () => readdir(join(root, 'promotions')).catch(() => []),
    attached: (promotion) => readAttached(join(root, 'promotions', fileName(promotion))),
  }
}

const plainName = /^[A-Za-z0-9._-]{1,100}$/

function fileName(name: string): string {
  if (!plainName.test(name) || name.startsWith('.')) throw new TypeError(`${name} is no plain name`)
  return name
}

function attachedPath(root: string, promotion: string, name: string): string {
  return join(root, 'promotions', fileName(promotion), fileName(name))
}

function isDigest(text: string | null): text is Digest {
  return text !== null && /^sha256:[0-9a-f]{64}$/.test(text)
}

async function readAttached(folder: string): Promise<readonly Attached[]> {
  const names = await readdir(folder).catch(() => [])
  const read = names
    .filter((name) => plainName.test(name) && !name.endsWith('.draft'))
    .toSorted((a, b) => (a < b ? -1 : 1))
    .map(async (name) => ({ name, digest: await readIfThere(join(folder, name)) }))
  return (await Promise.all(read)).flatMap(({ name, digest }) =>
    isDigest(digest) ? [{ name, digest }] : [],
  )
}
