/** What is wrong in each run between a foreign stack and ours: the files of both ends, and the true cause. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { dns, faultPki, show, type FaultPki, type LeafChange } from '../../src/faults/catalogue/fault-pki.ts'
import { findFault } from '../../src/faults/catalogue/index.ts'
import type { VerdictCode } from '../../src/verdicts/codes.ts'
import { dialledName, type EndFiles, type Identity } from '../stacks/stack.ts'

/** One end shows a certificate, the other judges it; one thing is wrong, or nothing. */
export interface Case {
  readonly slug: string
  /** The codes that name the true cause; none: nothing is wrong. */
  readonly truth: readonly VerdictCode[]
  /** Which ends can show it: a server looks at no name of its client. */
  readonly shownBy: 'both' | 'acceptor' | 'dialler'
  /** Files of the end that shows, and of the end that judges. */
  readonly presenter: EndFiles
  readonly judge: EndFiles
}

interface Recipe {
  readonly slug: string
  readonly truth: readonly VerdictCode[]
  readonly shownBy?: Case['shownBy']
  readonly chain?: (pki: FaultPki) => { readonly certificate: string; readonly key: string } | undefined
  readonly crl?: (pki: FaultPki, serial: string) => string
  readonly judgesClock?: string
}

const day = 86_400_000

const recipes: readonly Recipe[] = [
  { slug: 'nothing', truth: [] },
  {
    slug: 'expired',
    truth: ['cert.expired'],
    chain: (pki) => leaf(pki, { notBefore: at(pki, -30), notAfter: at(pki, -2) }),
  },
  {
    slug: 'not-yet-valid',
    truth: ['cert.not-yet-valid'],
    chain: (pki) => leaf(pki, { notBefore: at(pki, 2), notAfter: at(pki, 30) }),
  },
  {
    slug: 'unknown-root',
    truth: ['chain.untrusted-root'],
    chain: unknownRoot,
  },
  { slug: 'incomplete-chain', truth: ['chain.incomplete'], chain: (pki) => asText(show(pki.leaf())) },
  { slug: 'self-signed', truth: ['cert.self-signed'], chain: selfSigned },
  {
    slug: 'wrong-purpose',
    truth: ['cert.eku-missing'],
    chain: (pki) => leaf(pki, { purposes: ['codeSigning'] }),
  },
  {
    slug: 'wrong-name',
    truth: ['cert.name-mismatch'],
    shownBy: 'acceptor',
    chain: (pki) => leaf(pki, { commonName: 'other.lab.test', names: [dns('other.lab.test')] }),
  },
  { slug: 'expired-issuer', truth: ['chain.expired'], chain: expiredIssuer },
  {
    slug: 'bad-signature',
    truth: ['cert.signature-invalid', 'chain.issuer-mismatch'],
    chain: (pki) => leaf(pki, { wrongSignature: true }),
  },
  {
    slug: 'revoked',
    truth: ['cert.revoked'],
    crl: (pki, serial) => pki.crl(pki.issuing, { revoked: [{ serial, at: at(pki, -1) }] }) + pki.crl(pki.root),
  },
  { slug: 'no-certificate', truth: ['tls.client-cert-missing'], shownBy: 'dialler', chain: () => undefined },
  { slug: 'clock-ahead', truth: ['clock.wrong'], judgesClock: '+800d' },
]

const p256 = { keyType: 'p256' } as const satisfies LeafChange

/** Writes the files of every case below `folder`. */
export function makeCases(folder: string, now: number): readonly Case[] {
  const pki = faultPki({ now, name: dialledName, leaf: p256 })
  return recipes.map((recipe) => makeCase(join(folder, recipe.slug), pki, recipe))
}

function makeCase(folder: string, pki: FaultPki, { slug, truth, shownBy, chain, crl, judgesClock }: Recipe): Case {
  mkdirSync(folder, { recursive: true })
  const good = pki.leaf()
  const shown = chain === undefined ? asText(show(good, pki.issuing)) : chain(pki)
  const trust = write(folder, 'roots.pem', pki.root.pem)
  const judgeOwn = asText(show(pki.leaf({ names: [dns('judge.lab.test'), dns(dialledName)] }), pki.issuing))
  return {
    slug,
    truth,
    shownBy: shownBy ?? 'both',
    presenter: {
      folder: made(folder, 'presenter'),
      own: shown === undefined ? undefined : identity(folder, 'shown', shown),
      trust,
      crl: undefined,
      clock: undefined,
    },
    judge: {
      folder: made(folder, 'judge'),
      own: identity(folder, 'judge', judgeOwn),
      trust,
      crl: crl === undefined ? undefined : write(folder, 'crls.pem', crl(pki, good.serial)),
      clock: judgesClock,
    },
  }
}

function leaf(pki: FaultPki, change: LeafChange): { readonly certificate: string; readonly key: string } {
  return asText(show(pki.leaf(change), pki.issuing))
}

function unknownRoot(pki: FaultPki): { readonly certificate: string; readonly key: string } {
  const root = pki.ca({ commonName: 'Root CA of strangers', keyType: 'p256' })
  const issuing = pki.ca({ commonName: 'Issuing CA of strangers', issuer: root, keyType: 'p256' })
  return asText(show(pki.leaf({ issuer: issuing }), issuing))
}

function selfSigned(pki: FaultPki): { readonly certificate: string; readonly key: string } {
  const { presenter } = findFault('self-signed')?.make(pki) ?? {}
  if (presenter === undefined) throw new Error('the catalogue has no fault self-signed')
  return asText(presenter)
}

function expiredIssuer(pki: FaultPki): { readonly certificate: string; readonly key: string } {
  const old = pki.ca({ commonName: 'Issuing CA that ended', issuer: pki.root, keyType: 'p256', notAfter: at(pki, -2) })
  return asText(show(pki.leaf({ issuer: old }), old))
}

function asText({ certificate, key }: ReturnType<typeof show>): { readonly certificate: string; readonly key: string } {
  return { certificate: String(certificate), key: String(key) }
}

function at({ now }: FaultPki, days: number): Date {
  return new Date(now + days * day)
}

function identity(folder: string, name: string, { certificate, key }: ReturnType<typeof asText>): Identity {
  return { chain: write(folder, `${name}.pem`, certificate), key: write(folder, `${name}.key`, key) }
}

function write(folder: string, name: string, content: string): string {
  const path = join(folder, name)
  writeFileSync(path, content, { mode: 0o600 })
  return path
}

function made(folder: string, name: string): string {
  const path = join(folder, name)
  mkdirSync(path, { recursive: true })
  return path
}
