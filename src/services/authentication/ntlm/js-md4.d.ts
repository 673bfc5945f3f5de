/** The one function of js-md4 that is used here; the package has no types. */
declare module 'js-md4' {
  const md4: { arrayBuffer(data: Uint8Array): ArrayBuffer }
  export default md4
}
