/**
 * The chain of four events an administrator of 2006 found in the log, oldest first: a certificate could not be loaded,
 * the configuration of a class could not be retrieved, the protocol stack could not be initialised, the service shuts
 * down. The wording is ours; which numbers LCS 2005 gave to them is not known, so they carry none.
 */
import type { Verdict } from '../verdicts/verdict.ts'
import type { Recorder } from './recorder.ts'

/** Writes the chain for one cause. The class is where the original looked for the reference. */
export function recordFailureChain(
  recorder: Recorder,
  cause: Verdict,
  options: { readonly reference?: string; readonly className?: string } = {},
): void {
  const hresult = cause.windows?.hresult
  const certificate = cause.certificate
  if (isCertificateCause(cause)) {
    recorder.record('certificate.not-loaded', {
      verdict: cause,
      message:
        'A configured certificate could not be loaded. Serial number: ' +
        `${certificate?.serialReversed ?? 'unknown'} (in the order of the certificate dialog: ` +
        `${certificate?.serial ?? 'unknown'}). Error: ${hresult ?? 'none known'}`,
      data: {
        ...(options.reference === undefined ? {} : { reference: options.reference }),
        ...(certificate === undefined
          ? {}
          : { serial: certificate.serial, serialReversed: certificate.serialReversed }),
        ...(hresult === undefined ? {} : { hresult }),
      },
    })
  }
  const className = options.className ?? 'MSFT_SIPRoutingSetting'
  recorder.record('configuration.not-retrieved', {
    verdict: cause,
    message: `The initial configuration of the class ${className} could not be retrieved. ${usualCauses(cause)}`,
    data: { class: className, cause: cause.code, ...(hresult === undefined ? {} : { hresult }) },
  })
  recorder.record('service.stack-failed', {
    verdict: cause,
    message: 'The protocol stack could not be initialised; the service has to stop',
    data: { cause: cause.code },
  })
  recorder.record('service.shut-down', {
    verdict: cause,
    message: 'The service shuts down because of an internal error',
    data: { cause: cause.code, remedy: cause.fix },
  })
}

/** The causes that the event of 2005 named itself, beside the one that was found here. */
export function usualCauses({ code, message }: Pick<Verdict, 'code' | 'message'>): string {
  return (
    'Usual causes: the directory or the SQL back end is down, the rights of the service account were changed, an ' +
    'entry of the class is invalid, the local repository is damaged, or one domain is both a direct partner and of ' +
    `an IM provider. Found here: ${code}, ${message}`
  )
}

function isCertificateCause({ code }: Verdict): boolean {
  return /^(cert|chain|key|trust|crl|file)\./.test(code)
}
