import type { IncomingMessage } from 'node:http'

const names = new Set(['localhost', '127.0.0.1', '[::1]'])

const forwarding = /^(x-forwarded-.*|x-real-ip|forwarded|via)$/

/**
 * Why a request must not be answered, or null. The provider gives anyone who may reach it any
 * identity, so it answers only who names this machine itself: no page of a foreign site that
 * resolved its own name to loopback, and nobody behind a proxy.
 */
export function refusalOf(request: IncomingMessage, origin: string): string | null {
  const { headers, url = '' } = request
  if (Object.keys(headers).some((name) => forwarding.test(name))) {
    return 'the development identity provider answers no forwarded request'
  }
  const hosts = request.headersDistinct['host'] ?? []
  if (hosts.length !== 1 || !names.has(withoutPort(hosts[0] ?? ''))) {
    return 'the development identity provider answers to localhost only'
  }
  if (!url.startsWith('/')) return 'the target must be a path'
  if (headers.origin !== undefined && headers.origin !== origin) {
    return 'the development identity provider answers no page of another site'
  }
  return null
}

function withoutPort(host: string): string {
  return host.toLowerCase().replace(/:\d{1,5}$/, '')
}
