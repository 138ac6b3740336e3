/** What customers are shown and agree to, word for word: by name, edition and language. An edition that was released is never edited. */
import ownershipTransferEn from "./contracts/ownership-transfer.1.en.md" with { type: "text" }
import ownershipTransferEs from "./contracts/ownership-transfer.1.es.md" with { type: "text" }
import privacyEn from "./contracts/privacy.1.en.md" with { type: "text" }
import privacyEs from "./contracts/privacy.1.es.md" with { type: "text" }
import serviceTermsEn from "./contracts/service-terms.1.en.md" with { type: "text" }
import serviceTermsEs from "./contracts/service-terms.1.es.md" with { type: "text" }
import startNowEn from "./contracts/start-now.1.en.md" with { type: "text" }
import startNowEs from "./contracts/start-now.1.es.md" with { type: "text" }
import termsOfSaleEn from "./contracts/terms-of-sale.1.en.md" with { type: "text" }
import termsOfSaleEs from "./contracts/terms-of-sale.1.es.md" with { type: "text" }
import withdrawalInformationEn from "./contracts/withdrawal-information.1.en.md" with { type: "text" }
import withdrawalInformationEs from "./contracts/withdrawal-information.1.es.md" with { type: "text" }
import { type Editions, editionOf, pagesOf } from "./page.ts"

/** A new edition is a file of its own, and comes last in its row. */
export const contractTexts: Editions = {
  "ownership-transfer": [pagesOf(ownershipTransferEn, ownershipTransferEs)],
  privacy: [pagesOf(privacyEn, privacyEs)],
  "service-terms": [pagesOf(serviceTermsEn, serviceTermsEs)],
  "start-now": [pagesOf(startNowEn, startNowEs)],
  "terms-of-sale": [pagesOf(termsOfSaleEn, termsOfSaleEs)],
  "withdrawal-information": [pagesOf(withdrawalInformationEn, withdrawalInformationEs)]
}

/** Null where there is no such text, or no such edition of it. */
export const contractText = (name: string, edition: number) => editionOf(contractTexts, name, edition)

/** For whoever named another: "privacy (edition 1), start-now (edition 1)". */
export const knownContractTexts = Object.entries(contractTexts)
  .map(([name, editions]) => `${name} (edition ${editions.map((_, n) => n + 1).join(", ")})`)
  .join(", ")
