import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { keyFingerprint } from '../../evidence/dsse.js'
import { assertPrivate } from '../../identity/secret-file.js'
import { PromotionError } from '../domain/errors.js'
import { installationId, timestamp } from '../schema/ids.js'
import { createOnce } from './files.js'

export const keyNames = ['api', 'attestation', 'log'] as const
export type KeyName = (typeof keyNames)[number]

export interface PublicKey {
  /** The first 16 hexadecimal digits of SHA-256 over the key's SPKI DER. */
  readonly keyId: string
  readonly key: KeyObject
  /** SPKI, PEM. */
  readonly pem: string
}

export interface PrivateKey {
  readonly keyId: string
  readonly key: KeyObject
}

export interface Installation {
  readonly id: z.infer<typeof installationId>
  readonly createdAt: z.infer<typeof timestamp>
  readonly development: boolean
  readonly publicKeys: Readonly<Record<KeyName, PublicKey>>
}

const record = z.strictObject({
  id: installationId,
  createdAt: timestamp,
  development: z.boolean(),
})

/**
 * Who this installation is. The first start makes its id and its Ed25519 keys; nothing is ever
 * written over, since everything signed refers to them.
 *
 * @throws PromotionError `CONFIG_INVALID` where the folder belongs to the other mode or its record cannot be read
 */
export function loadInstallation(
  home: string,
  development: boolean,
  now = new Date(),
): Installation {
  mkdirSync(home, { recursive: true, mode: 0o700 })
  const path = join(home, 'installation.json')
  const made = {
    id: `ins_${randomBytes(12).toString('hex')}`,
    createdAt: now.toISOString(),
    development,
  }
  createOnce(path, `${JSON.stringify(made, null, 2)}\n`, 0o644)
  const found = readRecord(path)
  if (found.development !== development) throw wrongMode(home, found.development)
  for (const name of keyNames) createKey(home, name)
  return { ...found, publicKeys: readPublicKeys(home) }
}

/**
 * One private key. Each process asks only for its own: the API `api`, the worker `attestation`,
 * the recorder `log`.
 *
 * @throws PromotionError `CONFIG_INVALID` where it is not there, other users could read it, or its public half is another's
 */
export function readPrivateKey(home: string, name: KeyName): PrivateKey {
  const path = keyFile(home, name, 'key')
  if (!existsSync(path)) {
    const message = `${path} is not there: this process was not given that key`
    throw new PromotionError('CONFIG_INVALID', message)
  }
  assertPrivate(path)
  const key = createPrivateKey(readFileSync(path))
  const keyId = keyFingerprint(createPublicKey(key))
  if (readPublicKey(home, name).keyId === keyId) return { key, keyId }
  const stray = keyFile(home, name, 'pub')
  throw new PromotionError(
    'CONFIG_INVALID',
    `${stray} is not the public half of ${path}: restore both from one backup`,
  )
}

/** Every public key of this installation; needs no private one. */
export function readPublicKeys(home: string): Readonly<Record<KeyName, PublicKey>> {
  const read = (name: KeyName) => readPublicKey(home, name)
  return { api: read('api'), attestation: read('attestation'), log: read('log') }
}

function readPublicKey(home: string, name: KeyName): PublicKey {
  const pem = readFileSync(keyFile(home, name, 'pub'), 'utf8')
  const key = createPublicKey(pem)
  return { key, pem, keyId: keyFingerprint(key) }
}

/** Opens no private key that stands already: a process has no business with another's. */
function createKey(home: string, name: KeyName): void {
  // Whoever was given the public half alone has no business with a private one of its own.
  if (existsSync(keyFile(home, name, 'pub'))) return
  if (!existsSync(keyFile(home, name, 'key'))) {
    const { privateKey } = generateKeyPairSync('ed25519')
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    createOnce(keyFile(home, name, 'key'), pem)
  }
  const standing = createPublicKey(createPrivateKey(readFileSync(keyFile(home, name, 'key'))))
  const pem = standing.export({ type: 'spki', format: 'pem' }).toString()
  createOnce(keyFile(home, name, 'pub'), pem, 0o644)
}

function keyFile(home: string, name: KeyName, extension: 'key' | 'pub'): string {
  return join(home, 'keys', `${name}.${extension}`)
}

function readRecord(path: string): z.infer<typeof record> {
  try {
    return record.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch (cause) {
    const message = `${path} cannot be read: restore it from a backup`
    throw new PromotionError('CONFIG_INVALID', message, {}, { cause })
  }
}

function wrongMode(home: string, isDevelopment: boolean): PromotionError {
  const was = isDevelopment ? 'for development' : 'not for development'
  return new PromotionError(
    'CONFIG_INVALID',
    `${home} was made ${was}, and what was signed there stays so: ` +
      'set COUNTERSIGN_DEVELOPMENT as it was, or COUNTERSIGN_HOME to another folder',
  )
}
