/**
 * `vehicles.<vin>.report`: from the car to the ingress, a signed text and nothing else. What is lost here comes again: a car repeats
 * its newest report until it hears `acknowledged`.
 */
import { Option, Schema } from "effect"
import type { JsMsg } from "nats"
import { Vin } from "#machines/vocabulary.ts"
import { drop, fetchFrom, heal, lagOf, type WorkQueue } from "../nats/work-queue.ts"

const reports: WorkQueue = {
  name: "VEHICLE_REPORTS",
  subjects: ["vehicles.*.report"],
  reader: "report-ingress",
  maxBytes: 256 * 1024 * 1024, // Some hundred thousand; beyond that the oldest go.
  maxMessageBytes: 64 * 1024, // What the broker lets a car say at once.
  newestPerSubject: 8, // Of one car: every report holds all that it has to say of itself.
  fromStrangers: true,
  answerWithin: 30_000,
  maxUnanswered: 16_384 // Sixteen gateways with all their hands full, and as many that wait out a pause.
}

export const healReports = heal(reports)
export const reportLag = lagOf(reports)

export const fetchReports = (limit: number, hear: (report: JsMsg) => void) => fetchFrom(reports, limit, hear)

/** For worlds that end: a demo, a test. */
export const dropReports = drop(reports)

/** Whose a report or a sample claims to be, by its subject; none where that names no car. */
export const vinOf = (subject: string): Vin | null => Option.getOrNull(decodeVin(subject.split(".").at(-2)))
const decodeVin = Schema.decodeUnknownOption(Vin)
