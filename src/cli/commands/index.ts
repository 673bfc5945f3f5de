/** Every command, in the order `siplab --help` lists them. A new command is one file here and one line below. */
import type { RegisterCommand } from '../command.ts'
import { decodeCommand } from './decode.ts'
import { downCommand } from './down.ts'
import { eventsCommand } from './events.ts'
import { nodeCommand } from './node.ts'
import { statusCommand } from './status.ts'
import { upCommand } from './up.ts'

export const commands: readonly RegisterCommand[] = [upCommand, downCommand, statusCommand, eventsCommand, decodeCommand, nodeCommand]
