/**
 * @peculiar/x509, the second judge of what the authority writes. Its dependency container wants the metadata part of
 * the old decorators proposal on `Reflect`; the three functions it calls stand here, so that no polyfill has to be
 * installed.
 */
const metadata = new WeakMap<object, Map<unknown, unknown>>()

function defineMetadata(key: unknown, value: unknown, target: object): void {
  const own = metadata.get(target) ?? new Map<unknown, unknown>()
  metadata.set(target, own.set(key, value))
}

const getOwnMetadata = (key: unknown, target: object): unknown => metadata.get(target)?.get(key)

function getMetadata(key: unknown, target: object): unknown {
  const parent: unknown = Object.getPrototypeOf(target)
  return (
    getOwnMetadata(key, target) ??
    (typeof parent === 'object' && parent !== null ? getMetadata(key, parent) : undefined)
  )
}

Object.assign(Reflect, { defineMetadata, getMetadata, getOwnMetadata })

export const x509 = await import('@peculiar/x509')
