/** Papers under lock: bytes lie sealed under a key of one person, one retention class, one country and one year, so that destroying a key makes noise of them all. */
import { Context, type Effect } from "effect"
import type { Country, SubjectId } from "#machines/vocabulary.ts"
import type { PaperClass } from "../retention/retention.ts"

/** Whose, and by which rule it is kept. The year is that of `at`, by UTC. */
export interface Drawer {
  readonly subjectId: SubjectId
  readonly paperClass: PaperClass
  readonly country: Country
  readonly at: Date
}

/** As it lies in a table: nonce (12 bytes), ciphertext, tag (16). */
export interface SealedPaper {
  readonly keyId: string
  readonly sealed: Uint8Array
}

export class PaperVault extends Context.Service<
  PaperVault,
  {
    /** AES-256-GCM under the drawer's key, which is made where there is none. `sha256`, of the clear bytes (hex), is sealed along: a paper put into another's row does not open. */
    readonly seal: (drawer: Drawer, sha256: string, bytes: Uint8Array) => Effect.Effect<SealedPaper>
    /** The clear bytes; null where the key is destroyed. Dies where a byte was changed, or PERSONS_KEY is another. */
    readonly open: (paper: SealedPaper, sha256: string) => Effect.Effect<Uint8Array | null>
  }
>()("integrations/PaperVault") {}
