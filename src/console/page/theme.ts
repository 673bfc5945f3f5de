/** Light or dark: as the machine is set, or as the reader chose here. */

export type Theme = 'system' | 'light' | 'dark'

const key = 'siplab-theme'
const order: readonly Theme[] = ['system', 'light', 'dark']

export function currentTheme(): Theme {
  const stored = localStorage.getItem(key)
  return order.find((theme) => theme === stored) ?? 'system'
}

export function applyTheme(): void {
  const theme = currentTheme()
  if (theme === 'system') delete document.documentElement.dataset['theme']
  else document.documentElement.dataset['theme'] = theme
}

/** The next of system, light, dark. */
export function nextTheme(): Theme {
  const next = order[(order.indexOf(currentTheme()) + 1) % order.length] ?? 'system'
  localStorage.setItem(key, next)
  applyTheme()
  return next
}
