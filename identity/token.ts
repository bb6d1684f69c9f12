import { z } from 'zod'
import { PromotionError } from '../src/domain/errors.js'
import { commandLineClient, developmentGrant } from './names.js'
import { readSecret } from './secret-file.js'

export interface DevelopmentTokenRequest {
  readonly issuer: string
  /** `identity/secret` below the home of the running server. */
  readonly secretFile: string
  /** A subject, or the pseudonymous id, of one of the example people. */
  readonly person: string
  /** Fewer scopes than the person has, separated by spaces; all of them where it is left out. */
  readonly scope?: string | undefined
}

export interface DevelopmentToken {
  readonly accessToken: string
  readonly expiresInSeconds: number
  readonly scope: string
}

const granted = z.object({ access_token: z.string(), expires_in: z.number(), scope: z.string() })

const refused = z.object({ error: z.string(), error_description: z.string().optional() })

/**
 * A bearer token of the development provider, for one of the example people.
 *
 * @throws PromotionError `CONFIG_INVALID` (no readable secret), `NOT_AUTHENTICATED` (refused by the provider), `WORKER_UNAVAILABLE` (provider not reachable)
 */
export async function requestDevelopmentToken(
  request: DevelopmentTokenRequest,
): Promise<DevelopmentToken> {
  const body = new URLSearchParams({
    grant_type: developmentGrant,
    client_id: commandLineClient,
    person: request.person,
    secret: readSecret(request.secretFile),
    ...(request.scope !== undefined && { scope: request.scope }),
  })
  const response = await post(`${request.issuer}/token`, body)
  const answer: unknown = await response.json().catch(() => null)
  if (!response.ok) throw refusal(request.person, answer)
  const { access_token, expires_in, scope } = granted.parse(answer)
  return { accessToken: access_token, expiresInSeconds: expires_in, scope }
}

async function post(url: string, body: URLSearchParams): Promise<Response> {
  try {
    return await fetch(url, {
      method: 'POST',
      body,
      redirect: 'error',
      signal: AbortSignal.timeout(10_000),
    })
  } catch (cause) {
    const message = `the identity provider does not answer at ${new URL(url).origin}: is npm start running?`
    throw new PromotionError('WORKER_UNAVAILABLE', message, {}, { cause })
  }
}

/** The provider tells nobody which of the two was wrong. */
function refusal(person: string, answer: unknown): PromotionError {
  const { data } = refused.safeParse(answer)
  const isUnknown = data?.error === 'invalid_grant'
  const why = isUnknown
    ? 'there is no such person, or the secret is not this server’s'
    : (data?.error_description ?? data?.error ?? 'it gave no reason')
  const remedy = 'name a subject in owners.yaml, with the COUNTERSIGN_HOME that npm start has'
  const detail = isUnknown ? { remedy } : {}
  return new PromotionError('NOT_AUTHENTICATED', `no token for ${person}: ${why}`, detail)
}
