/** The page: its frame is here at once, each view comes when it is first looked at. */
import { render } from 'preact'
import { connect } from './live.ts'
import { Frame } from './frame.tsx'
import { applyTheme } from './theme.ts'

applyTheme()
connect()
const place = document.getElementById('page')
if (place !== null) {
  place.replaceChildren()
  render(<Frame />, place)
}
