/** What the API, the workers and anybody with only Temporal's tools must agree on. A released name never changes. */

export const taskQueue = 'countersign'
/** Alone served by the release worker, which alone can move an alias. */
export const releaseTaskQueue = 'countersign-release'

export const promoteModelType = 'promoteModel'
export const observeAliasesType = 'observeAliases'
export const observeAliasesId = 'observe-aliases'

/** Update: waits until the request was decided and recorded. */
export const openName = 'open'
/** Update and Signal: one person's act. */
export const actName = 'act'

export const searchAttributes = {
  state: 'CountersignState',
  model: 'CountersignModel',
  version: 'CountersignVersion',
  environment: 'CountersignEnvironment',
  /** The teams that a promotion waits for; never a person. */
  waitingTeam: 'CountersignWaitingTeam',
} as const

const longestWorkflowId = 255

/** Percent-encodes one part so that `:` keeps its meaning as the separator. */
function part(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

/**
 * The workflow id of a promotion: the lock that lets one version be on its way to one environment once.
 * Undefined where it would be longer than 255 characters, which Temporal's SQL stores cannot hold.
 */
export function promotionWorkflowId(
  environment: string,
  model: string,
  version: string,
): string | undefined {
  const id = ['promotion', environment, model, version].map(part).join(':')
  return id.length <= longestWorkflowId ? id : undefined
}

export function promotionStream(promotion: string): string {
  return `promotion:${promotion}`
}

export function aliasStream(environment: string, model: string): string {
  return `alias:${part(environment)}:${part(model)}`
}

export function outsideStream(model: string): string {
  return `outside:${part(model)}`
}

export const governanceStream = 'governance'

/** What the `open` Update answers. */
export type OpenAnswer =
  | { readonly kind: 'opened'; readonly nextSeq: number }
  | {
      readonly kind: 'refused'
      readonly code: string
      readonly detail: string
      readonly field?: string
      readonly remedy?: string
    }

/** What the `act` Update answers; `nextSeq` tells how far the promotion's stream has come. */
export type ActAnswer =
  | { readonly kind: 'accepted'; readonly nextSeq: number; readonly phase: string }
  | {
      readonly kind: 'refused'
      readonly nextSeq: number
      readonly code: string
      readonly detail: string
      /** What changed since the signer saw it. */
      readonly changes?: readonly string[]
    }
