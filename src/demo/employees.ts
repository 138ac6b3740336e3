/** Nobody registers himself: an administrator provisions the sellers, and each chooses a password by the link in the mail (S13, S22.5). */
import { persona } from "./persona.ts"
import { Seller } from "./seller.ts"
import type { Stage } from "./stage.ts"
import type { Teller } from "./teller.ts"
import type { Town } from "./town.ts"

const dealershipId = "dea_madrid"

export const employees = async (town: Town, teller: Teller): Promise<Stage> => {
  await teller.chapter("The people of the dealership")
  const administrator = await town.administrator("Administrator 1")
  await teller.says("Administrator 1", "is named by whoever starts the platform, and signs in")
  const hire = async (name: string) => {
    await administrator.does("POST", "/api/admin/employees", { body: { person: persona(name), role: "seller", dealershipId } })
    await teller.says("Administrator 1", `provisions an account for ${name} at ${dealershipId}`)
    const seller = new Seller(persona(name), town.intranetUrl, dealershipId)
    await seller.choosePassword(await town.mailbox.link(seller.email))
    await seller.signIn()
    await teller.says(name, "reads the mail, chooses a password by its one-time link, and signs in")
    return seller
  }
  return { town, teller, seller1: await hire("Seller 1"), seller2: await hire("Seller 2") }
}
