/** One car: it hears a message at a time, in the condition it is in, and obeys what is signed for it, while parked. */
import { randomInt, randomUUID } from "node:crypto"
import { hearAcknowledgement, hearCommand, hearNotice, showWhatWaited } from "./car-messages.ts"
import { type Document, type Judgement, judged } from "./document.ts"
import type { Happening, Way } from "./entry.ts"
import { Flash, type Image, type RunningFeature } from "./flash.ts"
import { sha256 } from "./jws.ts"
import { type ElementState, SecureElement, type TrustList } from "./secure-element.ts"

export type Heard = "config" | "command" | "display" | "acknowledged"
export type Report = Extract<Happening, { kind: "report" }>["report"]

/** What outlives a loss of power. */
export interface CarState {
  readonly element: ElementState
  readonly image: Image
}

export interface Surroundings {
  readonly now: () => number
  readonly trust: TrustList
  readonly note: (car: Car, happening: Happening) => void
  /** True where whoever took it keeps it: it need not be repeated. */
  readonly send: (car: Car, leaf: "report" | "telemetry", text: string) => boolean
  /** That it can be reached from now on, or not any more. */
  readonly reaches: (car: Car, online: boolean) => void
  readonly keep: (car: Car) => void
}

interface Said {
  readonly text: string
  readonly receiptId: string
  readonly counter: number
  sentAt: number
  acknowledged: boolean
}

const repeatMillis = 5_000
const pairingSeconds = 600
const doneAtMost = 16 // Ids of commands, in a report.

export class Car {
  readonly element: SecureElement
  readonly flash: Flash
  parked = true
  awake = true
  inRange = true
  /** Milliseconds from taking a document to obeying it. */
  slowMillis = 0
  /** How many of the next messages the road loses. */
  losing = 0
  /** How many of its own next reports the road loses. */
  losingReports = 0
  /** The power fails between the next change and the word about it. */
  failsBeforeAnswering = false
  bootId = randomUUID()
  newest: Said | null = null
  done: ReadonlyArray<string> = []
  /** For its display, as soon as it stands. */
  notYetShown: { readonly notice: string; readonly option: string | null } | null = null
  private clockError = 0
  private correction = 0 // Learned from a document that named this boot; forgotten with it.
  private waiting: { readonly judgement: Taken; readonly from: number } | null = null
  private pairing: { readonly hash: string; readonly until: number } | null = null

  constructor(
    state: CarState,
    readonly around: Surroundings
  ) {
    this.element = new SecureElement(state.element, around.trust)
    this.flash = new Flash(state.image)
    this.goOnFrom(state.element.trustedTime)
  }

  get vin() {
    return this.element.state.vin
  }
  get link() {
    return this.element.state.link
  }
  /** The last six digits of its VIN. */
  get serial(): number {
    return Number(this.vin.slice(-6)) || 0
  }
  get online() {
    return this.awake && this.inRange
  }
  get state(): CarState {
    return { element: this.element.state, image: this.flash.image }
  }
  /** By its own clock, and never before what it knows for sure. */
  get time(): number {
    return Math.max(this.around.now() + this.clockError + this.correction, this.element.state.trustedTime)
  }

  hear(leaf: Heard, text: string, by: Way): void {
    if (this.losing > 0 && by !== "phone") {
      this.losing--
      return
    }
    if (leaf === "config") this.hearDocument(text, by)
    else if (leaf === "command") hearCommand(this, text)
    else if (leaf === "display") hearNotice(this, text)
    else hearAcknowledgement(this, text)
  }

  /** A second has passed, or a year. */
  tick(): void {
    const { features } = this.flash.image
    if (this.flash.nextEnd <= this.time) {
      const running = features.filter((one) => !this.hasEnded(one))
      this.switched("off", "ended", features.filter(this.hasEnded), this.flash.image.cfgVersion)
      this.flash.write({ ...this.flash.image, features: running })
      this.say("state")
    }
    if (this.waiting !== null && this.parked && this.waiting.from <= this.around.now()) this.obey(this.waiting.judgement)
    if (this.pairing !== null && this.pairing.until <= this.around.now()) this.pairing = null
    if (this.parked) showWhatWaited(this)
    const { newest } = this
    if (newest !== null && !newest.acknowledged && newest.sentAt + repeatMillis <= this.around.now()) this.repeat()
  }

