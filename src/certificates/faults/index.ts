/** Every fault of the catalogue, by family. Written by scripts/faults-index.ts; a test checks that it is current. */
import type { Fault } from './fault.ts'
import { alpnMismatch } from './alpn-mismatch.ts'
import { alpnOneSide } from './alpn-one-side.ts'
import { anyEku } from './any-eku.ts'
import { badSignature } from './bad-signature.ts'
import { caRenewedOldCopy } from './ca-renewed-old-copy.ts'
import { caRenewed } from './ca-renewed.ts'
import { caRotated } from './ca-rotated.ts'
import { certBlocksJoined } from './cert-blocks-joined.ts'
import { certBom } from './cert-bom.ts'
import { certCorrupt } from './cert-corrupt.ts'
import { certCrlf } from './cert-crlf.ts'
import { certDer } from './cert-der.ts'
import { certEmpty } from './cert-empty.ts'
import { certEndMissing } from './cert-end-missing.ts'
import { certGarbage } from './cert-garbage.ts'
import { certIndented } from './cert-indented.ts'
import { certIsKey } from './cert-is-key.ts'
import { certMissing } from './cert-missing.ts'
import { certNoFinalNewline } from './cert-no-final-newline.ts'
import { certP7b } from './cert-p7b.ts'
import { certSecondCorrupt } from './cert-second-corrupt.ts'
import { certSecondMislabelled } from './cert-second-mislabelled.ts'
import { certTextAround } from './cert-text-around.ts'
import { certUtf16 } from './cert-utf16.ts'
import { chainExtra } from './chain-extra.ts'
import { chainOutOfOrder } from './chain-out-of-order.ts'
import { chainSecondMislabelled } from './chain-second-mislabelled.ts'
import { clientCertMissing } from './client-cert-missing.ts'
import { clientWrongName } from './client-wrong-name.ts'
import { cnMatchesSanDoesNot } from './cn-matches-san-does-not.ts'
import { cnOnly } from './cn-only.ts'
import { codeSigningOnly } from './code-signing-only.ts'
import { crlBadSignature } from './crl-bad-signature.ts'
import { crlConcatenated } from './crl-concatenated.ts'
import { crlExpiredRevoked } from './crl-expired-revoked.ts'
import { crlExpired } from './crl-expired.ts'
import { crlGarbage } from './crl-garbage.ts'
import { crlIssuerNoCrlsign } from './crl-issuer-no-crlsign.ts'
import { crlMissingForIssuing } from './crl-missing-for-issuing.ts'
import { crlMissingForRoot } from './crl-missing-for-root.ts'
import { crlNewerUnrevokes } from './crl-newer-unrevokes.ts'
import { crlNoNextUpdate } from './crl-no-next-update.ts'
import { crlNotOnSniContext } from './crl-not-on-sni-context.ts'
import { crlNotYetValid } from './crl-not-yet-valid.ts'
import { crlWrongLabel } from './crl-wrong-label.ts'
import { crossSignedOldRootOnly } from './cross-signed-old-root-only.ts'
import { crossSigned } from './cross-signed.ts'
import { deepChain } from './deep-chain.ts'
import { duplicateSans } from './duplicate-sans.ts'
import { ecdsaCertRsaCiphers } from './ecdsa-cert-rsa-ciphers.ts'
import { ed25519Ca } from './ed25519-ca.ts'
import { ed25519 } from './ed25519.ts'
import { expiredIntermediate } from './expired-intermediate.ts'
import { expiredOwnAtStart } from './expired-own-at-start.ts'
import { expiredRoot } from './expired-root.ts'
import { expired } from './expired.ts'
import { incompleteChainHidden } from './incomplete-chain-hidden.ts'
import { incompleteChain } from './incomplete-chain.ts'
import { intermediateOnlyTrustedAllowed } from './intermediate-only-trusted-allowed.ts'
import { intermediateOnlyTrusted } from './intermediate-only-trusted.ts'
import { intermediateRevoked } from './intermediate-revoked.ts'
import { internationalised } from './internationalised.ts'
import { ipAsDnsSan } from './ip-as-dns-san.ts'
import { ipInCn } from './ip-in-cn.ts'
import { ipNotInSan } from './ip-not-in-san.ts'
import { ipSan } from './ip-san.ts'
import { issuerEkuNarrowClient } from './issuer-eku-narrow-client.ts'
import { issuerEkuNarrow } from './issuer-eku-narrow.ts'
import { issuerNoBasicConstraints } from './issuer-no-basic-constraints.ts'
import { issuerNoKeycertsign } from './issuer-no-keycertsign.ts'
import { keyDer } from './key-der.ts'
import { keyEmpty } from './key-empty.ts'
import { keyEncrypted } from './key-encrypted.ts'
import { keyInSameFile } from './key-in-same-file.ts'
import { keyIsCertificate } from './key-is-certificate.ts'
import { keyIsOpenssh } from './key-is-openssh.ts'
import { keyIsPublic } from './key-is-public.ts'
import { keyMismatchTypeLive } from './key-mismatch-type-live.ts'
import { keyMismatchType } from './key-mismatch-type.ts'
import { keyMismatch } from './key-mismatch.ts'
import { keyMissing } from './key-missing.ts'
import { keyOpenToOthers } from './key-open-to-others.ts'
import { keyTruncated } from './key-truncated.ts'
import { keyUnreadable } from './key-unreadable.ts'
import { keyWrongPassphrase } from './key-wrong-passphrase.ts'
import { kuCertsignOnly } from './ku-certsign-only.ts'
import { kuEnciphermentOnly } from './ku-encipherment-only.ts'
import { leafIsCa } from './leaf-is-ca.ts'
import { leafTwice } from './leaf-twice.ts'
import { machineNameMissing } from './machine-name-missing.ts'
import { manySans } from './many-sans.ts'
import { md5Signature } from './md5-signature.ts'
import { mustStaple } from './must-staple.ts'
import { nameCase } from './name-case.ts'
import { nameConstraintsExcluded } from './name-constraints-excluded.ts'
import { nameConstraintsPermitted } from './name-constraints-permitted.ts'
import { noClientAuthEku } from './no-client-auth-eku.ts'
import { noCommonCipher } from './no-common-cipher.ts'
import { noCommonGroup } from './no-common-group.ts'
import { noCommonSigalg } from './no-common-sigalg.ts'
import { noEku } from './no-eku.ts'
import { noServerAuthEku } from './no-server-auth-eku.ts'
import { noSni } from './no-sni.ts'
import { noSubject } from './no-subject.ts'
import { notACaIssuer } from './not-a-ca-issuer.ts'
import { notYetValidIntermediate } from './not-yet-valid-intermediate.ts'
import { notYetValidOwnAtStart } from './not-yet-valid-own-at-start.ts'
import { notYetValid } from './not-yet-valid.ts'
import { ocspResponderError } from './ocsp-responder-error.ts'
import { ocspStapleGarbage } from './ocsp-staple-garbage.ts'
import { ocspStapleMissing } from './ocsp-staple-missing.ts'
import { p384 } from './p384.ts'
import { pathLengthExceeded } from './path-length-exceeded.ts'
import { poolNameMissing } from './pool-name-missing.ts'
import { publicCert2026 } from './public-cert-2026.ts'
import { rc4Cipher } from './rc4-cipher.ts'
import { reversedChain } from './reversed-chain.ts'
import { revokedUnchecked } from './revoked-unchecked.ts'
import { revoked } from './revoked.ts'
import { rootIncluded } from './root-included.ts'
import { rsa1024Ca } from './rsa-1024-ca.ts'
import { rsa1024Own } from './rsa-1024-own.ts'
import { rsa1024 } from './rsa-1024.ts'
import { rsa3072 } from './rsa-3072.ts'
import { rsaPss } from './rsa-pss.ts'
import { sameNameOtherKey } from './same-name-other-key.ts'
import { sanEmailOnly } from './san-email-only.ts'
import { sanSipUriOnly } from './san-sip-uri-only.ts'
import { selfSignedPinned } from './self-signed-pinned.ts'
import { selfSigned } from './self-signed.ts'
import { sha1Root } from './sha1-root.ts'
import { sha1Signature } from './sha1-signature.ts'
import { shortLived } from './short-lived.ts'
import { sipEkuOnly } from './sip-eku-only.ts'
import { tls10Both } from './tls1.0-both.ts'
import { tls10Client } from './tls1.0-client.ts'
import { tls10Server } from './tls1.0-server.ts'
import { tls12Server13Client } from './tls1.2-server-1.3-client.ts'
import { tooManySans } from './too-many-sans.ts'
import { trailingDot } from './trailing-dot.ts'
import { trustListEmpty } from './trust-list-empty.ts'
import { trustListGarbage } from './trust-list-garbage.ts'
import { trustListMissing } from './trust-list-missing.ts'
import { trustListSecondCorrupt } from './trust-list-second-corrupt.ts'
import { trustListTooLong } from './trust-list-too-long.ts'
import { trustedCertificateLabel } from './trusted-certificate-label.ts'
import { unknownCriticalExtension } from './unknown-critical-extension.ts'
import { untrustedLeafIssuer } from './untrusted-leaf-issuer.ts'
import { untrustedRootSent } from './untrusted-root-sent.ts'
import { untrustedRoot } from './untrusted-root.ts'
import { wildcardBareDomain } from './wildcard-bare-domain.ts'
import { wildcardCn } from './wildcard-cn.ts'
import { wildcardPartial } from './wildcard-partial.ts'
import { wildcardTwoLabels } from './wildcard-two-labels.ts'
import { wildcard } from './wildcard.ts'
import { wrongHost } from './wrong-host.ts'

