const dayMs = 86_400_000
const form = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)\.(\d{3})Z$/

/** Days since 1970-01-01 in the proleptic Gregorian calendar (H. Hinnant, "days_from_civil"). */
function dayOf(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}

function civilOf(dayNumber: number): readonly [year: number, month: number, day: number] {
  const shifted = dayNumber + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  )
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153)
  const month = shiftedMonth + (shiftedMonth < 10 ? 3 : -9)
  const day = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1
  return [yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day]
}

/**
 * Milliseconds since the Unix epoch of a UTC timestamp to the millisecond. The rules see no `Date`, so that the same
 * text gives the same number on every machine.
 *
 * @throws RangeError when the text is not of the form `2026-11-22T20:29:00.000Z`
 */
export function msOf(timestamp: string): number {
  const parts = form.exec(timestamp)?.slice(1).map(Number)
  if (!parts) throw new RangeError(`${JSON.stringify(timestamp)} is not a UTC timestamp in ms`)
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, ms = 0] = parts
  return dayOf(year, month, day) * dayMs + hour * 3_600_000 + minute * 60_000 + second * 1000 + ms
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}

/** The timestamp of a moment in ms since the Unix epoch: the inverse of `msOf`. */
export function isoOf(ms: number): string {
  const dayNumber = Math.floor(ms / dayMs)
  const rest = ms - dayNumber * dayMs
  const [year, month, day] = civilOf(dayNumber)
  const time = [3_600_000, 60_000, 1000].map((unit) => two(Math.floor(rest / unit) % 60))
  const millis = String(rest % 1000).padStart(3, '0')
  return `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}T${time.join(':')}.${millis}Z`
}
