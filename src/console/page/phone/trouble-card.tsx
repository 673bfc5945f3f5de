/** Why the phone did not get in: what the browser said, what the listening node saw, what the check found. */
import type { JSX } from 'preact'
import type { Verdict } from '../documents.ts'
import { Copy } from '../parts/copy.tsx'
import { State } from '../parts/state.tsx'
import { Fact, VerdictCard } from '../parts/verdict.tsx'
import { RootCard } from './root-card.tsx'
import type { Trouble } from './trouble.ts'
import type { WayIn } from './ways.ts'

type NoSocket = Extract<Trouble, { readonly kind: 'no-socket' }>

export function TroubleCard({ trouble }: { readonly trouble: Trouble }): JSX.Element {
  return (
    <section class="panel sign-in-trouble" aria-label="Why the phone did not sign in" role="status">
      <h2>
        <State tone="bad" text={trouble.kind === 'refused' ? 'refused' : 'not signed in'} /> {trouble.what}
      </h2>
      {trouble.kind === 'asking' && <p class="soft">A browser says no more. Asking the server what it saw…</p>}
      {trouble.kind === 'no-socket' && <Found trouble={trouble} />}
    </section>
  )
}

function Found({ trouble: { way, seen, step, checkFailed } }: { readonly trouble: NoSocket }): JSX.Element {
  return (
    <>
      {seen === undefined ? <Unseen way={way} /> : <Seen way={way} certificate={seen.certificate} />}
      {seen !== undefined && <VerdictCard verdict={seen} />}
      <h3>siplab check of the same address</h3>
      {checkFailed !== undefined ? (
        <p>It gave no answer: {checkFailed}</p>
      ) : step === undefined ? (
        <p>
          <State tone="good" text="ok" /> By the roots of this lab the certificate is good for {way.host}: what refused
          it is the trust list of this browser.
        </p>
      ) : (
        <p>
          <State tone="bad" text={step.code} /> {step.sentence} {step.remedy}
        </p>
      )}
      {step === undefined && seen !== undefined && <RootCard way={way} />}
    </>
  )
}

function Seen({
  way,
  certificate,
}: {
  readonly way: WayIn
  readonly certificate: Verdict['certificate']
}): JSX.Element {
  return (
    <>
      <p>
        The connection reached <strong>{way.node}</strong>, and this browser ended it when it had seen the certificate.
      </p>
      {certificate !== undefined && (
        <dl class="facts">
          <Fact name="Certificate" value={certificate.subject} />
          <Fact name="For" value={certificate.subjectAltNames.join(', ')} />
          <Fact name="Issued by" value={certificate.issuer} />
          <Fact name="Until" value={certificate.notAfter} />
        </dl>
      )}
    </>
  )
}

function Unseen({ way }: { readonly way: WayIn }): JSX.Element {
  const hosts = `${way.ip} ${way.host}`
  const chromium = `chromium --host-resolver-rules='MAP ${way.host} ${way.ip}'`
  return (
    <>
      <p>
        {way.node} saw no certificate refused at {way.ip}:{way.port}. Most likely this browser does not find the name{' '}
        {way.host}, which only the DNS of the lab knows. A line of the hosts file tells it, or an option of Chromium:
      </p>
      <p class="typed">
        <code>{hosts}</code> <Copy text={hosts} what="line of the hosts file" />
      </p>
      <p class="typed">
        <code>{chromium}</code> <Copy text={chromium} what="command for Chromium" />
      </p>
    </>
  )
}
