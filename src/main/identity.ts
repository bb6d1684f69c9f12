import { join } from 'node:path'
import { startIdentity } from '../../identity/server.js'
import { loadConfig } from '../config.js'
import { loadIdentityKeys } from './identity-keys.js'
import { readDevelopmentPeople } from './people.js'
import { runUntilStopped } from './process.js'

await runUntilStopped('identity', async () => {
  const config = loadConfig()
  const people = readDevelopmentPeople(join(config.governance, 'owners.yaml'))
  return startIdentity({
    development: config.development,
    issuer: `http://localhost:${config.identityPort}`,
    audience: config.oidc.audience,
    people,
    redirectUris: [`${config.publicOrigin}/signed-in`],
    ...(await loadIdentityKeys(config.home)),
  })
})
