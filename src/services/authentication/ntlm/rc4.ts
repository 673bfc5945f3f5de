/** RC4, which Node's OpenSSL no longer offers ([MS-NLMP] 3.4; RFC 6229). Only for NTLM: the cipher is weak. */

/** The key stream over the data: the same call encrypts and decrypts. */
export function rc4(key: Uint8Array, data: Uint8Array): Buffer {
  const state = Uint8Array.from({ length: 256 }, (_, at) => at)
  const at = (place: number): number => state[place & 255] ?? 0
  const swap = (one: number, other: number): void => {
    const kept = at(one)
    state[one & 255] = at(other)
    state[other & 255] = kept
  }
  for (let i = 0, j = 0; i < 256; i++) {
    j = (j + at(i) + (key[i % key.length] ?? 0)) & 255
    swap(i, j)
  }
  let j = 0
  return Buffer.from(
    data.map((octet, index) => {
      const i = index + 1
      j = (j + at(i)) & 255
      swap(i, j)
      return octet ^ at(at(i) + at(j))
    }),
  )
}
