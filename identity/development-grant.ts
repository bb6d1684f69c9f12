import { createHash, timingSafeEqual } from 'node:crypto'
import { errors } from 'oidc-provider'
import type { Provider, ResourceServer, TokenEndpointGrantContext } from 'oidc-provider'
import { apiResource, developmentGrant } from './names.js'
import type { DevelopmentPerson } from './pages.js'

interface GrantOptions {
  readonly people: readonly DevelopmentPerson[]
  readonly secret: string
  readonly resourceServer: ResourceServer
}

/** Gives a token for any of the people to whoever holds the secret of the user who started the server. */
export function registerDevelopmentGrant(provider: Provider, options: GrantOptions): void {
  const handler = async (ctx: TokenEndpointGrantContext) => {
    const { person, secret } = ctx.oidc.params
    if (typeof secret !== 'string' || !isSameSecret(secret, options.secret)) {
      throw new errors.InvalidGrant('the secret is wrong')
    }
    const account = personOf(options.people, person)
    if (!account) throw new errors.InvalidGrant('there is no such person')
    const scope = narrowedScope(options.resourceServer.scope, ctx.oidc.params.scope)
    const { client } = ctx.oidc
    const grant = new provider.Grant({ accountId: account.subject, clientId: client.clientId })
    grant.addResourceScope(apiResource, scope)
    const token = new provider.AccessToken({
      client,
      accountId: account.subject,
      grantId: await grant.save(),
      gty: developmentGrant,
      scope,
      resourceServer: new provider.ResourceServer(apiResource, options.resourceServer),
    })
    const value = await token.save()
    ctx.body = { access_token: value, expires_in: token.expiration, token_type: 'Bearer', scope }
  }
  provider.registerGrantType(developmentGrant, handler, ['person', 'secret', 'scope'])
}

export function personOf(
  people: readonly DevelopmentPerson[],
  name: unknown,
): DevelopmentPerson | undefined {
  return people.find(({ subject, id }) => name === subject || (id !== undefined && name === id))
}

/** Compares digests, so that neither length nor prefix shows in the time it takes. */
export function isSameSecret(given: string, expected: string): boolean {
  return timingSafeEqual(digest(given), digest(expected))
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

/** A token may hold less than everything, never more. */
function narrowedScope(all: string, asked: string | undefined): string {
  if (asked === undefined) return all
  const known = new Set(all.split(' '))
  const wanted = [...new Set(asked.split(' ').filter((name) => name !== ''))]
  const unknown = wanted.find((name) => !known.has(name))
  if (unknown !== undefined) throw new errors.InvalidScope('unknown scope', unknown)
  if (wanted.length === 0) throw new errors.InvalidScope('no scope at all', '')
  return wanted.join(' ')
}
