/** The limit of row `reports`: the same bytes from a stream of the same kind; fetched, verified and acknowledged, and nothing else. */
import { createPublicKey, type KeyObject, verify } from "node:crypto"
import { AckPolicy, DiscardPolicy, type NatsConnection, RetentionPolicy, StorageType } from "nats"
import type { Car } from "#tests/ingress/car.ts"
import type { SignedReport } from "./yard.ts"

const stream = "BARE"
const reader = "bare"
const batch = 256 // As many as our own ingress fetches.

export const bareReports = async (connection: NatsConnection, cars: ReadonlyArray<Car>) => {
  const manager = await connection.jetstreamManager()
  await manager.streams.add({
    name: stream,
    subjects: ["bare.*.report"],
    storage: StorageType.File,
    retention: RetentionPolicy.Workqueue,
    discard: DiscardPolicy.Old,
    max_msgs_per_subject: 8
  })
  await manager.consumers.add(stream, { durable_name: reader, ack_policy: AckPolicy.Explicit, max_ack_pending: 1_024 })
  const consumer = await connection.jetstream().consumers.get(stream, reader)
  const keys = new Map<string, KeyObject>(
    cars.map(({ vin, publicKey }) => [vin, createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: publicKey }, format: "jwk" })])
  )

  /** Reports per second. */
  return async (reports: ReadonlyArray<SignedReport>): Promise<number> => {
    const begin = performance.now()
    for (const { car, text } of reports) connection.publish(`bare.${car.vin}.report`, text)
    for (let done = 0; done < reports.length; ) {
      for await (const message of await consumer.fetch({ max_messages: batch, expires: 1_000 })) {
        const vin = message.subject.split(".")[1]!
        const [head, body, signature] = message.string().split(".")
        if (!verify(null, Buffer.from(`${head}.${body}`), keys.get(vin)!, Buffer.from(signature!, "base64url")))
          throw new Error(`${vin} has not signed this`)
        if (JSON.parse(Buffer.from(body!, "base64url").toString()).vin !== vin) throw new Error(`${vin} speaks for another`)
        message.ack()
        done++
      }
    }
    return reports.length / ((performance.now() - begin) / 1000)
  }
}
