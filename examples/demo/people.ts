import type { Config } from '../../src/config.js'
import { createClient, serverOf, type ApiClient } from '../../cli/client.js'
import { developmentToken } from '../../cli/session.js'

export interface People {
  readonly server: string
  /** A person's way to the server; a new one for each act, since each act has its own key. */
  as(person: string): ApiClient
}

/** The example people with their tokens. @throws PromotionError where nothing runs */
export async function createPeople(config: Config): Promise<People> {
  const server = serverOf(`http://127.0.0.1:${config.port}`)
  const names = ['mira', 'ana', 'bo']
  const pairs = names.map(async (name) => [name, await developmentToken(config, name)] as const)
  const tokens = new Map(await Promise.all(pairs))
  return {
    server,
    as: (person) =>
      createClient({
        server,
        token: () => Promise.resolve(tokens.get(person) ?? ''),
        timeoutMs: 60_000,
      }),
  }
}
