/** Where in a promotion something is broken: after what, and how much later at most (ms). */
export interface Moment {
  readonly name: string
  /** A type of event, or what the client is about to do: `requesting`, `signing`. */
  readonly after: string
  readonly withinMs: number
  /** Whether the candidate fails its evaluation and needs waivers. */
  readonly isBlocked?: boolean
}

/** Every state of the path, and within the short ones each step. Times are those of two busy cores. */
export const moments: readonly Moment[] = [
  { name: 'opening', after: 'requesting', withinMs: 250 },
  { name: 'snapshotting', after: 'requested', withinMs: 900 },
  { name: 'checking', after: 'snapshotted', withinMs: 2_500 },
  { name: 'blocked', after: 'blocked', withinMs: 400, isBlocked: true },
  { name: 'awaiting sign-off', after: 'sign-off-asked', withinMs: 100 },
  { name: 'a sign-off under way', after: 'signing', withinMs: 60 },
  { name: 'promoting', after: 'release-ready', withinMs: 900 },
  { name: 'releasing', after: 'release-started', withinMs: 25 },
  { name: 'the alias moving', after: 'alias-intended', withinMs: 25 },
  { name: 'the alias moved', after: 'alias-moved', withinMs: 25 },
  { name: 'just promoted', after: 'promoted', withinMs: 150 },
]
