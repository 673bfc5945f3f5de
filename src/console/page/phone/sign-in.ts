/** What a sign-in form knows: the users of the lab, and the ways in that fit the chosen one. */
import { useState } from 'preact/hooks'
import type { PlanDocument } from '../documents.ts'
import type { Account } from './phone-model.ts'
import { type WayIn, waysIn } from './ways.ts'

export interface SignInForm {
  readonly uri: string
  readonly setUri: (uri: string) => void
  readonly password: string
  readonly setPassword: (password: string) => void
  readonly ways: readonly WayIn[]
  readonly way: WayIn | undefined
  readonly setWay: (address: string) => void
  readonly account: Account
}

/** @param at which user of the lab is proposed, counted from 0 */
export function useSignIn(plan: PlanDocument, at: number, from: WayIn['from']): SignInForm {
  const [uri, setUri] = useState((plan.users[at] ?? plan.users[0])?.uri ?? '')
  const [typed, setPassword] = useState<string>()
  const [address, setWay] = useState<string>()
  const user = plan.users.find((each) => each.uri === uri)
  const ways = waysIn(plan, uri.slice(uri.indexOf('@') + 1))
  const way = ways.find((each) => each.address === address) ?? ways.find((each) => each.from === from) ?? ways[0]
  const password = typed ?? user?.password ?? ''
  const login = user?.login ?? uri.replace(/^sips?:/, '').split('@')[0] ?? ''
  return { uri, setUri, password, setPassword, ways, way, setWay, account: { uri, login, password } }
}