  /** A new report of everything, as it stands. */
  say(report: Report): void {
    const { element, flash } = this
    const { cfgVersion, refused } = flash.image
    const features = flash.image.features.map(({ id, option, activationId, until }) => ({ id, option, activationId, until }))
    const counter = ++element.state.counter
    const text = element.sign({
      v: 1,
      vin: this.vin,
      kind: report,
      cfgVersion,
      features,
      refused: [...new Map(refused.map((one) => [one.activationId, one])).values()].map(({ option, activationId, reason }) => ({
        option,
        activationId,
        reason
      })),
      waitingVersion: this.waiting !== null && !this.parked ? this.waiting.judgement.document.cfgVersion : null,
      stateHash: sha256(JSON.stringify(features)),
      bootId: this.bootId,
      counter,
      at: new Date(this.time).toISOString(),
      pairing: this.pairing === null ? null : { hash: this.pairing.hash, seconds: pairingSeconds },
      done: this.done
    })
    this.around.keep(this)
    const receiptId = `rep_${sha256(text)}`
    this.newest = { text, receiptId, counter, sentAt: 0, acknowledged: false }
    this.around.note(this, { kind: "report", report, receiptId, counter, cfgVersion })
    this.repeat()
  }

  /** The newest report once more, in the same bytes. */
  repeat(): void {
    if (this.newest === null || !this.online) return
    this.newest.sentAt = this.around.now()
    if (this.losingReports > 0) this.losingReports--
    else if (this.around.send(this, "report", this.newest.text)) this.newest.acknowledged = true
  }

  carriedOut(commandId: string): void {
    this.done = [...this.done, commandId].slice(-doneAtMost)
    this.say("state")
  }

  drive(): void {
    this.parked = false
  }

  park(): void {
    this.parked = true
    this.tick()
  }

  /** Whether it can be reached; who can be reached again says hello. */
  reach(awake: boolean, inRange: boolean): void {
    const was = this.online
    this.awake = awake
    this.inRange = inRange
    if (this.online === was) return
    this.around.reaches(this, this.online)
    if (this.online) this.say("hello")
  }

  /** Everything it only had in mind is gone. */
  reboot(why: "told" | "flashRestored" | "clockSet" = "told"): void {
    this.bootId = randomUUID()
    this.correction = 0
    this.goOnFrom(this.element.state.trustedTime)
    this.waiting = null
    this.pairing = null
    this.newest = null
    this.done = []
    this.notYetShown = null
    this.around.note(this, { kind: "reboot", bootId: this.bootId, why })
    this.say("hello")
  }

  /** Its flash is what it was `back` writings ago. */
  restoreFlash(back = 1): void {
    const before = this.flash.image
    this.flash.restore(back)
    this.changed("restored", before.features, this.flash.image)
    this.reboot("flashRestored")
  }

  /** Its clock shows another time from now on, as after a battery was changed. */
  setClock(error: number): void {
    this.clockError = error
    this.reboot("clockSet")
  }

  /** What its screen shows to somebody who asks for a code, for ten minutes. */
  showPairingCode(): string {
    const code = String(randomInt(1_000_000)).padStart(6, "0")
    this.pairing = { hash: sha256(`${this.vin}:${code}`), until: this.around.now() + pairingSeconds * 1000 }
    this.say("pairing")
    return code
  }

  /** A phone beside the car hands it an envelope, and takes the answer along. */
  carry(envelope: string): string {
    this.hear("config", envelope, "phone")
    if (this.newest === null) this.say("state")
    return this.newest!.text
  }

