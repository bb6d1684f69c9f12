import { createHash, createPublicKey } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { getRequestListener } from '@hono/node-server'
import { Client, Connection } from '@temporalio/client'
import { pino } from 'pino'
import { createApp } from '../../api/app.js'
import type { ApiDeps } from '../../api/deps.js'
import { createTemporalPromotions } from '../../api/temporal.js'
import { keyFingerprint } from '../../evidence/dsse.js'
import { createFileEvidenceStore } from '../../evidence/store.js'
import { createTokenVerifier } from '../../identity/verify-token.js'
import { createReadModel, type ReadModel } from '../../read-model/read-model.js'
import { readOrMakeSecret } from '../../recorder/secret-file.js'
import { loadConfig, type Config } from '../config.js'
import { loadInstallation, readPrivateKey } from './installation.js'
import { recorderFor } from './parts.js'
import { runUntilStopped, type Running } from './process.js'
import { temporalConnection } from './temporal/connect.js'

const version = '0.1.0'

const logger = pino({ name: 'api' }, pino.destination({ dest: 2, sync: true }))

/** The signing keys of people, from the governance folder; only files that the set in force names by digest. */
function personKeys(folder: string, readModel: ReadModel): ApiDeps['personKey'] {
  return async (keyid) => {
    const { head, owners } = await readModel.governance()
    for (const file of new Set(owners.people.flatMap(({ keys }) => keys))) {
      const bytes = await readFile(join(folder, file)).catch(() => null)
      if (bytes === null) continue
      const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
      if (head.files[file] !== digest) continue
      const key = createPublicKey(bytes)
      if (keyid === `person:${keyFingerprint(key)}`)
        return key.export({ type: 'spki', format: 'pem' }).toString()
    }
    return null
  }
}

async function depsOf(config: Config, client: Client, signal: AbortSignal): Promise<ApiDeps> {
  const { id, development, publicKeys } = loadInstallation(config.home, config.development)
  const { key, keyId } = readPrivateKey(config.home, 'api')
  const recorder = await recorderFor(config, 'api')
  const readModel = createReadModel({ log: recorder, texts: recorder })
  // Not awaited: the API answers that it is catching up while it does.
  void readModel.start(signal)
  const salt = await readOrMakeSecret(join(config.home, 'keys', 'salt.key'))
  const { issuer, audience, algorithms } = config.oidc
  return {
    version,
    installation: id,
    development,
    developmentIssuer: development ? issuer : null,
    verifier: createTokenVerifier({ issuer, audience, algorithms }),
    readModel,
    log: recorder,
    texts: recorder,
    notes: recorder,
    evidence: createFileEvidenceStore(join(config.home, 'evidence')),
    promotions: createTemporalPromotions({ client }),
    signer: { key, keyid: `api:${keyId}` },
    saltKey: Buffer.from(salt, 'hex'),
    publicKeys: (['api', 'attestation'] as const).map((role) => ({
      keyid: `${role}:${publicKeys[role].keyId}`,
      pem: publicKeys[role].pem,
    })),
    personKey: personKeys(config.governance, readModel),
    logger,
    now: () => Date.now(),
  }
}

function listen(app: ReturnType<typeof createApp>, { host, port }: Config): Promise<Server> {
  return new Promise((resolve, reject) => {
    const listener = getRequestListener(app.fetch)
    const server = createServer((request, response) => void listener(request, response))
    server.once('error', reject)
    server.listen(port, host, () => resolve(server))
  })
}

/** Ends streams that follow a promotion too: they would hold the server open for ever. */
function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeIdleConnections()
    setTimeout(() => server.closeAllConnections(), 2_000).unref()
  })
}

async function start(): Promise<Running> {
  const config = loadConfig()
  const stop = new AbortController()
  const { connectionOptions, namespace } = temporalConnection(config.temporal)
  const connection = Connection.lazy(connectionOptions)
  const client = new Client({ connection, namespace })
  const app = createApp(await depsOf(config, client, stop.signal))
  const server = await listen(app, config)
  return {
    async close() {
      stop.abort()
      await closed(server)
      await connection.close()
    },
  }
}

await runUntilStopped('api', start)
