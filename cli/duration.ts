import { usageFault } from './failure.js'

const units: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `90s`, `15m`, `2h`, `30d` in ms. @throws CommandFailure usage */
export function durationMsOf(text: string, name: string): number {
  const [, amount = '', unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? []
  const ms = Number(amount) * (units[unit] ?? 0)
  if (ms > 0) return ms
  throw usageFault(`${name} is a time such as 90s, 15m, 2h or 30d, not ${text}`)
}

const steps = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1000, 's'],
] as const

/** A span of time in its largest unit, for people: `3 min`, `2 d`. */
export function spanOf(ms: number): string {
  const [size, unit] = steps.find(([least]) => ms >= least) ?? [1000, 's']
  return `${Math.max(0, Math.floor(ms / size))} ${unit}`
}
