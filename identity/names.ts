/** Names that the provider and those who ask it share; apart, so that asking does not load the provider. */

/** The grant by which whoever holds the secret gets a token for any of the people. */
export const developmentGrant = 'urn:countersign:development'

/** The resource indicator that stands for the API; a token's audience is configured apart from it. */
export const apiResource = 'urn:countersign:api'

/** The command line: asks with the secret, with a device code, or through a browser that comes back to loopback. */
export const commandLineClient = 'countersign-cli'

/** The pages of the API: authorization code with PKCE. */
export const pagesClient = 'countersign-pages'

export const apiScopes = ['request', 'sign', 'operate', 'audit', 'govern'] as const
