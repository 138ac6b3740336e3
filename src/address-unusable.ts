/** What a process says that cannot open its door. */
import { Schema } from "effect"

/** It cannot listen there: another program does, or the address is not of this machine. */
export class AddressUnusable extends Schema.TaggedError<AddressUnusable>()("AddressUnusable", {
  address: Schema.String,
  /** What names the address in the environment. */
  variables: Schema.String,
  cause: Schema.Defect()
}) {
  override get message() {
    const why = this.cause instanceof Error ? this.cause.message : String(this.cause)
    return `This process cannot listen at ${this.address} (${why}). Set ${this.variables} to an address of this machine and a port that is free.`
  }
}
