/**
 * The chain of four events an administrator of 2006 found in the log, oldest first: a certificate could not be loaded,
 * the configuration of a class could not be retrieved, the protocol stack could not be initialised, the service shuts
 * down. The wording is ours; which numbers LCS 2005 gave to them is not known, so they carry none.
 */
import { findVerdictCode } from '../certificates/verdict-codes.ts'
import type { Verdict } from '../certificates/verdict.ts'
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
    message: `The initial configuration of the class ${className} could not be retrieved`,
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
    data: { cause: cause.code, remedy: findVerdictCode(cause.code)?.remedy },
  })
}

function isCertificateCause({ code }: Verdict): boolean {
  return /^(cert|chain|key|trust|crl|file)\./.test(code)
}
