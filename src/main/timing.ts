import type { Timing } from '../../activities/activities.js'
import type { Config } from '../config.js'

const dayMs = 24 * 3_600_000

/** The limits that runs of this deployment are given. Copying and reading again may take a day: models are large. */
export function timingOf({ checkTimeouts }: Config): Timing {
  return {
    heartbeatMs: checkTimeouts.heartbeatMs,
    checkMs: checkTimeouts.startToCloseMs,
    snapshotMs: dayMs,
    releaseMs: dayMs,
  }
}
