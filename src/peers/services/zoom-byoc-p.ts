/** Zoom Phone, premises peering (BYOC-P). */
import { noted, period, read, reported, unknown } from '../fact.ts'
import type { PeerPolicy } from '../policy.ts'

export const zoomByocP: PeerPolicy = {
  name: 'zoom-byoc-p',
  title: 'Zoom Phone, premises peering (BYOC-P)',
  kind: 'service',
  about: 'Both ends dial over TLS on 5061 with SRTP.',
  checked: '2026-11-28',
  dials: read(['peer', 'us'], 'Z1', 'Z2'),
  endpoints: [],
  revocation: unknown(),
  duties: ['The SBC answers OPTIONS.'],
  periods: [
    period({
      id: 'old-root',
      until: '2023-07-31',
      issuers: reported({ kind: 'public' }, 'Z4'),
      privateCa: reported('refused', 'Z4'),
      showsRoots: read(['digicert-global-root-ca'], 'Z3'),
    }),
    period({
      id: 'g2',
      since: '2023-08-01',
      issuers: reported({ kind: 'public' }, 'Z4'),
      privateCa: reported('refused', 'Z4'),
      showsRoots: noted(
        read(['digicert-global-root-g2', 'digicert-global-root-ca'], 'Z3'),
        'the old root is to be kept until Zoom has moved',
      ),
    }),
  ],
  sources: {
    Z1: 'support.zoom.com KB0079205, call processing',
    Z2: 'library.zoom.com, BYOC-P',
    Z3: 'support.zoom.com KB0061202, root update',
    Z4: 'sipsymposium.com, Zoom Phone BYOC guide (Apr 2026)',
  },
}