export const faults: readonly Fault[] = [
  expiredIntermediate,
  expiredOwnAtStart,
  expiredRoot,
  expired,
  notYetValidIntermediate,
  notYetValidOwnAtStart,
  notYetValid,
  shortLived,
  badSignature,
  caRenewedOldCopy,
  caRenewed,
  caRotated,
  chainExtra,
  chainOutOfOrder,
  chainSecondMislabelled,
  crossSignedOldRootOnly,
  crossSigned,
  deepChain,
  incompleteChainHidden,
  incompleteChain,
  intermediateOnlyTrustedAllowed,
  intermediateOnlyTrusted,
  issuerNoBasicConstraints,
  issuerNoKeycertsign,
  leafIsCa,
  leafTwice,
  nameConstraintsExcluded,
  nameConstraintsPermitted,
  notACaIssuer,
  pathLengthExceeded,
  reversedChain,
  rootIncluded,
  sameNameOtherKey,
  selfSignedPinned,
  selfSigned,
  trustListEmpty,
  trustListGarbage,
  trustListMissing,
  trustListSecondCorrupt,
  trustListTooLong,
  unknownCriticalExtension,
  untrustedLeafIssuer,
  untrustedRootSent,
  untrustedRoot,
  clientWrongName,
  cnMatchesSanDoesNot,
  cnOnly,
  duplicateSans,
  internationalised,
  ipAsDnsSan,
  ipInCn,
  ipNotInSan,
  ipSan,
  machineNameMissing,
  manySans,
  nameCase,
  noSni,
  noSubject,
  poolNameMissing,
  sanEmailOnly,
  sanSipUriOnly,
  tooManySans,
  trailingDot,
  wildcardBareDomain,
  wildcardCn,
  wildcardPartial,
  wildcardTwoLabels,
  wildcard,
  wrongHost,
  anyEku,
  codeSigningOnly,
  issuerEkuNarrowClient,
  issuerEkuNarrow,
  kuCertsignOnly,
  kuEnciphermentOnly,
  noClientAuthEku,
  noEku,
  noServerAuthEku,
  publicCert2026,
  sipEkuOnly,
  crlBadSignature,
  crlConcatenated,
  crlExpiredRevoked,
  crlExpired,
  crlGarbage,
  crlIssuerNoCrlsign,
  crlMissingForIssuing,
  crlMissingForRoot,
  crlNewerUnrevokes,
  crlNoNextUpdate,
  crlNotOnSniContext,
  crlNotYetValid,
  crlWrongLabel,
  intermediateRevoked,
  mustStaple,
  ocspResponderError,
  ocspStapleGarbage,
  ocspStapleMissing,
  revokedUnchecked,
  revoked,
  ed25519Ca,
  ed25519,
  md5Signature,
  noCommonSigalg,
  p384,
  rsa1024Ca,
  rsa1024Own,
  rsa1024,
  rsa3072,
  rsaPss,
  sha1Root,
  sha1Signature,
  certBlocksJoined,
  certBom,
  certCorrupt,
  certCrlf,
  certDer,
  certEmpty,
  certEndMissing,
  certGarbage,
  certIndented,
  certIsKey,
  certMissing,
  certNoFinalNewline,
  certP7b,
  certSecondCorrupt,
  certSecondMislabelled,
  certTextAround,
  certUtf16,
  keyDer,
  keyEmpty,
  keyEncrypted,
  keyInSameFile,
  keyIsCertificate,
  keyIsOpenssh,
  keyIsPublic,
  keyMismatchTypeLive,
  keyMismatchType,
  keyMismatch,
  keyMissing,
  keyOpenToOthers,
  keyTruncated,
  keyUnreadable,
  keyWrongPassphrase,
  trustedCertificateLabel,
  alpnMismatch,
  alpnOneSide,
  clientCertMissing,
  ecdsaCertRsaCiphers,
  noCommonCipher,
  noCommonGroup,
  rc4Cipher,
  tls10Both,
  tls10Client,
  tls10Server,
  tls12Server13Client,
]

/** The fault of this name, e.g. `expired`. Absent when there is none. */
export function findFault(slug: string): Fault | undefined {
  return faults.find((fault) => fault.slug === slug)
}
