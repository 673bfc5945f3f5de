/** `siplab explain FILE`: what a certificate file holds, what is wrong with it, and what to send in which order. */
export { explainFile, type FileAnswer, type FileOptions } from './explain-file.ts'
export { fileText } from './text.ts'
export { readBundle } from './bundle.ts'
export { looksLikeCertificateFile } from './recognise.ts'
