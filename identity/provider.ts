import { createHmac } from 'node:crypto'
import { Provider } from 'oidc-provider'
import type {
  Account,
  ClientMetadata,
  Configuration,
  JWKS,
  KoaContextWithOIDC,
  ResourceServer,
} from 'oidc-provider'
import { registerDevelopmentGrant } from './development-grant.js'
import { createMemoryAdapters } from './memory-adapter.js'
import {
  apiResource,
  apiScopes,
  commandLineClient,
  developmentGrant,
  pagesClient,
} from './names.js'
import { confirmPage, formPage, messagePage, pageHeaders } from './pages.js'
import type { DevelopmentPerson } from './pages.js'

const hour = 3600

export interface IdentityOptions {
  readonly issuer: string
  readonly audience: string
  readonly people: readonly DevelopmentPerson[]
  /** One private ES256 key or more, as JWKs; the first signs. */
  readonly jwks: JWKS
  /** What `token --as` and a browser must show. */
  readonly secret: string
  /** Where the API's pages take a sign-in back. */
  readonly redirectUris?: readonly string[]
}

/** A real OpenID provider for development: whoever holds the secret may be any of the people. */
export function createProvider(options: IdentityOptions): Provider {
  const resourceServer = {
    scope: apiScopes.join(' '),
    audience: options.audience,
    accessTokenFormat: 'jwt',
    accessTokenTTL: hour,
    jwt: { sign: { alg: 'ES256' } },
  } satisfies ResourceServer
  const provider = new Provider(options.issuer, configurationOf(options, resourceServer))
  registerDevelopmentGrant(provider, { ...options, resourceServer })
  provider.on('server_error', (_, error) => process.stderr.write(`${String(error.stack)}\n`))
  return provider
}

function configurationOf(options: IdentityOptions, resourceServer: ResourceServer): Configuration {
  const { people, secret, jwks } = options
  return {
    adapter: createMemoryAdapters(),
    jwks,
    clients: clientsOf(options.redirectUris ?? []),
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
    cookies: { keys: [createHmac('sha256', secret).update('cookies').digest('hex')] },
    claims: { openid: ['sub'], profile: ['name'], email: ['email', 'email_verified'] },
    conformIdTokenClaims: false,
    clientBasedCORS: () => false,
    expiresWithSession: () => false,
    issueRefreshToken: () => false,
    pkce: { required: () => true },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_, sub) => accountOf(people, sub),
    loadExistingGrant: (ctx) => grantEverything(ctx, resourceServer.scope),
    renderError: async (ctx, out) => {
      ctx.set(pageHeaders)
      ctx.body = await messagePage('That did not work', out.error_description ?? out.error)
    },
    features: featuresOf(resourceServer),
    ttl: {
      AccessToken: hour,
      AuthorizationCode: 60,
      DeviceCode: 600,
      Grant: 24 * hour,
      IdToken: hour,
      Interaction: hour,
      Session: 24 * hour,
    },
  }
}

function accountOf(people: readonly DevelopmentPerson[], sub: string): Account | undefined {
  const person = people.find(({ subject }) => subject === sub)
  if (!person) return undefined
  const { name, email } = person
  const claims = { sub, name, ...(email && { email, email_verified: true }) }
  return { accountId: sub, claims: () => claims }
}

/** Nobody is asked for consent here: the clients are our own, and the person was chosen a moment ago. */
async function grantEverything({ oidc }: KoaContextWithOIDC, scope: string) {
  const { session, client, provider } = oidc
  if (!session?.accountId || !client) return undefined
  const grant = new provider.Grant({ accountId: session.accountId, clientId: client.clientId })
  grant.addOIDCScope('openid profile email')
  grant.addResourceScope(apiResource, scope)
  await grant.save()
  return grant
}

function featuresOf(resourceServer: ResourceServer): NonNullable<Configuration['features']> {
  return {
    devInteractions: { enabled: false },
    rpInitiatedLogout: { enabled: false },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => apiResource,
      getResourceServerInfo: () => resourceServer,
      useGrantedResource: () => true,
    },
    deviceFlow: {
      enabled: true,
      userCodeInputSource: async (ctx, form, out, error) => {
        ctx.set(pageHeaders)
        const text = out || error ? 'That code is not known, or too old.' : 'Enter the code.'
        ctx.body = await formPage('Sign in a command line', text, form)
      },
      userCodeConfirmSource: async (ctx, form, client, _, userCode) => {
        ctx.set(pageHeaders)
        ctx.body = await confirmPage(client.clientName ?? client.clientId, userCode, form)
      },
      successSource: async (ctx) => {
        ctx.set(pageHeaders)
        ctx.body = await messagePage('Signed in', 'You can close this page.')
      },
    },
  }
}

function clientsOf(redirectUris: readonly string[]): ClientMetadata[] {
  const commandLine: ClientMetadata = {
    client_id: commandLineClient,
    client_name: 'countersign',
    application_type: 'native',
    token_endpoint_auth_method: 'none',
    grant_types: [
      developmentGrant,
      'authorization_code',
      'urn:ietf:params:oauth:grant-type:device_code',
    ],
    response_types: ['code'],
    redirect_uris: ['http://127.0.0.1/callback'],
  }
  const pages: ClientMetadata = {
    client_id: pagesClient,
    client_name: 'Countersign pages',
    application_type: 'native',
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code'],
    response_types: ['code'],
    redirect_uris: [...redirectUris],
  }
  return redirectUris.length > 0 ? [commandLine, pages] : [commandLine]
}
