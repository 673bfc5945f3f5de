/** Control: the very certificate stands in the trust list. */
import { accepted, type Fault } from './fault.ts'
import { selfSignedPresenter } from './parts.ts'

export const selfSignedPinned: Fault = {
  slug: 'self-signed-pinned',
  family: 'trust',
  sides: ['server', 'client'],
  story: 'The peer presents a certificate that it signed itself, and this end trusts exactly that one',
  make(pki) {
    const presenter = selfSignedPresenter(pki)
    return { ...pki.good(), presenter, judge: { trust: [pki.root.pem, String(presenter.certificate)] } }
  },
  expect: accepted,
}
