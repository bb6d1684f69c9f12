import { createHash, timingSafeEqual } from 'node:crypto'
import { PromotionError } from '../src/domain/errors.js'

export const roles = ['api', 'worker', 'release', 'observer'] as const

export type Role = (typeof roles)[number]

export type Right = 'put-text' | 'get-text' | 'erase-text' | 'put-note'

/** One kind of stream that a role may append to; all its event types, only those listed, or all but some. */
interface Grant {
  readonly kind: string
  readonly types?: readonly string[]
  readonly except?: readonly string[]
}

/** They say that the bytes were read again and nothing may be decided meanwhile: a release acts on that after a kill. */
const releaseSteps = ['release-started', 'release-stopped'] as const

/**
 * What each process may do beyond reading events, size and notes. The API only carries people's words; the release
 * worker alone says what it did to an alias, the worker only what it saw or what was adopted.
 */
const rightsOf: Record<Role, { appends: readonly Grant[]; rights: readonly Right[] }> = {
  api: { appends: [], rights: ['put-text', 'get-text', 'erase-text'] },
  worker: {
    appends: [
      { kind: 'promotion', except: releaseSteps },
      { kind: 'governance' },
      { kind: 'outside' },
      { kind: 'approval' },
      { kind: 'installation' },
      { kind: 'alias', types: ['alias-observed'] },
    ],
    rights: ['put-text', 'get-text', 'put-note'],
  },
  release: {
    appends: [
      { kind: 'alias' },
      // So that nobody decides anything while the alias may be moving.
      { kind: 'promotion', types: releaseSteps },
    ],
    rights: ['get-text'],
  },
  observer: { appends: [], rights: [] },
}

/** @throws PromotionError `NOT_ALLOWED` */
export function assertMayAppend(role: Role, stream: string, types: readonly string[]): void {
  const kind = stream.split(':', 1)[0]
  const grant = rightsOf[role].appends.find((candidate) => candidate.kind === kind)
  const stray = types.find(
    (type) => grant?.types?.includes(type) === false || grant?.except?.includes(type) === true,
  )
  if (grant !== undefined && stray === undefined) return
  const what = stray === undefined ? 'anything' : stray
  throw new PromotionError('NOT_ALLOWED', `the role ${role} may not append ${what} to ${stream}`, {
    remedy: 'only the process whose task it is may write there',
  })
}

/** @throws PromotionError `NOT_ALLOWED` */
export function assertHasRight(role: Role, right: Right): void {
  if (rightsOf[role].rights.includes(right)) return
  throw new PromotionError('NOT_ALLOWED', `the role ${role} lacks the right ${right}`)
}

export interface RoleToken {
  readonly role: Role
  readonly token: string
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

/** Finds whose token it is, in a time that tells nothing about any of them. */
export function createRoleFinder(tokens: readonly RoleToken[]): (token: string) => Role | null {
  const known = tokens.map(({ role, token }) => ({ role, hash: hashOf(token) }))
  return (token) => {
    const hash = hashOf(token)
    return known.reduce<Role | null>(
      (found, candidate) => (timingSafeEqual(candidate.hash, hash) ? candidate.role : found),
      null,
    )
  }
}
