/** What stands in every history: the start, the first task (3 events) and the completion. */
const frame = 5
const perActivity = 3
/** The workflow task that follows a batch of activities. */
const perBatch = 3

/** What a history is made of, as far as the server's work goes. */
export interface Shape {
  readonly events: number
  readonly activities: number
}

/** What a bare run is asked to do so that its history has a shape. */
export interface BarePlan {
  readonly batches: readonly number[]
  readonly notes: number
}

/** The plan of a history with as many activities and as many events. */
export function planLike({ events, activities }: Shape): BarePlan {
  const fitting = Math.floor((events - frame - perActivity * activities) / perBatch)
  const count = Math.max(1, Math.min(activities, fitting))
  const least = Math.floor(activities / count)
  const batches = Array.from(
    { length: count },
    (_, at) => least + (at < activities % count ? 1 : 0),
  )
  const notes = events - frame - perActivity * activities - perBatch * count
  return { batches, notes: Math.max(0, notes) }
}