  private hearDocument(text: string, by: Way) {
    const { element, flash, bootId, time } = this
    const waitingVersion = this.waiting?.judgement.document.cfgVersion ?? 0
    const judgement = judged(text, { element, flash, bootId, time, waitingVersion })
    const { document } = judgement
    const refused = "refused" in judgement ? judgement.refused : null
    const waits = !this.parked || this.slowMillis > 0
    this.around.note(this, {
      kind: "document",
      by,
      verdict: refused !== null ? "refused" : waits ? "waiting" : "applied",
      reason: refused,
      document: document?.hash ?? null,
      cfgVersion: document?.cfgVersion ?? null,
      issuedAt: document?.issuedAt ?? null,
      expiresAt: document?.expiresAt ?? null,
      namesThisBoot: document?.bootId === bootId,
      flashVersion: flash.image.cfgVersion,
      highestVersion: element.state.highestVersion
    })
    if (document !== null) this.learnTime(document, refused === null)
    if ("refused" in judgement) {
      // Who sends an old document to this car has not heard what it last said.
      if (judgement.refused === "OldVersion" || judgement.refused === "Expired")
        this.newest === null ? this.say("state") : this.repeat()
      return
    }
    if (!waits) return this.obey(judgement)
    this.waiting = { judgement, from: this.around.now() + this.slowMillis }
    if (this.parked) return
    if (judgement.document.cfgVersion > waitingVersion) this.say("receipt")
    else this.repeat()
  }

  /** It is no earlier than what is signed for this car says; and hardly later where that was taken for naming this very boot. */
  private learnTime({ issuedAt, expiresAt }: Document, taken: boolean) {
    const issued = Date.parse(issuedAt)
    const { state } = this.element
    if (taken && Date.parse(expiresAt) <= this.time) this.correction = issued - (this.around.now() + this.clockError)
    state.trustedTime = Math.max(state.trustedTime, issued)
    this.goOnFrom(state.trustedTime)
  }

  /** A clock that is behind what is known runs on from there: what has an end would wait for it else. */
  private goOnFrom(instant: number) {
    const own = this.around.now() + this.clockError
    this.correction = Math.max(this.correction, instant - own)
  }

  private obey({ document, image, edition }: Taken) {
    const { element, flash } = this
    const before = flash.image
    this.waiting = null
    this.around.note(this, {
      kind: "applied",
      document: document.hash,
      cfgVersion: document.cfgVersion,
      flashVersion: before.cfgVersion,
      highestVersion: element.state.highestVersion,
      parked: this.parked
    })
    element.state.highestVersion = document.cfgVersion
    element.state.highestEdition = edition
    flash.write({ ...image, features: image.features.filter((one) => !this.hasEnded(one)) })
    this.changed("document", before.features, flash.image)
    for (const { id: feature, option, activationId, reason } of image.refused)
      this.around.note(this, { kind: "featureRefused", cfgVersion: document.cfgVersion, feature, option, activationId, reason })
    this.around.keep(this)
    if (!this.failsBeforeAnswering) return this.say("receipt")
    this.failsBeforeAnswering = false
    this.reboot()
  }

  private readonly hasEnded = ({ until }: RunningFeature) => until !== null && Date.parse(until) <= this.time

  private changed(why: "document" | "restored", before: ReadonlyArray<RunningFeature>, { features, cfgVersion }: Image) {
    const missingIn = (others: ReadonlyArray<RunningFeature>) => (one: RunningFeature) =>
      !others.some((other) => JSON.stringify(other) === JSON.stringify(one))
    this.switched("off", why, before.filter(missingIn(features)), cfgVersion)
    this.switched("on", why, features.filter(missingIn(before)), cfgVersion)
  }

  private switched(
    kind: "on" | "off",
    why: "document" | "ended" | "restored",
    features: ReadonlyArray<RunningFeature>,
    cfgVersion: number
  ) {
    for (const { id: feature, option, activationId, until } of features)
      this.around.note(this, { kind, why, feature, option, activationId, until, cfgVersion } as Happening)
  }
}

type Taken = Extract<Judgement, { image: Image }>
