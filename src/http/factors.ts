/** One's own second factors: an authenticator app, passkeys, and codes on paper for the day they are lost. */
import { Effect, Schema } from "effect"
import { Elysia } from "elysia"
import type { Accounts, Caller, Door } from "#integrations/accounts/accounts.ts"
import { type Attestation, Passkeys } from "#integrations/passkeys/passkeys.ts"
import { Persons } from "#integrations/persons/persons.ts"
import type { PlatformTime } from "#integrations/postgres/time.ts"
import { SecondFactors } from "#integrations/second-factors/second-factors.ts"
import { Instant } from "#machines/vocabulary.ts"
import { changingProblems, readingProblems } from "./answers.ts"
import { Empty, Nothing } from "./nothing.ts"
import type { HttpOptions } from "./options.ts"
import { PasskeyAttestation, PasskeyOptions } from "./passkey-responses.ts"
import { notFound } from "./problem.ts"
import type { Run } from "./run.ts"
import { anybody } from "./session.ts"
import { freshlyShown } from "./step-up.ts"
import { answering, strictly, takes } from "./strict.ts"

const Factors = Schema.Struct({
  totpSince: Schema.NullOr(Instant),
  passkeys: Schema.Array(
    Schema.Struct({
      passkeyId: Schema.String,
      door: Schema.Literals(["public", "intranet"]),
      name: Schema.String,
      createdAt: Instant,
      usedAt: Schema.NullOr(Instant)
    })
  ),
  recoveryCodesLeft: Schema.Natural
}).annotate({ identifier: "Factors" })
const NewTotp = Schema.Struct({ secret: Schema.String, uri: Schema.String }).annotate({ identifier: "NewTotp" })
const Confirmation = Schema.Struct({ code: Schema.String.check(Schema.isPattern(/^\d{6}$/)) }).annotate({
  identifier: "TotpConfirmation"
})
const NewPasskey = Schema.Struct({
  name: Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(64)),
  passkey: PasskeyAttestation
}).annotate({ identifier: "NewPasskey" })
const Named = Schema.Struct({ passkeyId: Schema.String.check(Schema.isPattern(/^[A-Za-z0-9_-]{16,1400}$/)) })
const RecoveryCodes = Schema.Struct({ recoveryCodes: Schema.Array(Schema.String) }).annotate({
  identifier: "RecoveryCodes",
  description: "Shown this once, each good once; empty where earlier ones are still good."
})

type Needs = Accounts | Passkeys | Persons | PlatformTime | SecondFactors

export const factors = (run: Run<Needs>, options: HttpOptions, door: Door) =>
  new Elysia({ prefix: "/factors" })
    .use(anybody(run, options, door))
    .get("", ({ caller }) => run(SecondFactors.use((port) => port.of(caller.subjectId))), {
      response: { 200: answering(Factors), ...readingProblems },
      detail: { summary: "My second factors" }
    })
    .post("/totp", async ({ caller, status }) => status(201, await run(enrolTotp(caller))), {
      ...takes(Empty),
      response: { 201: answering(NewTotp), ...changingProblems },
      detail: { summary: "A secret for an authenticator app; it counts when a code of it was confirmed" }
    })
    .post("/totp/confirmation", ({ caller, body }) => run(confirmTotp(caller, body.code)), {
      ...takes(Confirmation),
      response: { 200: answering(RecoveryCodes), ...changingProblems },
      detail: { summary: "The first code of the app: from now on one is asked for" }
    })
    .delete(
      "/totp",
      async ({ caller, set }) => {
        await run(remove(caller, (port) => port.removeTotp(caller.subjectId)))
        set.status = 204
      },
      { response: { 204: answering(Nothing), ...changingProblems }, detail: { summary: "Remove the authenticator app" } }
    )
    .post("/passkeys/options", async ({ caller, status }) => status(201, await run(passkeyOptions(caller, door))), {
      ...takes(Empty),
      response: { 201: answering(PasskeyOptions), ...changingProblems },
      detail: { summary: "What a browser needs to make a passkey: good once, for 5 minutes" }
    })
    .post("/passkeys", async ({ caller, body, status }) => status(201, await run(addPasskey(caller, door, body))), {
      ...takes(NewPasskey),
      response: { 201: answering(RecoveryCodes), ...changingProblems },
      detail: { summary: "Add the passkey that the browser made" }
    })
    .delete(
      "/passkeys/:passkeyId",
      async ({ caller, params, set }) => {
        await run(remove(caller, (port) => port.removePasskey(caller.subjectId, params.passkeyId)))
        set.status = 204
      },
      {
        params: strictly(Named),
        response: { 204: answering(Nothing), ...changingProblems },
        detail: { summary: "Remove a passkey" }
      }
    )
    .post("/recovery-codes", async ({ caller, status }) => status(201, await run(renewCodes(caller))), {
      ...takes(Empty),
      response: { 201: answering(RecoveryCodes), ...changingProblems },
      detail: { summary: "New recovery codes; earlier ones are void" }
    })

const enrolTotp = Effect.fn("enrolTotp")(function* (caller: Caller) {
  yield* freshlyShown(caller, "at both doors")
  const { email } = yield* Persons.use((persons) => persons.read(caller.subjectId))
  return yield* SecondFactors.use((port) => port.enrolTotp(caller.subjectId, email))
})

const confirmTotp = Effect.fn("confirmTotp")(function* (caller: Caller, code: string) {
  yield* freshlyShown(caller, "at both doors") // Nobody guesses at half an enrolment that lies about.
  return { recoveryCodes: yield* SecondFactors.use((port) => port.confirmTotp(caller, code)) }
})

const passkeyOptions = Effect.fn("passkeyOptions")(function* (caller: Caller, door: Door) {
  yield* freshlyShown(caller, "at both doors")
  const { name, email } = yield* Persons.use((persons) => persons.read(caller.subjectId))
  return yield* Passkeys.use((port) => port.registration({ subjectId: caller.subjectId, name, email }, door))
})

const addPasskey = Effect.fn("addPasskey")(function* (caller: Caller, door: Door, { name, passkey }: typeof NewPasskey.Type) {
  const attestation = { ...passkey, clientExtensionResults: {} } as Attestation
  return { recoveryCodes: yield* Passkeys.use((port) => port.register(caller, door, name, attestation)) }
})

const remove = Effect.fn("removeFactor")(function* (
  caller: Caller,
  removal: (port: SecondFactors["Service"]) => Effect.Effect<boolean>
) {
  yield* freshlyShown(caller, "at both doors")
  if (!(yield* SecondFactors.use(removal))) return yield* Effect.fail(notFound())
})

const renewCodes = Effect.fn("renewRecoveryCodes")(function* (caller: Caller) {
  yield* freshlyShown(caller, "at both doors")
  return { recoveryCodes: yield* SecondFactors.use((port) => port.renewRecoveryCodes(caller.subjectId)) }
})
