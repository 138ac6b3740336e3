/** Passkeys (WebAuthn level 3): what a device signs for one door alone, so that no other page can ask for it. Two factors at once: the device, and what opens it. */
import type { AuthenticationResponseJSON, RegistrationResponseJSON } from "@simplewebauthn/server"
import { Context, type Effect, Schema } from "effect"
import type { SubjectId } from "#machines/vocabulary.ts"
import type { Caller, Door, SignInFailed, StepUpFailed } from "../accounts/accounts.ts"

/** What a browser answers to the options of a passkey that is made, and of one that is shown. */
export type Attestation = RegistrationResponseJSON
export type Assertion = AuthenticationResponseJSON

/** What a browser's `navigator.credentials.create` and `.get` take, as JSON. */
export type PasskeyOptions = Readonly<Record<string, unknown>>

export class Passkeys extends Context.Service<
  Passkeys,
  {
    /** For a passkey to be made by this person at this door: discoverable, opened by its user, none of those that are there. Good for 5 min, once. */
    readonly registration: (
      holder: { readonly subjectId: SubjectId; readonly name: string; readonly email: string },
      door: Door
    ) => Effect.Effect<PasskeyOptions>
    /** Keeps it; this session counts as having shown a factor. Recovery codes where there are none yet, told this once. */
    readonly register: (
      caller: Caller,
      door: Door,
      name: string,
      response: Attestation
    ) => Effect.Effect<ReadonlyArray<string>, PasskeyRefused>
    /** To show a passkey at this door, whoever's it is: nobody learns who has one. Good for 5 min, once. */
    readonly challenge: (door: Door) => Effect.Effect<PasskeyOptions>
    /** The same answer for an unknown passkey, a wrong signature, another door's page and an account that is disabled. */
    readonly signIn: (
      door: Door,
      response: Assertion
    ) => Effect.Effect<{ readonly token: string; readonly caller: Caller; readonly expiresAt: string }, SignInFailed>
    /** By a passkey of the caller's own: the new token, as `Accounts.stepUp`. */
    readonly stepUp: (caller: Caller, door: Door, response: Assertion) => Effect.Effect<string | null, StepUpFailed>
  }
>()("integrations/Passkeys") {}

/** Not what a browser answers to a challenge of ours at this door, or a challenge that was used or is over: begin anew. */
export class PasskeyRefused extends Schema.TaggedError<PasskeyRefused>()("PasskeyRefused", {}) {}
