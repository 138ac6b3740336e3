/** Somebody outside who remembers how far our audit had come: what is cut off or rewritten here afterwards contradicts them (I04). */
import { Context, type Effect, Schema } from "effect"

export interface Deposit {
  /** The hash at position 0, hex. */
  readonly chain: string
  /** The head that the witness knows, as far as we know: 0 at the beginning. */
  readonly after: number
  /** The entries from there to the new head, each the SHA-256 of a row; at most 4,096. */
  readonly entries: ReadonlyArray<Uint8Array>
  /** The new head, signed: a JWS of `{v, chain, position, hash}`, EdDSA, typ caas-audit-head+jws. */
  readonly signed: string
  /** Ed25519, base64url. The witness keeps the first that it is told for a chain, and believes no other. */
  readonly publicKey: string
}

export class AuditWitness extends Context.Service<
  AuditWitness,
  {
    /** Kept where no role of ours can write. Twice is once. Answers when, by the witness's clock. */
    readonly deposit: (deposit: Deposit) => Effect.Effect<{ readonly at: string }, HeadRefused | WitnessUnreachable>
  }
>()("integrations/AuditWitness") {}

/**
 * What we bring does not go on from what the witness knows, or is not signed by the key it knows: `does_not_extend`, `unknown_position`,
 * `not_signed`. Somebody has changed the past, or an old copy of the database is alive: wake somebody, and touch nothing.
 */
export class HeadRefused extends Schema.TaggedError<HeadRefused>()("HeadRefused", { reason: Schema.String }) {}

/** Nobody knows whether it was kept. Brought again, it is kept once. */
export class WitnessUnreachable extends Schema.TaggedError<WitnessUnreachable>()("WitnessUnreachable", {
  cause: Schema.Defect()
}) {}
