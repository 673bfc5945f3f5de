/** Every command, in the order `siplab --help` lists them. A new command is one file here and one line below. */
import type { RegisterCommand } from '../command.ts'
import { decodeCommand } from './decode.ts'
import { downCommand } from './down.ts'
import { eventsCommand } from './events.ts'
import { statusCommand } from './status.ts'

export const commands: readonly RegisterCommand[] = [downCommand, statusCommand, eventsCommand, decodeCommand]
