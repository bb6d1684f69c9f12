import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose'
import type { JWKS } from 'oidc-provider'
import { z } from 'zod'
import { assertPrivate, identitySecretPath, readSecret } from '../../identity/secret-file.js'
import { PromotionError } from '../domain/errors.js'
import { createOnce } from './files.js'

const privateKey = z.object({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: z.string(),
  y: z.string(),
  d: z.string(),
  kid: z.string(),
  alg: z.literal('ES256'),
  use: z.literal('sig'),
})

const keySet = z.object({ keys: z.array(privateKey).min(1) })

/**
 * Keys and secret of the development provider, made at the first start and kept, so that a
 * token outlives a restart.
 *
 * @throws PromotionError `CONFIG_INVALID`
 */
export async function loadIdentityKeys(
  home: string,
): Promise<{ readonly jwks: JWKS; readonly secret: string }> {
  const path = join(home, 'identity', 'jwks.json')
  createOnce(path, await newKeySet())
  createOnce(identitySecretPath(home), `${randomBytes(32).toString('base64url')}\n`)
  assertPrivate(path)
  return { jwks: readKeySet(path), secret: readSecret(identitySecretPath(home)) }
}

function readKeySet(path: string): JWKS {
  try {
    return keySet.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch {
    throw new PromotionError(
      'CONFIG_INVALID',
      `${path} cannot be read: move it away, and everybody signs in again`,
    )
  }
}

async function newKeySet(): Promise<string> {
  const { privateKey: key } = await generateKeyPair('ES256', { extractable: true })
  const jwk = await exportJWK(key)
  const kid = await calculateJwkThumbprint(jwk)
  return JSON.stringify({ keys: [{ ...jwk, kid, alg: 'ES256', use: 'sig' }] })
}
