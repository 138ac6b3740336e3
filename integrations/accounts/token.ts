/** Tokens: 256 random bits for whoever holds them, their SHA-256 for us. */
import { createHash, randomBytes } from "node:crypto"

/** 43 characters of base64url. */
export const newToken = () => randomBytes(32).toString("base64url")

/** A plain hash is enough from 112 bits of entropy on (OWASP ASVS 5.0, 6.5.2). */
export const tokenHash = (token: string): Uint8Array => createHash("sha256").update(token, "utf8").digest()
