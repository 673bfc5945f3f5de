/** What `siplab doctor` found out about one thing. */
export interface Finding {
  readonly about: string
  /** `failed`: no lab comes up here. `missing`: a feature is out of reach. `note`: worth knowing. */
  readonly state: 'ok' | 'note' | 'missing' | 'failed'
  readonly found: string
  /** What it is for, or what is not possible without it. */
  readonly concerns: string
  /** What to do, ready to paste where it is a command. Only where something is to be done. */
  readonly fix?: string
}

/** Where siplab runs, as far as it matters here. */
export type Platform = 'linux' | 'wsl' | 'macos' | 'other'

/** @param kernel the text of /proc/version, empty where there is none */
export function platformOf(name: NodeJS.Platform, kernel: string): Platform {
  if (name === 'darwin') return 'macos'
  if (name !== 'linux') return 'other'
  return /microsoft/i.test(kernel) ? 'wsl' : 'linux'
}
