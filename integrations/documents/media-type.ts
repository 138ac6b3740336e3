/** What a paper really is, told by its first bytes, whatever its name says. */

const signatures = {
  "application/pdf": [0x25, 0x50, 0x44, 0x46, 0x2d], // "%PDF-", ISO 32000-1, 7.5.2
  "image/jpeg": [0xff, 0xd8, 0xff], // ISO/IEC 10918-1: SOI and the next marker
  "image/png": [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] // RFC 2083, 3.1
} as const

export type MediaType = keyof typeof signatures

/** Null where it is none of the three we keep. */
export const mediaType = (bytes: Uint8Array): MediaType | null =>
  (Object.keys(signatures) as Array<MediaType>).find((type) => signatures[type].every((byte, place) => bytes[place] === byte)) ??
  null
