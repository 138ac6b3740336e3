/** Letters and answers as they travel between our processes: one JSON text per call, sealed with the cluster's secret. */
import { createHmac, timingSafeEqual } from "node:crypto"
import { Context, Option, Redacted, Schema } from "effect"
import {
  ActorNotFound,
  ActorQuarantined,
  ActorsUnavailable,
  type Answer,
  Broken,
  type Letter,
  MessageRefused,
  Overloaded
} from "./letter.ts"

/** What only our own processes know. Who reaches a runner's port without it is not heard. */
export class ClusterSecret extends Context.Service<ClusterSecret, Redacted.Redacted>()("actors/ClusterSecret") {}

const NotStanding = Schema.Union([MessageRefused, ActorNotFound, ActorQuarantined, Overloaded, ActorsUnavailable, Broken])
const encodeNo = Schema.encodeSync(Schema.toCodecJson(NotStanding))
const decodeNo = Schema.decodeUnknownOption(Schema.toCodecJson(NotStanding))
/** Whoever says a no that this program does not know is newer than it: the others of that call are answered all the same. */
const newer = () => new ActorsUnavailable({ reason: "NewerProgram" })

export const letterText = (letter: Letter) => JSON.stringify(letter)
/** Of a call whose seal was right: ours, and therefore what we wrote. */
export const lettersOf = (text: string): ReadonlyArray<Letter> => JSON.parse(text)

/** Nearly all answers are a Standing, which is JSON as it is; the others are errors with a class. */
export const answersText = (answers: ReadonlyArray<Answer>) =>
  JSON.stringify(answers.map((answer) => (answer._tag === "Standing" ? answer : encodeNo(answer))))
export const answersOf = (text: string): ReadonlyArray<Answer> =>
  JSON.parse(text).map((answer: Answer) => (answer._tag === "Standing" ? answer : Option.getOrElse(decodeNo(answer), newer)))

/** HMAC-SHA256 over the text and what it answers to, base64url. */
export const sealOf = (secret: Redacted.Redacted, text: string, answers = "") =>
  createHmac("sha256", Redacted.value(secret)).update(answers).update("\n").update(text).digest("base64url")

export const isSealed = (secret: Redacted.Redacted, seal: string, text: string, answers = "") => {
  const expected = Buffer.from(sealOf(secret, text, answers))
  const given = Buffer.from(seal)
  return given.length === expected.length && timingSafeEqual(given, expected)
}
