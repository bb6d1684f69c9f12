import { createHmac } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { errors } from 'oidc-provider'
import type { Provider } from 'oidc-provider'
import { isSameSecret, personOf } from './development-grant.js'
import { choosePage, messagePage, pageHeaders } from './pages.js'
import type { DevelopmentPerson } from './pages.js'

interface InteractionOptions {
  readonly people: readonly DevelopmentPerson[]
  readonly secret: string
}

const cookieName = 'countersign_development'

const maxFormBytes = 4_096

/**
 * The page where one says which of the people one is. It asks for the secret once per browser:
 * without that, any user of the machine could be anyone.
 */
export async function answerInteraction(
  provider: Provider,
  options: InteractionOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    await provider.interactionDetails(request, response)
  } catch (error) {
    if (!(error instanceof errors.OIDCProviderError)) throw error
    return send(response, 400, await messagePage('Too late', 'Start the sign-in again.'))
  }
  if (request.method === 'GET') return ask(options, request, response, 200, null)
  if (request.method !== 'POST') return send(response, 405, await messagePage('No', 'GET or POST'))
  const form = await readForm(request)
  const person = personOf(options.people, form?.get('person'))
  const isTrusted = hasCookie(options.secret, request) || isSecret(options.secret, form)
  if (!person) return ask(options, request, response, 400, 'Choose a person.')
  if (!isTrusted) return ask(options, request, response, 403, 'That is not the secret.')
  response.appendHeader('Set-Cookie', cookieOf(options.secret))
  const result = { login: { accountId: person.subject }, consent: {} }
  await provider.interactionFinished(request, response, result, {
    mergeWithLastSubmission: false,
  })
}

async function ask(
  { people, secret }: InteractionOptions,
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  fault: string | null,
): Promise<void> {
  send(response, status, await choosePage(people, !hasCookie(secret, request), fault))
}

function send(response: ServerResponse, status: number, page: string): void {
  response.writeHead(status, pageHeaders).end(page)
}

function isSecret(secret: string, form: URLSearchParams | null): boolean {
  return isSameSecret((form?.get('secret') ?? '').trim(), secret)
}

function hasCookie(secret: string, request: IncomingMessage): boolean {
  const cookies = (request.headers.cookie ?? '').split(/;\s*/)
  const given = cookies.find((text) => text.startsWith(`${cookieName}=`)) ?? ''
  return isSameSecret(given.slice(cookieName.length + 1), proofOf(secret))
}

/** The browser keeps a proof of the secret, not the secret, which also gives tokens to the command line. */
function proofOf(secret: string): string {
  return createHmac('sha256', secret).update('browser').digest('base64url')
}

function cookieOf(secret: string): string {
  return `${cookieName}=${proofOf(secret)}; Path=/interaction; HttpOnly; SameSite=Lax; Max-Age=2592000`
}

async function readForm(request: IncomingMessage): Promise<URLSearchParams | null> {
  const type = request.headers['content-type'] ?? ''
  if (!type.startsWith('application/x-www-form-urlencoded')) return null
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk)
    size += bytes.length
    if (size > maxFormBytes) return null
    chunks.push(bytes)
  }
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'))
}
