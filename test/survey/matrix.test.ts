import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readMatrix } from '../../scripts/survey-matrix/document.ts'
import { marks, matrixText, stacksOf } from '../../scripts/survey-matrix/page.ts'
import { explainText } from '../../src/explain/text/index.ts'
import { findFault } from '../../src/faults/catalogue/index.ts'
import { surveyedStacks } from '../../src/peers/surveyed-stacks.ts'

const docs = join(import.meta.dirname, '../../docs')
const matrix = readMatrix(join(docs, 'survey.json'))

t.test('the tables of docs/survey.md are those of docs/survey.json', async (t) => {
  const page = readFileSync(join(docs, 'survey.md'), 'utf8')
  t.equal(page.split(marks[0])[1]?.split(marks[1])[0]?.trim(), matrixText(matrix))
})

t.test('explain knows of each stack what docs/survey.json says', async (t) => {
  t.same(surveyedStacks, stacksOf(matrix))
})

/** What a stack sees in place of the fault as it was made. */
const seenAs: Readonly<Record<string, readonly string[]>> = {
  'trailing-dot': ['cert.name-mismatch'],
  wildcard: ['cert.name-mismatch'],
  // More CAs than the depth that is set.
  'deep-chain': ['chain.path-too-long'],
  'wildcard-partial': ['cert.name-mismatch'],
  'wildcard-cn': ['cert.san-missing', 'cert.name-mismatch'],
  'san-email-only': ['cert.san-missing'],
  'san-sip-uri-only': ['cert.san-missing'],
  'tls1.0-both': ['tls.no-common-version'],
  // The list has expired too.
  'crl-expired-revoked': ['crl.expired'],
  // In the trust list, and refused for what it is all the same.
  'self-signed-pinned': ['cert.self-signed'],
  'trust-list-second-corrupt': ['trust.malformed'],
  // Some take no such key, and see no certificate.
  'rsa-pss': ['tls.client-cert-missing'],
  ed25519: ['tls.client-cert-missing'],
  // NSS wants keyEncipherment in every RSA certificate of a server.
  'rsa-1024': ['cert.ku-wrong'],
  'rsa-3072': ['cert.ku-wrong'],
  'dh-too-small': ['cert.ku-wrong'],
}

t.test('of what the stacks printed explain states no single cause that is false', async (t) => {
  const told = matrix.runs.flatMap(({ program, role, tls, trials }) =>
    trials
      .filter(({ outcome, how, stack }) => outcome === 'refused' && how !== 'does not start' && stack !== '')
      .map((trial) => ({ ...trial, where: `${program}, ${role}, TLS ${tls}` })),
  )
  t.ok(told.length > 500, 'the matrix has words')
  const wrong = told.flatMap(({ fault, stack, where }) => {
    const { cause } = explainText(stack.replaceAll(' | ', '\n'))
    const { expect, expectClient } = findFault(fault) ?? {}
    const truth: readonly unknown[] = [expect?.verdict, expectClient?.verdict, ...(seenAs[fault] ?? [])]
    return cause === undefined || truth.includes(cause.code) ? [] : [`${where}, ${fault}: ${cause.code}: ${stack}`]
  })
  t.same(wrong, [])
})

t.test('explain says what a stack that it recognises does not notice', async (t) => {
  const { surveyed } = explainText('remote error: tls: bad certificate')
  t.match(surveyed, { name: 'Go', acceptor: ['cert.name-not-allowed'] })
  t.equal(explainText('tlsv1 alert unknown ca').surveyed, undefined, 'many programs speak the words of OpenSSL')
})
