import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { once } from 'node:events'
import { PromotionError } from '../src/domain/errors.js'
import { refusalOf } from './guard.js'
import { answerInteraction } from './interaction.js'
import { createProvider } from './provider.js'
import type { IdentityOptions } from './provider.js'

export interface RunningIdentity {
  readonly issuer: string
  readonly port: number
  close(): Promise<void>
}

/**
 * Serves the development identity provider on loopback, and there only.
 *
 * @throws PromotionError `CONFIG_INVALID` outside development, or for an issuer that is not `http://localhost:PORT`
 */
export async function startIdentity(
  options: IdentityOptions & { readonly development: boolean },
): Promise<RunningIdentity> {
  assertDevelopment(options)
  const provider = createProvider(options)
  const answerProvider = provider.callback()
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const refusal = refusalOf(request, options.issuer)
    if (refusal !== null) return refuse(response, refusal)
    if (request.url?.startsWith('/interaction/')) {
      return answerInteraction(provider, options, request, response)
    }
    await answerProvider(request, response)
  }
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      process.stderr.write(`identity: ${String(error)}\n`)
      if (!response.headersSent) response.writeHead(500)
      response.end()
    })
  })
  const port = Number(new URL(options.issuer).port)
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return { issuer: options.issuer, port, close: () => closeServer(server) }
}

function assertDevelopment({
  development,
  issuer,
}: {
  readonly development: boolean
  readonly issuer: string
}): void {
  if (!development) {
    throw new PromotionError(
      'CONFIG_INVALID',
      'the development identity provider starts in development only (COUNTERSIGN_DEVELOPMENT=1)',
    )
  }
  if (/^http:\/\/localhost:\d{1,5}$/.test(issuer)) return
  throw new PromotionError(
    'CONFIG_INVALID',
    `the development identity provider can only be http://localhost:PORT, not ${issuer}`,
  )
}

function refuse(response: ServerResponse, reason: string): void {
  response.writeHead(400, { 'Content-Type': 'text/plain; charset=utf-8', Connection: 'close' })
  response.end(`${reason}\n`)
}

async function closeServer(server: Server): Promise<void> {
  server.close()
  server.closeAllConnections()
  if (server.listening) await once(server, 'close')
}
