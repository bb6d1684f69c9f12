import { createRemoteJWKSet, errors, jwtVerify } from 'jose'
import type { JWTPayload, JWTVerifyGetKey } from 'jose'
import { z } from 'zod'
import { PromotionError } from '../src/domain/errors.js'

export interface VerifiedToken {
  readonly issuer: string
  readonly subject: string
  /** What the token narrows its bearer to; null where it says nothing of scopes. */
  readonly scopes: readonly string[] | null
  /** ms since the Unix epoch. */
  readonly expiresAt: number
}

export interface TokenVerifier {
  /**
   * @param bearer the token alone, without the word Bearer
   * @throws PromotionError `NOT_AUTHENTICATED`, `WORKER_UNAVAILABLE` (the identity provider cannot be asked for its keys; retry)
   */
  verify(bearer: string): Promise<VerifiedToken>
}

export interface TokenVerifierOptions {
  readonly issuer: string
  readonly audience: string
  /** Asymmetric ones only; the token has no say in it. */
  readonly algorithms: readonly string[]
  /** Asked of the issuer's discovery document where it is left out. */
  readonly jwksUri?: string
  /** How far two clocks may differ. */
  readonly clockToleranceSeconds?: number
}

/** Longer than any token of a real provider; more is an attempt to make us work. */
const maxTokenCharacters = 16_384

const discovery = z.object({ issuer: z.string(), jwks_uri: z.url({ protocol: /^https?$/ }) })

const scopeClaims = z.object({
  scope: z.string().optional(),
  scp: z.union([z.string(), z.array(z.string())]).optional(),
})

/** Checks bearer tokens of one OpenID issuer. The first token that comes asks for the issuer's keys. */
export function createTokenVerifier(options: TokenVerifierOptions): TokenVerifier {
  let keys: Promise<JWTVerifyGetKey> | null = null
  const keySet = () => {
    keys ??= discoverKeys(options)
    keys.catch(() => (keys = null))
    return keys
  }
  return {
    verify: async (bearer) => {
      if (bearer.length > maxTokenCharacters) throw refused('it is too long')
      assertWellFormed(bearer)
      try {
        return verifiedOf(await payloadOf(bearer, await keySet(), options), options)
      } catch (error) {
        throw translated(error, options.issuer)
      }
    },
  }
}

async function payloadOf(
  bearer: string,
  keys: JWTVerifyGetKey,
  options: TokenVerifierOptions,
): Promise<JWTPayload> {
  const { payload, protectedHeader } = await jwtVerify(bearer, keys, {
    issuer: options.issuer,
    audience: options.audience,
    algorithms: [...options.algorithms],
    clockTolerance: options.clockToleranceSeconds ?? 5,
    requiredClaims: ['exp', 'sub'],
  })
  const type = protectedHeader.typ?.toLowerCase().replace(/^application\//, '') ?? 'jwt'
  if (type !== 'at+jwt' && type !== 'jwt') throw refused('it is not an access token')
  return payload
}

function verifiedOf(payload: JWTPayload, { issuer }: TokenVerifierOptions): VerifiedToken {
  const { sub, exp } = payload
  if (typeof sub !== 'string' || sub === '' || exp === undefined) throw refused('it names nobody')
  return { issuer, subject: sub, scopes: scopesOf(payload), expiresAt: exp * 1000 }
}

function scopesOf(payload: JWTPayload): readonly string[] | null {
  const read = scopeClaims.safeParse(payload)
  if (!read.success) throw refused('its scope cannot be read')
  const scope = read.data.scope ?? read.data.scp
  if (scope === undefined) return null
  return Array.isArray(scope) ? scope : scope.split(' ').filter((name) => name !== '')
}

/** A malformed token costs no question to the provider. */
function assertWellFormed(bearer: string): void {
  if (!/^[\w-]+\.[\w-]+\.[\w-]*$/.test(bearer)) throw refused('it is not a signed JWT')
}

async function discoverKeys(options: TokenVerifierOptions): Promise<JWTVerifyGetKey> {
  const uri = options.jwksUri ?? (await discoverUri(options.issuer))
  return createRemoteJWKSet(new URL(uri), { timeoutDuration: 5_000, cooldownDuration: 5_000 })
}

async function discoverUri(issuer: string): Promise<string> {
  const url = `${issuer}/.well-known/openid-configuration`
  const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(5_000) })
  if (!response.ok) throw unavailable(issuer)
  const found = discovery.safeParse(await response.json())
  if (found.success && found.data.issuer === issuer) return found.data.jwks_uri
  throw unavailable(issuer, 'its discovery document is not for this issuer')
}

/** What jose says about a token's claims names the claim, never its value; everything else it says stays inside. */
function translated(error: unknown, issuer: string): PromotionError {
  if (error instanceof PromotionError) return error
  if (error instanceof errors.JWTExpired) return refused('it has expired')
  if (error instanceof errors.JWTClaimValidationFailed) return refused(claimReason(error.claim))
  if (error instanceof errors.JOSEAlgNotAllowed) return refused('its algorithm is not allowed')
  if (error instanceof errors.JWKSNoMatchingKey) return refused('no key of the issuer fits it')
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return refused('its signature is wrong')
  }
  const isTokenAtFault = [
    errors.JWTInvalid,
    errors.JWSInvalid,
    errors.JOSENotSupported,
    errors.JWKSMultipleMatchingKeys,
  ].some((kind) => error instanceof kind)
  return isTokenAtFault ? refused('it is malformed') : unavailable(issuer, undefined, error)
}

function claimReason(claim: string): string {
  const reasons: Readonly<Record<string, string>> = {
    iss: 'another issuer made it',
    aud: 'it is meant for another audience',
    nbf: 'it is not valid yet',
    exp: 'it has no end',
    sub: 'it names nobody',
  }
  return reasons[claim] ?? `its claim ${claim} does not stand`
}

function refused(reason: string): PromotionError {
  return new PromotionError('NOT_AUTHENTICATED', `the bearer token is refused: ${reason}`)
}

function unavailable(issuer: string, why = 'it does not answer', cause?: unknown): PromotionError {
  const message = `the identity provider ${issuer} cannot be asked for its keys: ${why}`
  return new PromotionError('WORKER_UNAVAILABLE', message, {}, { cause })
}
