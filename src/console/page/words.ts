/** How the page says times, spans and states. */

/** `364 d`, `3 h`, `ended 2 d ago`. */
export function leftText(seconds: number): string {
  return seconds >= 0 ? spanText(seconds) : `ended ${spanText(-seconds)} ago`
}

function spanText(seconds: number): string {
  if (seconds >= 172_800) return `${Math.floor(seconds / 86_400)} d`
  if (seconds >= 7200) return `${Math.floor(seconds / 3600)} h`
  if (seconds >= 120) return `${Math.floor(seconds / 60)} min`
  return `${Math.floor(seconds)} s`
}

/** `04:36:50.628` of an ISO time. */
export function clockText(iso: string): string {
  return iso.slice(11, 23)
}

export function dayText(iso: string): string {
  return iso.slice(0, 10)
}

export type Tone = 'good' | 'bad' | 'warn' | 'calm'

/** A sign beside every colour. */
export const signOf: Readonly<Record<Tone, string>> = { good: '✓', bad: '✕', warn: '!', calm: '·' }

export function toneOfState(state: string): Tone {
  switch (state) {
    case 'ready':
    case 'up':
      return 'good'
    case 'stopped':
    case 'down':
      return 'bad'
    case 'degraded':
    case 'draining':
    case 'starting':
    case 'silent':
      return 'warn'
    default:
      return 'calm'
  }
}

export function toneOfLevel(level: string): Tone {
  return level === 'error' ? 'bad' : level === 'warn' ? 'warn' : 'calm'
}

/** Under a third of a usual lifetime is a warning; the nodes warn by their own profile. */
export function toneOfLeft(seconds: number, warnsAt: string, now: number): Tone {
  if (seconds <= 0) return 'bad'
  return Date.parse(warnsAt) <= now ? 'warn' : 'good'
}
